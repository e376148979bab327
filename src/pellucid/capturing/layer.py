"""One recorded attention and its heads, of which rows are derived when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pellucid.arrays import Array
from pellucid.capturing.comparison import Comparison, compare
from pellucid.capturing.compute import Head
from pellucid.capturing.derive import derive_rows
from pellucid.capturing.marks import Marks, sentences
from pellucid.capturing.overview import MAP, TOP, Overview, overview
from pellucid.capturing.record import Record
from pellucid.capturing.summary import summarise
from pellucid.capturing.verification import Verification, verify
from pellucid.derivation import Axis, Derivation
from pellucid.errors import InputError


@dataclass(eq=False)
class Layer:
    """One attention of one forward pass.

    Args:
        record: what it computed from.
        number: its place in `Recording.layers`.
        tokens: of the queries and of the keys, for each sequence; `None` where they are not known.
        marks: which of the queries and of the keys are special tokens or padding, likewise.
        verified_before: the outcome of an earlier verification that cannot be made again.
    """

    record: Record
    number: int
    tokens: Sequence[tuple[tuple[str, ...] | None, tuple[str, ...] | None]]
    marks: Sequence[tuple[Marks, Marks]] = ()
    verified_before: Verification | None = None

    @property
    def name(self) -> str:
        """Dotted name of the module that computed it."""
        return self.record.module

    @property
    def kind(self) -> str:
        """Whether keys come from where queries come from ("self") or not ("cross")."""
        return self.record.kind

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Sequences, heads, queries, keys."""
        return self.record.shape

    @property
    def num_heads(self) -> int:
        """Heads."""
        return self.shape[1]

    @cached_property
    def verification(self) -> Verification:
        """Whether the arithmetic gives what the model computed; found out at the first look."""
        return verify(self.record) if self.verified_before is None else self.verified_before

    @property
    def status(self) -> str:
        """The word "verified", or "unverified" with the reason."""
        return str(self.verification)

    def head(self, head: int, *, sequence: int = 0) -> CapturedHead:
        """One head.

        Args:
            head: from 0.
            sequence: of the batch, from 0.

        Raises:
            PositionError: there is no such head or sequence.
        """
        batch, heads, _, _ = self.shape
        return CapturedHead(self, Axis("head", heads).position(head), Axis("sequence", batch).position(sequence))

    def compare(self, other: Layer, *, sequence: int = 0) -> Comparison:
        """This layer and another one, head by head.

        Args:
            other: of this recording or of another.
            sequence: of the batch, from 0.

        Raises:
            PositionError: there is no such sequence.
        """
        return compare(summarise([self], sequence=sequence), summarise([other], sequence=sequence))

    def __repr__(self) -> str:
        batch, heads, n_q, n_k = self.shape
        return (
            f"<Layer {self.number} {self.name!r}: {self.kind}-attention, {batch} × {heads} heads, "
            f"{n_q} queries, {n_k} keys>"
        )


@dataclass(eq=False)
class CapturedHead:
    """One head of one sequence.

    Args:
        layer: whose.
        number: which head.
        sequence: which of the batch.
    """

    layer: Layer
    number: int
    sequence: int

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """Queries and keys."""
        query, key = self.layer.tokens[self.sequence] if self.layer.tokens else (None, None)
        _, _, n_q, n_k = self.layer.shape
        return Axis("query", n_q, query), Axis("key", n_k, key)

    def row(self, query: int | str) -> Derivation:
        """The arithmetic of one query: from its dot products to its weighted sum.

        Args:
            query: a token, `The#2` for its second occurrence, or a number from 0.

        Raises:
            PositionError: there is no such query.
            InputError: the model computes what cannot be written as attention.
        """
        return self.rows([query])

    def rows(self, queries: Sequence[int | str]) -> Derivation:
        """The same of several queries.

        Raises:
            PositionError: there is no such query.
            InputError: the model computes what cannot be written as attention.
        """
        if not queries:
            raise InputError("no query was given; name one or more tokens or numbers from 0.")
        query_axis, key_axis = self.axes
        index = [query_axis.position(query) for query in queries]
        chosen = tuple(query_axis.label(position) for position in index)
        name = self.layer.name or "the model"
        title = f"{name}, head {self.number}"
        return derive_rows(self._numbers, index, (chosen, key_axis.labels), title, self._purpose(index))

    @cached_property
    def _numbers(self) -> Head:
        """Keys and values in float64, which all rows share."""
        return Head(self.layer.record, self.sequence, self.number)

    def derivation(self) -> Derivation:
        """The arithmetic of every query; n_q × n_k numbers a step."""
        return self.rows(list(range(self.layer.shape[2])))

    def compare(self, other: CapturedHead, query: int | str, other_query: int | str | None = None) -> Derivation:
        """The same query in this head and in another one, to be read side by side.

        Args:
            other: of this recording or of another.
            query: as in `row`.
            other_query: that of the other head; the same by default.

        Raises:
            PositionError, InputError: as `row`.
        """
        return replace(self.row(query), beside=other.row(query if other_query is None else other_query))

    def weights(self) -> Array:
        """All weights, (n_q, n_k), in float64."""
        _, _, n_q, n_k = self.layer.shape
        weights = np.empty((n_q, n_k))
        for position in range(n_q):
            weights[position] = self._numbers.rows([position]).weights.cpu().numpy()
        return weights

    def overview(self, *, cells: int = MAP, top: int = TOP) -> Overview:
        """All of the head's weights at a glance, in O(n) memory.

        Args:
            cells: of the map, at most, along each side.
            top: keys that are kept of each query.

        Raises:
            InputError: `cells` or `top` is less than one.
        """
        return overview(self.layer.record, self.sequence, self.number, cells=cells, top=top)

    @property
    def marks(self) -> tuple[Marks, Marks]:
        """Which of the queries and of the keys are special tokens or padding; `None` where that is not known."""
        return self.layer.marks[self.sequence] if self.layer.marks else (None, None)

    def _purpose(self, queries: Sequence[int]) -> str:
        found = self.layer.verification
        words = f"This is {found.status}"
        if found:
            words += (
                f": the weighted sums of {found.rows} rows of the layer differ from the model's by at most "
                f"{found.difference:.1e} of the largest value, and {found.tolerance:.0e} is allowed"
            )
        else:
            words += f": {found.reason}"
        of_queries, of_keys = self.marks
        query_axis, key_axis = self.axes
        special = sentences(of_queries, query_axis.labels, "queries", queries)
        special += sentences(of_keys, key_axis.labels, "keys")
        return ". ".join([words, *self.layer.record.notes, *special]) + "."

    def __repr__(self) -> str:
        return f"<head {self.number} of {self.layer!r}>"
