"""The softmax over the last axis."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.expressions import Exponential, Negative, Number, Quotient, Sum
from pellucid.numbers import Scalar
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import IfFinite, LargestOver, Operand, Pattern, Position, SumOver


class Softmax(Operation):
    """e^{x_j} / Σ_k e^{x_k} over the last axis; a row of nothing but −∞ becomes zeros.

    The largest element of the row is subtracted before the exponentials: it cancels, and nothing overflows.

    Args:
        asks: whether there may be such rows; when there cannot, nothing is asked.
    """

    def __init__(self, *, asks: bool = True) -> None:
        self.asks = asks

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, scores: Shaped[Array, "*rows n_k"]) -> Shaped[Array, "*rows n_k"]:
        largest = np.maximum.reduce(scores, axis=-1, keepdims=True)
        empty = largest == -np.inf if self.asks else None
        if empty is not None and not empty.any():
            empty = None
        if empty is not None:
            largest = np.where(empty, 0, largest)
        weights = scores - largest
        weights = np.exp(weights, out=weights)
        total = np.add.reduce(weights, axis=-1, keepdims=True)
        if empty is not None:
            total = np.where(empty, 1, total)
        np.divide(weights, total, out=weights)
        return np.asarray(weights)

    def denominator(self, scores: Shaped[Array, "n_k"], *, shifted: bool = False) -> Scalar:
        """Σ_k e^{x_k} of one row, the number its weights are shares of; shifted, Σ_k e^{x_k − max x}."""
        shift = scores.max() if shifted else 0
        return np.exp(scores - shift).sum()

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        return self._quotient(shapes[0], shifted=False)

    def live_pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        return self._quotient(shapes[0], shifted=True)

    def _quotient(self, shape: tuple[int, ...], *, shifted: bool) -> Pattern:
        count = shape[-1]
        rows = tuple(Position(axis) for axis in range(len(shape) - 1))
        largest = LargestOver("k", count, Operand(0, (*rows, Position("k"))))

        def exponential(place: Position) -> Pattern:
            score = Operand(0, (*rows, place))
            return Exponential(Sum((score, Negative(largest))) if shifted else score)

        share = Quotient(exponential(Position(len(shape) - 1)), SumOver("k", count, exponential(Position("k"))))
        return IfFinite(largest, share, Number(Decimal(0)))


class SinkSoftmax(Softmax):
    """e^{x_j} / (Σ_k e^{x_k} + e^{s}): a sink s takes its share of every row and gives nothing back.

    Operands: scores (n_q, n_k) and sinks (n_q, 1) (Xiao et al. 2023, StreamingLLM, §3.3).
    """

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate_with(*operands)

    def _evaluate_with(self, scores: Shaped[Array, "n_q n_k"], sinks: Shaped[Array, "n_q 1"]) -> Array:
        return super().evaluate(np.concatenate([scores, sinks], axis=-1))[:, :-1]

    def _quotient(self, shape: tuple[int, ...], *, shifted: bool) -> Pattern:
        largest = LargestOver("k", shape[-1], Operand(0, (Position(0), Position("k"))))

        def exponential(score: Pattern) -> Pattern:
            return Exponential(Sum((score, Negative(largest))) if shifted else score)

        def of_key(place: Position) -> Pattern:
            return exponential(Operand(0, (Position(0), place)))

        sink = exponential(Operand(1, (Position(0), Position(1, times=0))))
        share = Quotient(of_key(Position(1)), Sum((SumOver("k", shape[-1], of_key(Position("k"))), sink)))
        return IfFinite(largest, share, Number(Decimal(0)))
