"""Rotary positions (Su et al. 2021, RoFormer, §3.2): queries and keys are turned by angles that grow with positions.

The features of a pair lie half a head apart, as in GPT-NeoX and in transformers' Llama.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.expressions import Cosine, Negative, Number, Power, Product, Quotient, Sine, Sum
from pellucid.numbers import number_type_of
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import ByParity, Operand, Pattern, Position, PositionNumber, same_place


class RotaryFrequencies(Operation):
    """base^(−2i/d_k) radians a position for pair i, divided by `factor` (Chen et al. 2023).

    The operand gives the number type; its numbers do not matter.

    Args:
        d_k: width of a head.
        base: of the wavelengths.
        factor: by how much all are slowed.
    """

    def __init__(self, d_k: int, base: float, factor: float = 1.0) -> None:
        self.d_k = d_k
        self.base, self.factor = (Number(Decimal(str(value))) for value in (base, factor))

    def evaluate(self, *operands: Array) -> Array:
        (like,) = operands
        numbers = number_type_of(like)
        exponents = numbers.array(np.arange(0, self.d_k, 2)) / numbers.number(self.d_k)
        wavelengths = np.power(numbers.number(self.base.value), exponents)
        ones = numbers.array(np.ones(self.d_k // 2))
        return np.asarray(ones / (wavelengths * numbers.number(self.factor.value)))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        pair = Product((Number(Decimal(2)), PositionNumber(Position(0))))
        wavelength: Pattern = Power(self.base, Quotient(pair, Number(Decimal(self.d_k))))
        if self.factor.value != 1:
            wavelength = Product((wavelength, self.factor))
        return Quotient(Number(Decimal(1)), wavelength)


class RotaryCosines(Operation):
    """cos(p · frequency of the feature's pair), (n, d_k), for the positions p from `start` on.

    Operands: frequencies (d_k / 2); x (…, n, d_k), which gives the number of positions; its numbers do not matter.
    """

    def __init__(self, start: int = 0) -> None:
        self.start = start

    def evaluate(self, *operands: Array) -> Array:
        frequencies, x = operands
        numbers = number_type_of(frequencies)
        cosines = numbers.cosine(self._angles(frequencies, x))
        return np.concatenate((cosines, cosines), axis=-1)

    def _angles(self, frequencies: Shaped[Array, " pairs"], x: Array) -> Shaped[Array, "n pairs"]:
        positions = np.arange(self.start, self.start + x.shape[-2])
        return np.asarray(number_type_of(frequencies).array(positions)[:, np.newaxis] * frequencies)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        return Cosine(self._angle(shapes[0][0]))

    def _angle(self, pairs: int) -> Pattern:
        position = PositionNumber(Position(0, plus=self.start))
        return Product((position, Operand(0, (Position(1, modulo=pairs),))))


class RotarySines(RotaryCosines):
    """sin(p · frequency of the feature's pair), negated for the first half of the features."""

    def evaluate(self, *operands: Array) -> Array:
        frequencies, x = operands
        sines = number_type_of(frequencies).sine(self._angles(frequencies, x))
        return np.concatenate((-sines, sines), axis=-1)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        pairs = shapes[0][0]
        sine = Sine(self._angle(pairs))
        return ByParity(Position(1, over=pairs), Negative(sine), sine)


class Rotate(Operation):
    """x_i cos + x_j sin, where j is the other feature of i's pair.

    Operands: x (…, n, d_k), cosines and sines (n, d_k).
    """

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(
        self, x: Shaped[Array, "*heads n d_k"], cosines: Shaped[Array, "n d_k"], sines: Shaped[Array, "n d_k"]
    ) -> Shaped[Array, "*heads n d_k"]:
        half = x.shape[-1] // 2
        rotated = x * cosines
        first, second = rotated[..., :half], rotated[..., half:]
        first += x[..., half:] * sines[:, :half]
        second += x[..., :half] * sines[:, half:]
        return np.asarray(rotated)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        last = len(shapes[0]) - 1
        d_k = shapes[0][-1]
        turn = (Position(last - 1), Position(last))
        before = tuple(Position(axis) for axis in range(last))
        other = Operand(0, (*before, Position(last, plus=d_k // 2, modulo=d_k)))
        return Sum((Product((same_place(shapes[0], 0), Operand(1, turn))), Product((other, Operand(2, turn)))))
