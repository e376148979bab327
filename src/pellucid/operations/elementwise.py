"""What is done to the elements of arrays of one shape, each by itself: sums and products."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array
from pellucid.expressions import Product, Sum
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Pattern, same_place


class Add(Operation):
    """left + right, element by element."""

    def evaluate(self, *operands: Array) -> Array:
        left, right = operands
        return np.asarray(left + right)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        return Sum((same_place(shapes[0], 0), same_place(shapes[0], 1)))


class Multiply(Operation):
    """left × right, element by element: the gate of SwiGLU (Shazeer 2020)."""

    def evaluate(self, *operands: Array) -> Array:
        left, right = operands
        return np.asarray(left * right)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        return Product((same_place(shapes[0], 0), same_place(shapes[0], 1)))
