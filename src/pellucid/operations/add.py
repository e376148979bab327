"""Sums of two arrays of one shape."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array
from pellucid.expressions import Sum
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Operand, Pattern, Position


class Add(Operation):
    """left + right, element by element."""

    def evaluate(self, *operands: Array) -> Array:
        left, right = operands
        return np.asarray(left + right)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        place = tuple(Position(axis) for axis in range(len(shapes[0])))
        return Sum((Operand(0, place), Operand(1, place)))
