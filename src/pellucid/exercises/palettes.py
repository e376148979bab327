"""What nice inputs are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.examples import Example
from pellucid.expressions import Expression, evaluate
from pellucid.numbers import FLOAT64

CODES = 256
"""Entries of a table: a random code below it picks a number."""

_TENTHS = tuple(tenth / 10 for tenth in range(1, 10))
_SIGNS = (1.0, -1.0)


@dataclass(frozen=True)
class Style:
    """A way to draw inputs.

    Args:
        query, key, value: what the entries other than 0 are drawn from.
        zeros: the share of zeros in queries and keys; longer vectors and larger scales want more.
        rank: its place among the styles, the simplest numbers first.
    """

    query: Sequence[float]
    key: Sequence[float]
    value: Sequence[float]
    zeros: float
    rank: int


_NUMBERS: tuple[tuple[Sequence[float], ...], ...] = (
    ((1.0, 2.0), (1.0, 2.0), (1.0, 2.0, 3.0)),
    ((1.0, 2.0), (1.0, 2.0), _TENTHS),
    ((1.0, 2.0), (0.5, 1.0, 1.5), _TENTHS),
    ((1.0, 2.0, -1.0), (1.0, 2.0, -1.0), _TENTHS),
    ((1.0, 2.0), _TENTHS, _TENTHS),
    ((0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0), _TENTHS, _TENTHS),
)

STYLES = tuple(
    Style(query, key, value, zeros, rank)
    for rank, (query, key, value) in enumerate(_NUMBERS)
    for zeros in (0.25, 0.5, 0.75, 0.9, 0.97)
)


def style_tables(structure: Example, inputs: Mapping[str, Array]) -> Shaped[Array, "styles inputs codes"]:
    """The numbers that codes stand for.

    Args:
        structure: scale and projections.
        inputs: arrays of the shapes to draw, as `input_arrays` names them.
    """
    return np.array(
        [[_table(*_numbers(structure, name, array.shape, style)) for name, array in inputs.items()] for style in STYLES]
    )


def _numbers(structure: Example, name: str, shape: tuple[int, ...], style: Style) -> tuple[Sequence[float], float]:
    """What an input is drawn from apart from 0, and its share of zeros.

    A score needs at most two decimals: of all that is multiplied for it, at most two factors have one.
    """
    match name:
        case "query":
            return style.query, style.zeros
        case "key":
            return style.key, style.zeros
        case "value":
            return style.value, 0.3
        case "embeddings" | "memory":
            return ((1.0, 2.0), 0.4) if structure.weights else (style.key, style.zeros)
        case "positions":
            return (1.0,), 0.5
        case "scores":
            return _scores(structure), 0.2
        case "weights.query":
            return _SIGNS, _thinned(style.zeros, shape)
        case "weights.key":
            return style.key, _thinned(style.zeros, shape)
        case "weights.value":
            return style.value, _thinned(0.5, shape)
    return _SIGNS, _thinned(0.5, shape)  # weights.output and biases


def _thinned(zeros: float, shape: tuple[int, ...]) -> float:
    """More zeros for the longer columns of large matrices, so that their products stay small."""
    return 1 - (1 - zeros) * min(1, 4 / shape[0])


def _scores(structure: Example) -> Sequence[float]:
    """Scores that scaling brings near 0.5, 1, 1.5, 2 and 2.5."""
    assert isinstance(structure.scale, Expression)
    unit = 0.5 / abs(float(evaluate(structure.scale, FLOAT64)))
    unit = round(unit, 0 if unit >= 1 else 1) or 0.1
    return [round(unit * multiple, 1) for multiple in range(1, 6)]


def _table(numbers: Sequence[float], zeros: float) -> Array:
    others = CODES - round(zeros * CODES)
    table = np.zeros(CODES)
    table[CODES - others :] = [numbers[code * len(numbers) // others] for code in range(others)]
    return table
