"""Masking of scores."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from pellucid.arrays import Array, Bool, Shaped
from pellucid.expressions import Number
from pellucid.numbers import number_type_of
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import IfTrue, Operand, Pattern, Position


class Mask(Operation):
    """The score where the mask is true (may attend), −∞ elsewhere (Vaswani et al. 2017, §3.2.3).

    Operands: scores (…, n_q, n_k) and a boolean mask (n_q, n_k), the same for every head.
    """

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(
        self, scores: Shaped[Array, "*heads n_q n_k"], mask: Bool[Array, "n_q n_k"]
    ) -> Shaped[Array, "*heads n_q n_k"]:
        masked = np.full_like(scores, number_type_of(scores).number(Decimal("-Infinity")))
        np.copyto(masked, scores, where=mask)
        return masked

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        place = tuple(Position(axis) for axis in range(len(shapes[0])))
        return IfTrue(Operand(1, place[-2:]), Operand(0, place), Number(Decimal("-Infinity")))
