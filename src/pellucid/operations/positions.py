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

    Args:
        start: position of the first row.
        halves: all sines come first, then the cosines (Marian), in place of taking turns.
    """

    BASE = Decimal(10_000)

    def __init__(self, start: int = 0, *, halves: bool = False) -> None:
        self.start = start
        self.halves = halves

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, embeddings: Shaped[Array, "n d_model"]) -> Shaped[Array, "n d_model"]:
        numbers = number_type_of(embeddings)
        n, d_model = embeddings.shape
        even = np.arange(0, d_model, 2)
        exponents = numbers.array(even) / numbers.number(d_model)
        wavelengths = np.power(numbers.number(self.BASE), exponents)
        angles = numbers.array(np.arange(self.start, self.start + n))[:, np.newaxis] / wavelengths
        positions = np.empty((n, d_model), dtype=numbers.dtype)
        sines, cosines = (slice(0, None, 2), slice(1, None, 2))
        if self.halves:
            sines, cosines = slice(0, len(even)), slice(len(even), None)
        positions[:, sines] = numbers.sine(angles)
        positions[:, cosines] = numbers.cosine(angles[:, : d_model // 2])
        return positions

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        d_model = shapes[0][1]
        pairs = (d_model + 1) // 2
        pair = PositionNumber(Position(1, modulo=pairs) if self.halves else Position(1, over=2))
        exponent = Quotient(Product((Number(Decimal(2)), pair)), Number(Decimal(d_model)))
        angle = Quotient(PositionNumber(Position(0, plus=self.start)), Power(Number(self.BASE), exponent))
        return ByParity(Position(1, over=pairs) if self.halves else Position(1), Sine(angle), Cosine(angle))
