"""Where a token stands, from tables that are made once: sinusoids, learned vectors, the turns of queries and keys."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation import Axis, Recorder, V
from pellucid.operations import (
    RotaryCosines,
    RotaryFrequencies,
    RotarySines,
    Rows,
    SinusoidalPositions,
)
from pellucid.transformer.config import RotaryScaling, TransformerConfig

_Axes = tuple[Axis, ...]
_FIRST = 1024
"""Positions of a table to begin with: a model may allow far longer sequences than it ever sees."""


class PositionTables:
    """The positions of a model.

    Tables are computed in float64, whatever they are kept in.

    Args:
        config: the model's.
        dtype: of the tables.
    """

    def __init__(self, config: TransformerConfig, dtype: np.dtype[Any]) -> None:
        self._config, self._dtype = config, dtype
        self._table: Array | None = None
        self._cosines = self._sines = np.empty((0, config.d_k), dtype)
        self._frequencies = np.empty(0)
        scaling = config.rotary_scaling
        if config.positions == "rotary":
            factor = scaling.factor if scaling is not None and scaling.kind == "linear" else 1.0
            self._operation = RotaryFrequencies(config.d_k, config.rotary_base, factor)
            self._frequencies = self._operation.evaluate(np.empty(0))
            self._is_smooth = scaling is not None and scaling.kind == "llama3"
            if scaling is not None and self._is_smooth:
                self._frequencies = _stretched(self._frequencies, scaling)
            self._kept = self._frequencies.astype(dtype)
        elif config.positions == "sinusoidal":
            self._halves = config.sinusoidal_layout == "halves"

    def added(self, recorder: Recorder[V], start: int, n: int, x: V, learned: V | None) -> V | None:
        """The vectors of `n` positions from `start` on that are added to `x`; `None` when positions are rotary."""
        if learned is not None:
            return recorder.known(
                "positions",
                Rows(start),
                learned,
                x,
                value=lambda: learned[start : start + n],  # type: ignore[index]  # where it is read, an array
                axes=_like_second,
            )
        if self._config.positions == "rotary":
            return None
        table = self._sinusoids(start + n)
        operation = SinusoidalPositions(start, halves=self._halves)
        return recorder.known("positions", operation, x, value=lambda: table[start : start + n], axes=_same)

    def _sinusoids(self, n: int) -> Array:
        if self._table is None or len(self._table) < n:
            longest = min(self._config.max_length, max(_FIRST, 2 * n))
            like = np.empty((longest, self._config.d_model))
            self._table = SinusoidalPositions(halves=self._halves).evaluate(like).astype(self._dtype)
        return self._table

    def turns(self, recorder: Recorder[V], start: int, n: int, x: V) -> tuple[V, V] | None:
        """Cosines and sines for `n` positions from `start` on; `None` when positions are not rotary."""
        if self._config.positions != "rotary":
            return None
        if len(self._cosines) < start + n:
            longest = min(self._config.max_length, max(_FIRST, 2 * (start + n)))
            like = np.empty((longest, 0))
            self._cosines, self._sines = (
                operation.evaluate(self._frequencies, like).astype(self._dtype)
                for operation in (RotaryCosines(), RotarySines())
            )
        end = start + n
        if not recorder.keeps:
            return self._cosines[start:end], self._sines[start:end]  # type: ignore[return-value]  # arrays are values
        kept = self._kept
        if self._is_smooth:
            note = "Slowed for longer sequences than it was first trained on (Llama 3.1)."
            frequencies = recorder.given("frequencies", kept, (Axis("pair", len(kept)),), note)
        else:
            frequencies = recorder.known("frequencies", self._operation, x, value=lambda: kept, axes=self._pairs)
        cosines = recorder.known(
            "cosines", RotaryCosines(start), frequencies, x, value=lambda: self._cosines[start:end], axes=self._features
        )
        sines = recorder.known(
            "sines", RotarySines(start), frequencies, x, value=lambda: self._sines[start:end], axes=self._features
        )
        return cosines, sines

    def _pairs(self, x: _Axes) -> _Axes:
        return (Axis("pair", self._config.d_k // 2),)

    def _features(self, frequencies: _Axes, x: _Axes) -> _Axes:
        return (x[0], Axis("d_k", self._config.d_k))


def _stretched(frequencies: Array, scaling: RotaryScaling) -> Array:
    """Frequencies of long wavelengths divided by the factor, with a smooth passage (Llama 3.1)."""
    turns = scaling.original_length * frequencies / (2 * math.pi)
    low, high = scaling.low_frequency_factor, scaling.high_frequency_factor
    kept = ((turns - low) / (high - low)).clip(0, 1)
    return np.asarray(kept * frequencies + (1 - kept) * frequencies / scaling.factor)


def _same(x: _Axes) -> _Axes:
    return x


def _like_second(table: _Axes, x: _Axes) -> _Axes:
    return x
