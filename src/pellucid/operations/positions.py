"""Position encodings."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.expressions import Cosine, Number, Power, Product, Quotient, Sine
from pellucid.numbers import number_type_of
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import ByParity, Pattern, Position, PositionNumber


class SinusoidalPositions(Operation):
    """sin(p / 10000^{2i/d}) in the even columns 2i, the cosine in the odd ones (Vaswani et al. 2017, §3.5).

    The operand, the embeddings (n, d_model), gives the shape and the number type; its numbers do not matter.
    """

    BASE = Decimal(10_000)

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, embeddings: Shaped[Array, "n d_model"]) -> Shaped[Array, "n d_model"]:
        numbers = number_type_of(embeddings)
        n, d_model = embeddings.shape
        even = np.arange(0, d_model, 2)
        exponents = numbers.array(even) / numbers.number(d_model)
        wavelengths = np.power(numbers.number(self.BASE), exponents)
        angles = numbers.array(np.arange(n))[:, np.newaxis] / wavelengths
        positions = np.empty((n, d_model), dtype=numbers.dtype)
        positions[:, 0::2] = numbers.sine(angles)
        positions[:, 1::2] = numbers.cosine(angles[:, : d_model // 2])
        return positions

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        pair = PositionNumber(Position(1, over=2))
        exponent = Quotient(Product((Number(Decimal(2)), pair)), Number(Decimal(shapes[0][1])))
        angle = Quotient(PositionNumber(Position(0)), Power(Number(self.BASE), exponent))
        return ByParity(Position(1), Sine(angle), Cosine(angle))
