"""LayerNorm (Ba et al. 2016) and RMSNorm (Zhang and Sennrich 2019) in steps that a person can follow.

LayerNorm: mean → centred → mean_square of what is centred → normalised → gain and shift.
RMSNorm: mean_square → normalised → gain.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.expressions import Negative, Number, Product, Quotient, SquareRoot, Sum
from pellucid.numbers import number_type_of
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Operand, Pattern, Position, SumOver, same_place


class Mean(Operation):
    """The mean of each row."""

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, x: Shaped[Array, "*rows d"]) -> Shaped[Array, "*rows"]:
        return np.asarray(np.add.reduce(x, axis=-1) / _number(x, x.shape[-1]))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        *rows, d = shapes[0]
        element = Operand(0, (*_row(rows), Position("k")))
        return Quotient(SumOver("k", d, element), Number(Decimal(d)))


class MeanSquare(Operation):
    """The mean of the squares of each row: what is centred has its variance by it."""

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, x: Shaped[Array, "*rows d"]) -> Shaped[Array, "*rows"]:
        return np.asarray(np.add.reduce(x * x, axis=-1) / _number(x, x.shape[-1]))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        *rows, d = shapes[0]
        element = Operand(0, (*_row(rows), Position("k")))
        return Quotient(SumOver("k", d, Product((element, element))), Number(Decimal(d)))


class Centre(Operation):
    """x minus the mean of its row. Operands: x (…, d), means (…)."""

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, x: Shaped[Array, "*rows d"], mean: Shaped[Array, "*rows"]) -> Shaped[Array, "*rows d"]:
        return np.asarray(x - mean[..., np.newaxis])

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        return Sum((same_place(shapes[0], 0), Negative(Operand(1, _row(shapes[1])))))


class Normalise(Operation):
    """x / √(mean square + ε), row by row. Operands: x (…, d), mean squares (…).

    Args:
        epsilon: keeps rows of zeros from a division by zero.
    """

    def __init__(self, epsilon: float) -> None:
        self.epsilon = Number(Decimal(str(epsilon)))

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, x: Shaped[Array, "*rows d"], mean_square: Shaped[Array, "*rows"]) -> Shaped[Array, "*rows d"]:
        epsilon = float(self.epsilon.value) if x.dtype != object else number_type_of(x).number(self.epsilon.value)
        return np.asarray(x / np.sqrt(mean_square + epsilon)[..., np.newaxis])

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        spread = Sum((Operand(1, _row(shapes[1])), self.epsilon))
        return Quotient(same_place(shapes[0], 0), SquareRoot(spread))


class Gain(Operation):
    """x × weight + bias, feature by feature; the bias is optional. Operands: x (…, d), weight (d), bias (d)."""

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(
        self, x: Shaped[Array, "*rows d"], weight: Shaped[Array, " d"], bias: Shaped[Array, " d"] | None = None
    ) -> Shaped[Array, "*rows d"]:
        scaled = x * weight
        if bias is not None:
            scaled += bias
        return np.asarray(scaled)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        feature = (Position(len(shapes[0]) - 1),)
        product = Product((same_place(shapes[0], 0), Operand(1, feature)))
        return product if len(shapes) == 2 else Sum((product, Operand(2, feature)))


def _row(shape: tuple[int, ...] | list[int]) -> tuple[Position, ...]:
    return tuple(Position(axis) for axis in range(len(shape)))


def _number(x: Array, value: int) -> object:
    """A whole number as one of the array's numbers; NumPy takes it as it is beside floats."""
    return value if x.dtype != object else number_type_of(x).number(value)
