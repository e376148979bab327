"""Scaling of scores and of embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.expressions import Expression, Name, Number, Product, Quotient, SquareRoot, evaluate, with_parts
from pellucid.numbers import Scalar, number_type_of
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Operand, Pattern, Position


class Scale(Operation):
    """scores × factor; the paper's factor is 1/√d_k (Vaswani et al. 2017, §3.2.1), for embeddings √d_model (§3.4).

    Args:
        factor: an expression in numbers and the given names, such as `1/sqrt(d_k)`.
        names: what the names stand for, such as `{"d_k": 3}`.

    Raises:
        InputError: the factor has no value.
    """

    def __init__(self, factor: Expression, names: Mapping[str, int]) -> None:
        self.factor = _with_names(factor, names)
        quotient = self.factor if isinstance(self.factor, Quotient) and self.factor.numerator == _ONE else None
        self._divisor = None if quotient is None else quotient.denominator
        self._constants: dict[np.dtype[Any], Scalar] = {}

    def evaluate(self, *operands: Array) -> Array:
        (scores,) = operands
        if self.is_copy:
            return scores
        constant = self._constants.get(scores.dtype)
        if constant is None:
            constant = self._constant(scores)
        return np.asarray(scores * constant if self._divisor is None else scores / constant)

    def _constant(self, scores: Array) -> Scalar:
        """What is multiplied or divided by; of floats, which have one precision, it is kept."""
        constant = evaluate(self._divisor or self.factor, number_type_of(scores))
        if scores.dtype != object:
            self._constants[scores.dtype] = constant
        return constant

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        scores = Operand(0, tuple(Position(axis) for axis in range(len(shapes[0]))))
        if self.is_copy:
            return scores
        if self._divisor is not None:
            return Quotient(scores, self._divisor)
        return Product((scores, self.factor))

    @cached_property
    def is_copy(self) -> bool:
        return self.factor == _ONE

    def is_inverse_root_of(self, d_k: int) -> bool:
        """Whether this is the paper's scaling, 1/√d_k."""
        return self.factor == Quotient(_ONE, SquareRoot(Number(Decimal(d_k))))


_ONE = Number(Decimal(1))


def _with_names(factor: Expression, names: Mapping[str, int]) -> Expression:
    if isinstance(factor, Name) and factor.name in names:
        return Number(Decimal(names[factor.name]))
    return with_parts(factor, lambda part: _with_names(part, names))
