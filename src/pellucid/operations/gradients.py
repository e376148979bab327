"""The chain rule through attention and a loss, so that a training step can be followed number by number."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.expressions import Logarithm, Negative, Number, Product, Sum
from pellucid.numbers import number_type_of
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Operand, Pattern, Position, SumOver, same_place


class NegativeLogLikelihood(Operation):
    """−ln of the probability of the right entry, row by row: the loss of a token.

    Args:
        entry: the right one.
    """

    def __init__(self, entry: int) -> None:
        self.entry = entry

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, probabilities: Shaped[Array, "n entries"]) -> Shaped[Array, " n"]:
        right = probabilities[:, self.entry]
        return np.asarray(-number_type_of(probabilities).logarithm(right))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        right = Operand(0, (Position(0), Position(0, times=0, plus=self.entry)))
        return Negative(Logarithm(right))


class TransposedProduct(Operation):
    """leftᵀ @ right: the gradient of a product's right operand from the left one and the gradient of the result."""

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(
        self, left: Shaped[Array, "n rows"], right: Shaped[Array, "n columns"]
    ) -> Shaped[Array, "rows columns"]:
        return np.asarray(number_type_of(left).matmul(left.T, right))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        k = Position("k")
        factors = (Operand(0, (k, Position(0))), Operand(1, (k, Position(1))))
        return SumOver("k", shapes[0][0], Product(factors))


class SoftmaxGradient(Operation):
    """The gradient of scores from weights w and their gradient g: w_j (g_j − Σ_k w_k g_k), row by row."""

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(
        self, weights: Shaped[Array, "*rows n_k"], gradient: Shaped[Array, "*rows n_k"]
    ) -> Shaped[Array, "*rows n_k"]:
        mean = np.add.reduce(weights * gradient, axis=-1, keepdims=True)
        return np.asarray(weights * (gradient - mean))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        *rows, count = shapes[0]
        along = (*(Position(axis) for axis in range(len(rows))), Position("k"))
        mean = SumOver("k", count, Product((Operand(0, along), Operand(1, along))))
        return Product((same_place(shapes[0], 0), Sum((same_place(shapes[0], 1), Negative(mean)))))


class Descend(Operation):
    """weight − rate × gradient: a step of gradient descent.

    Args:
        rate: of learning.
    """

    def __init__(self, rate: float) -> None:
        self.rate = Number(Decimal(str(rate)))

    def evaluate(self, *operands: Array) -> Array:
        weight, gradient = operands
        return np.asarray(weight - gradient * number_type_of(weight).number(self.rate.value))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        step = Product((self.rate, same_place(shapes[0], 1)))
        return Sum((same_place(shapes[0], 0), Negative(step)))
