"""Soft-capping of scores."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from pellucid.arrays import Array
from pellucid.expressions import Exponential, Negative, Number, Product, Quotient, Sum
from pellucid.numbers import number_type_of
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Operand, Pattern, Position


class SoftCap(Operation):
    """cap × tanh(score / cap), which keeps every score between −cap and cap (Gemma Team 2024, Gemma 2, §2).

    tanh x = (e^x − e^−x) / (e^x + e^−x).

    Args:
        cap: more than zero.
    """

    def __init__(self, cap: Decimal) -> None:
        self.cap = cap

    def evaluate(self, *operands: Array) -> Array:
        (scores,) = operands
        cap = number_type_of(scores).number(self.cap)
        # e^−2|x| cannot overflow.
        power = np.exp(-2 * abs(scores / cap))
        size = (1 - power) / (1 + power)
        return np.asarray(np.where(scores < 0, -size, size) * cap)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        cap = Number(self.cap)
        share = Quotient(Operand(0, tuple(Position(axis) for axis in range(len(shapes[0])))), cap)
        up, down = Exponential(share), Exponential(Negative(share))
        return Product((cap, Quotient(Sum((up, Negative(down))), Sum((up, down)))))
