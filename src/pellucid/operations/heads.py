"""Splitting into heads, concatenating them again, and passing through."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.expressions import Number, Quotient, Sum
from pellucid.numbers import number_type_of
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Operand, Pattern, Position


class SplitHeads(Operation):
    """(…, n, num_heads · d) → (…, num_heads, n, d): head h takes the h-th run of d columns."""

    def __init__(self, num_heads: int) -> None:
        self.num_heads = num_heads

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, joined: Shaped[Array, "*sequences n columns"]) -> Shaped[Array, "*sequences heads n d"]:
        return joined.reshape(*joined.shape[:-1], self.num_heads, -1).swapaxes(-2, -3)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        width = shapes[0][1] // self.num_heads
        return Operand(0, (Position(1), Position(0, times=width, plus=Position(2))))


class ConcatenateHeads(Operation):
    """(…, num_heads, n, d) → (…, n, num_heads · d): the heads side by side."""

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, heads: Shaped[Array, "*sequences heads n d"]) -> Shaped[Array, "*sequences n columns"]:
        *sequences, num_heads, n, width = heads.shape
        return heads.swapaxes(-2, -3).reshape(*sequences, n, num_heads * width)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        width = shapes[0][2]
        return Operand(0, (Position(1, over=width), Position(0), Position(1, modulo=width)))


class MeanOverHeads(Operation):
    """(num_heads, n, d) → (n, d): the mean of what the heads have at a place."""

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, heads: Shaped[Array, "heads n d"]) -> Shaped[Array, "n d"]:
        return np.asarray(np.add.reduce(heads, axis=0) / number_type_of(heads).number(Decimal(len(heads))))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        num_heads = shapes[0][0]
        places = (Position(0), Position(1))
        heads = tuple(Operand(0, (Position(0, times=0, plus=head), *places)) for head in range(num_heads))
        return Quotient(Sum(heads), Number(Decimal(num_heads)))


class Copy(Operation):
    """The operand itself: a step of the chain at which nothing happens."""

    def evaluate(self, *operands: Array) -> Array:
        (operand,) = operands
        return operand

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        return Operand(0, tuple(Position(axis) for axis in range(len(shapes[0]))))

    @property
    def is_copy(self) -> bool:
        return True
