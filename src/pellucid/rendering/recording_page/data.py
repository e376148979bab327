"""What the page of a recording carries, as inert JSON: maps, texts, largest weights and derivations.

Of a short text it carries everything; of a long one what `budget` allows. The script prints from it and computes
nothing: every digit is here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from pellucid.arrays import Array
from pellucid.capturing.layer import CapturedHead, Layer
from pellucid.capturing.marks import Marks
from pellucid.capturing.overview import Overview, overview
from pellucid.capturing.recording import Recording
from pellucid.capturing.summary import HeadSummary, summarise
from pellucid.derivation import Axis, Derivation, Step
from pellucid.errors import InputError, PositionError
from pellucid.expressions.text import MOST_TERMS
from pellucid.numbers import Notation
from pellucid.rendering.html_page.data import LabelSets, derivation_data
from pellucid.rendering.html_page.words import LONGEST_LABEL
from pellucid.rendering.labels import token_label
from pellucid.rendering.recording_page import maps
from pellucid.rendering.recording_page.budget import Budget, Size, budget
from pellucid.rendering.recording_page.palette import palettes

Progress = Callable[[int, int], object]
"""Is told how many heads are done, and of how many."""

_TELLING = 12
"""Keys of a row that are shown at first: those with the largest weights."""
_KEYS = _TELLING + MOST_TERMS
"""So many keys of a row are carried with all their numbers: those, and the ones that a shortened sum shows."""
_SHARE = Notation(2)
_EXACT = torch.float64
"""So that the page lists the same digits as derivations print."""


def budget_of(recording: Recording) -> Budget:
    """What a page carries of each head of a recording."""
    return budget([_size(layer) for layer in recording.layers], _KEYS)


def _size(layer: Layer) -> Size:
    batch, heads, n_q, n_k = layer.shape
    features = layer.record.key.tensor.shape[-1] + layer.record.value.tensor.shape[-1]
    return Size(batch * heads, n_q, n_k, features)


class RecordingData:
    """The data of a page.

    Args:
        recording: what is shown.
        limits: how much of it.
        rows: queries whose arithmetic is carried: numbers or tokens; empty for those that the budget allows.
        progress: is told of every head that is done.

    Raises:
        PositionError: no layer has one of the rows.
    """

    def __init__(
        self, recording: Recording, limits: Budget, rows: Sequence[int | str] = (), progress: Progress | None = None
    ) -> None:
        self.recording = recording
        self.limits = limits
        self.rows = rows
        self.labels = LabelSets()
        self.texts: dict[tuple[str, ...], int] = {}
        self.derivations: list[dict[str, Any]] = []
        self._progress = progress
        self._done = 0
        self._total = sum(layer.shape[0] * layer.num_heads for layer in recording.layers)
        for row in rows:
            self._require(row)

    def data(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        layers = [
            self._layer(layer, number, place)
            for number in range(len(self.recording.passes))
            for place, layer in enumerate(self.recording.layers_of(number))
        ]
        return {
            "mostTerms": MOST_TERMS,
            "telling": _TELLING,
            "palettes": palettes(),
            "bounds": maps.bounds(),
            "passes": len(self.recording.passes),
            "layers": layers,
            "texts": [[token_label(token, LONGEST_LABEL) for token in text] for text in self.texts],
            "labels": self.labels.texts,
            "derivations": self.derivations,
        }

    def _require(self, row: int | str) -> None:
        refused: PositionError | None = None
        for layer in self.recording.layers:
            for sequence in range(layer.shape[0]):
                try:
                    layer.head(0, sequence=sequence).axes[0].position(row)
                    return
                except PositionError as error:
                    refused = refused or error
        if refused is not None:
            raise refused

    def _layer(self, layer: Layer, number: int, place: int) -> dict[str, Any]:
        """A layer of a pass, and where in the pass it is."""
        batch, num_heads, n_q, n_k = layer.shape
        sequences = []
        for sequence in range(batch):
            (summaries,) = summarise([layer], sequence=sequence).heads
            heads = [layer.head(head, sequence=sequence) for head in range(num_heads)]
            query, key = heads[0].axes
            sequences.append(
                {
                    "queries": self._text(query),
                    "keys": self._text(key),
                    "marks": [_marked(marks) for marks in heads[0].marks],
                    "heads": [self._head(*pair) for pair in zip(heads, summaries, strict=True)],
                }
            )
        return {
            "number": place,
            "pass": number,
            "name": layer.name,
            "group": _group(layer),
            "shape": [n_q, n_k],
            "verified": bool(layer.verification),
            "status": layer.status,
            "sequences": sequences,
        }

    def _text(self, axis: Axis) -> int | None:
        return None if axis.labels is None else self.texts.setdefault(axis.labels, len(self.texts))

    def _head(self, head: CapturedHead, summary: HeadSummary) -> dict[str, Any]:
        n_q = head.layer.shape[2]
        seen = overview(
            head.layer.record, head.sequence, head.number, cells=self.limits.cells, top=self.limits.top, dtype=_EXACT
        )
        largest = seen.largest.cpu().numpy()
        queries = self.limits.listed(n_q)
        data: dict[str, Any] = {
            "summary": _summary(summary),
            "thumbnail": maps.thumbnail(seen.mean.cpu().numpy(), seen.cell != (1, 1)),
            "cell": seen.cell,
            "size": largest.shape,
            "largest": maps.packed_levels(largest),
            "listed": {"first": queries[0], "every": self.limits.every, **_listed(seen, queries)},
            **self._arithmetic(head, seen),
        }
        if seen.cell != (1, 1):
            data["mean"] = maps.packed_levels(seen.mean.cpu().numpy())
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)
        return data

    def _arithmetic(self, head: CapturedHead, seen: Overview) -> dict[str, Any]:
        """The derivation of the rows that are carried, and where each of them is."""
        rows = self._carried(head)
        if not rows:
            return {}
        try:
            derivation = head.rows(rows)
        except InputError as refused:
            return {"refused": str(refused)}
        self.derivations.append(derivation_data(derivation, self.labels, _rows_of(derivation, self.limits)))
        data: dict[str, Any] = {"derivation": len(self.derivations) - 1, "rows": rows}
        if seen.cell != (1, 1):
            data["shades"] = [maps.packed_letters(row) for row in _weights(derivation)]
        return data

    def _carried(self, head: CapturedHead) -> list[int]:
        axis = head.axes[0]
        if not self.rows or self.limits.whole:
            return self.limits.spread(axis.size)
        found = set()
        for row in self.rows:
            try:
                found.add(axis.position(row))
            except PositionError:
                continue  # another layer has it
        return sorted(found)


def _rows_of(derivation: Derivation, limits: Budget) -> Callable[[Step], Sequence[int] | None]:
    """Which keys and values are carried: of a few rows only those that their reader is most likely to look at."""
    if limits.whole:
        return lambda step: None
    weights = _weights(derivation)
    telling = np.argsort(-weights, axis=1, kind="stable")[:, :_TELLING].ravel().tolist()
    keys = weights.shape[1]
    carried = sorted({*telling, *range(min(MOST_TERMS - 1, keys)), keys - 1})
    return lambda step: carried if step.name in ("key", "value") else None


def _weights(derivation: Derivation) -> Array:
    name = "changed_weights" if "changed_weights" in derivation else "weights"
    return np.asarray(derivation[name].value)


def _marked(marks: Marks) -> dict[int, str]:
    """Which tokens are no words of the text: "special" or "padding", by position."""
    return {position: mark for position, mark in enumerate(marks or ()) if mark}


def _listed(seen: Overview, queries: Sequence[int]) -> dict[str, Any]:
    return maps.listed(seen.top_keys[queries].cpu().numpy(), seen.top_weights[queries].cpu().numpy())


def _summary(summary: HeadSummary) -> dict[str, Any]:
    return {
        "pattern": summary.pattern,
        "entropy": None if summary.entropy is None else _SHARE.text(summary.entropy, 2),
        "evenness": None if summary.evenness is None else _SHARE.text(summary.evenness, 2),
        "shares": {name: _SHARE.text(share, 2) for name, share in summary.shares.items()},
    }


def _group(layer: Layer) -> str:
    """What stands together on the page: "encoder self-attention", "cross-attention"."""
    if layer.kind == "cross":
        return "cross-attention"
    parts = layer.name.lower().split(".")
    side = next((side for side in ("encoder", "decoder") if any(part.endswith(side) for part in parts)), "")
    return f"{side} self-attention".strip()
