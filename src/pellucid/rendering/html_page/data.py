"""What a page knows beyond what it shows: the text of every number and how it comes about, as inert JSON.

The script of the page prints arithmetic from it. It instantiates patterns, which takes index arithmetic only, and
puts in texts of numbers that were printed here: no digit is computed or rounded in a browser.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation import Axis, Derivation, Step
from pellucid.expressions import Expression, Number
from pellucid.expressions.text import MOST_TERMS
from pellucid.numbers import Notation
from pellucid.numbers.texts import texts
from pellucid.operations import Given
from pellucid.operations.pattern import Position
from pellucid.rendering.document import Document, role_of
from pellucid.rendering.html_page.words import LONGEST_LABEL
from pellucid.rendering.labels import token_label

MOST_NUMBERS = 2**19
"""Of a step with more numbers, a page carries only the rows that it shows."""

_LONGEST_PLAIN = 4_000  # characters; longer texts are compressed
_COMPRESSION = 6  # the next levels take up to ten times as long and save 5 %
_LEVELS = 15
_OVERVIEW = 96  # cells of an overview, a side

ShownRows = Mapping[tuple[int, int], Collection[int]]
"""By derivation and number of rows: the rows that matrices of so many rows show on the page."""


def page_data(
    document: Document,
    shown_rows: ShownRows,
    overviews: Collection[tuple[int, str]],
) -> str:
    """The data of a page, safe inside a `<script>` element.

    Args:
        document: whose derivations the page carries.
        shown_rows: which rows to carry of steps that are too large to be carried whole.
        overviews: derivation and name of the steps that are shaded and do not fit the page.
    """
    labels = LabelSets()
    derivations = []
    for number, derivation in enumerate(document.derivations):

        def rows_of(step: Step, number: int = number) -> Sequence[int] | None:
            if step.value.size <= MOST_NUMBERS:
                return None
            return sorted(shown_rows.get((number, step.shape[-2]), range(1)))

        shaded = {name for where, name in overviews if where == number}
        derivations.append(derivation_data(derivation, labels, rows_of, document.blanks, shaded))
    return as_json({"mostTerms": MOST_TERMS, "labels": labels.texts, "derivations": derivations})


def as_json(data: Any) -> str:
    """Data as text that can stand inside a `<script>` element, whatever users have written."""
    return json.dumps(data, separators=(",", ":")).replace("<", r"\u003c")


class LabelSets:
    """The labels of axes: each set of them once, however many axes share it."""

    def __init__(self) -> None:
        self.texts: list[list[str]] = []
        self._positions: dict[tuple[str, ...], int] = {}

    def position(self, axis: Axis) -> int | None:
        """Where the labels of an axis stand in `texts`; `None` without labels."""
        if axis.labels is None:
            return None
        if axis.labels not in self._positions:
            self._positions[axis.labels] = len(self.texts)
            self.texts.append([token_label(axis.label(position), LONGEST_LABEL) for position in range(axis.size)])
        return self._positions[axis.labels]


def derivation_data(
    derivation: Derivation,
    labels: LabelSets,
    rows_of: Callable[[Step], Sequence[int] | None],
    blanks: Collection[str] = (),
    overviews: Collection[str] = (),
) -> dict[str, Any]:
    """What a page carries of a derivation.

    Args:
        derivation: whose numbers and patterns these are.
        labels: the page's; those of this derivation are added.
        rows_of: which rows of a step to carry; `None` for all.
        blanks: names of the steps whose numbers are for the reader to fill in.
        overviews: names of the steps that are shaded and do not fit the page.
    """
    carried = _Carried(labels, rows_of, blanks, overviews)
    return {"steps": {step.name: carried.step(step) for step in derivation}}


@dataclass(frozen=True)
class _Carried:
    """How the steps of one derivation become data."""

    labels: LabelSets
    rows_of: Callable[[Step], Sequence[int] | None]
    blanks: Collection[str]
    overviews: Collection[str]

    def step(self, step: Step) -> dict[str, Any]:
        axes = [{"name": axis.name, "size": axis.size, "labels": self.labels.position(axis)} for axis in step.axes]
        data: dict[str, Any] = {"role": role_of(step.name), "axes": axes, "note": step.note}
        if step.name in self.blanks:
            data["blank"] = True
        if step.operation.is_copy:
            return {**data, "copyOf": step.operands[0].name}
        if step.pattern is not None:
            data["operands"] = [operand.name for operand in step.operands]
            data["pattern"] = _as_data(step.pattern, step.notation)
        return data if step.name in self.blanks else {**data, **self.numbers(step)}

    def numbers(self, step: Step) -> dict[str, Any]:
        """What the page carries of a step's numbers: all of them, or the rows that it shows."""
        data: dict[str, Any] = {}
        carried: slice | list[int] = slice(None)
        if (rows := self.rows_of(step)) is not None:
            data["rows"] = carried = list(rows)
        matrices = step.value.reshape(-1, *np.atleast_2d(step.value).shape[-2:])
        printed = (text for matrix in matrices for text in _texts(matrix, carried, step.notation))
        data["texts"] = packed(" ".join(printed))
        if written := _written(step):
            data["written"] = written
        if step.name in self.overviews:
            levels = [_levels(matrix) for matrix in matrices]
            data["shades"] = packed("".join(_digits(matrix[carried]) for matrix in levels))
            data["overview"] = _overview(levels)
        return data


def _texts(matrix: Array, rows: slice | list[int], notation: Notation) -> list[str]:
    """Every number as expressions print it and, where that differs, as the matrix prints it, with equal places.

    The two are told apart by "0.5|00" (what the matrix adds) or "100=100.0001" (what it prints instead).
    """
    if matrix.dtype == bool:
        return ["1" if value else "0" for value in matrix[rows].reshape(-1)]
    alone, aligned = texts(notation, matrix[rows]), texts(notation, matrix[rows], notation.places(matrix))
    return [
        one if one == other else f"{one}|{other[len(one) :]}" if other.startswith(one) else f"{one}={other}"
        for one, other in zip(alone, aligned, strict=True)
    ]


def _written(step: Step) -> dict[str, Any]:
    """By index, the inputs that were given as more than a number: 1/3."""
    if not isinstance(step.operation, Given) or step.operation.entries.dtype != object:
        return {}
    expressions = ((index, step.operation.written(index)) for index in np.ndindex(step.shape))
    return {
        ",".join(map(str, index)): _as_data(expression, step.notation)
        for index, expression in expressions
        if expression is not None
    }


def _as_data(node: Any, notation: Notation) -> Any:
    """A pattern or expression as nested objects with the names of its classes and fields."""
    if isinstance(node, Number):
        return {"type": "Number", "text": notation.text(node.value)}
    if isinstance(node, Expression | Position):
        return {
            "type": type(node).__name__,
            **{field: _as_data(getattr(node, field), notation) for field in node.__struct_fields__},
        }
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [_as_data(part, notation) for part in node]
    return node


def packed(text: str) -> str | dict[str, str]:
    """A text as data: a long one compressed."""
    if len(text) <= _LONGEST_PLAIN:
        return text
    return packed_bytes(text.encode())


def packed_bytes(content: bytes) -> dict[str, str]:
    """Bytes as data."""
    return {"gzip": b64encode(gzip.compress(content, _COMPRESSION, mtime=0)).decode()}


def _overview(levels: list[Array]) -> dict[str, Any]:
    """Matrices in small: the darkest of every block of cells, a hexadecimal digit each."""
    blocks = [-(-size // _OVERVIEW) for size in levels[0].shape]
    return {"blocks": blocks, "matrices": [list(map(_digits, _largest_of_blocks(one, *blocks))) for one in levels]}


def _levels(matrix: Array) -> Array:
    """How dark every cell is."""
    shares = matrix.astype(np.float64) / max(float(matrix.max()), 1e-300)
    return np.asarray(np.rint(shares.clip(0, 1) * _LEVELS), dtype=np.uint8)


def _largest_of_blocks(levels: Array, rows: int, columns: int) -> Array:
    tall = np.maximum.reduceat(levels, np.arange(0, levels.shape[0], rows), axis=0)
    return np.asarray(np.maximum.reduceat(tall, np.arange(0, levels.shape[1], columns), axis=1))


def _digits(levels: Array) -> str:
    return bytes(np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[levels]).decode()
