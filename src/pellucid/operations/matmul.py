"""Products of matrices: dot products, weighted sums and projections."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.expressions import Product, Sum
from pellucid.numbers import number_type_of
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Operand, Pattern, Position, SumOver


class MatMul(Operation):
    """left @ right, or left @ rightᵀ; a leading axis of heads is allowed on both, and axes of sequences before it.

    The right operand may have fewer heads, each of which then serves a group of neighbouring heads of the left
    (grouped-query attention, Ainslie et al. 2023); nothing is repeated in memory.

    Q Kᵀ is `MatMul(transpose=True)` (Vaswani et al. 2017, §3.2.1); the weighted sum of values is `MatMul()`.
    """

    def __init__(self, *, transpose: bool = False) -> None:
        self.transpose = transpose

    def evaluate(self, *operands: Array) -> Array:
        left, right = operands
        return self._product(left, right.swapaxes(-1, -2) if self.transpose else right)

    def _product(
        self, left: Shaped[Array, "*heads n inner"], right: Shaped[Array, "*right_heads inner m"]
    ) -> Shaped[Array, "*heads n m"]:
        numbers = number_type_of(left)
        if left.ndim == 2 or left.shape[-3] == right.shape[-3]:
            return numbers.matmul(left, right)
        *sequences, heads, n, inner = left.shape
        groups = right.shape[-3]
        # The heads of a group lie below each other: one product for each head of the right operand.
        grouped = left.reshape(*sequences, groups, heads // groups * n, inner)
        return np.asarray(numbers.matmul(grouped, right).reshape(*sequences, heads, n, right.shape[-1]))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        left, right = shapes
        k = Position("k")
        row, column = (Position(axis) for axis in (len(left) - 2, len(left) - 1))
        left_place = (row, k)
        right_place = (column, k) if self.transpose else (k, column)
        if len(left) == 2:
            product: Pattern = Product((Operand(0, left_place), Operand(1, right_place)))
        else:
            head, shared = Position(0), Position(0, over=left[0] // right[0])
            product = Product((Operand(0, (head, *left_place)), Operand(1, (shared, *right_place))))
        return SumOver("k", left[-1], product)


class Linear(Operation):
    """x W + b, the projections of Vaswani et al. 2017, §3.2.2; the bias is optional.

    Args:
        transpose: x Wᵀ + b, as an embedding matrix projects to its vocabulary (§3.4).
    """

    def __init__(self, *, transpose: bool = False) -> None:
        self.transpose = transpose

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(
        self,
        x: Shaped[Array, "*rows d_in"],
        weight: Shaped[Array, "_ _"],
        bias: Shaped[Array, " d_out"] | None = None,
    ) -> Shaped[Array, "*rows d_out"]:
        if self.transpose:
            weight = weight.T
        if x.ndim == 2:
            projected = number_type_of(x).matmul(x, weight)
        else:  # one product of all rows, not one for each sequence
            projected = number_type_of(x).matmul(x.reshape(-1, x.shape[-1]), weight)
            projected = projected.reshape(*x.shape[:-1], weight.shape[1])
        return projected if bias is None else np.asarray(projected + bias)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        product = MatMul(transpose=self.transpose).pattern(*shapes[:2])
        return product if len(shapes) == 2 else Sum((product, Operand(2, (Position(1),))))
