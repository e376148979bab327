"""Rows of a table: of an embedding matrix, of learned positions."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import LookedUp, Operand, Pattern, Position


class LookUp(Operation):
    """Row ids[i] of the table, for every i (Vaswani et al. 2017, §3.4). Operands: ids (…, n), table (entries, d)."""

    def evaluate(self, *operands: Array) -> Array:
        ids, table = operands
        return np.asarray(table[ids])

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        ids, table = shapes
        row = Operand(0, tuple(Position(axis) for axis in range(len(ids))))
        return LookedUp(row, 1, table[0], Position(len(ids)))


class LastRow(Operation):
    """The last row of an array, as an array of one row: the token whose successor is asked for."""

    def evaluate(self, *operands: Array) -> Array:
        (x,) = operands
        return x[..., -1:, :]

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        return Operand(0, (Position(0, plus=shapes[0][0] - 1), Position(1)))


class Rows(Operation):
    """The rows of a table from `start` on, as many as the other operand has: vectors of positions.

    Operands: table (entries, d); embeddings (n, d), whose numbers do not matter.
    """

    def __init__(self, start: int = 0) -> None:
        self.start = start

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, table: Shaped[Array, "entries d"], like: Shaped[Array, "n d"]) -> Shaped[Array, "n d"]:
        return table[self.start : self.start + len(like)]

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        return Operand(0, (Position(0, plus=self.start), Position(1)))
