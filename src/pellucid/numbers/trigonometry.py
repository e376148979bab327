"""Sine and cosine of decimals, which the decimal module lacks."""

from __future__ import annotations

import decimal
from decimal import Decimal

_MOST_DIGITS = 1_000  # of a whole number of radians; it costs a halving for every bit


def sine(angle: Decimal) -> Decimal:
    """The sine of `angle` radians, to the precision of the context in force."""
    return +_sine_and_cosine(angle)[0]


def cosine(angle: Decimal) -> Decimal:
    """The cosine of `angle` radians, to the precision of the context in force."""
    return +_sine_and_cosine(angle)[1]


def _sine_and_cosine(angle: Decimal) -> tuple[Decimal, Decimal]:
    """Both, with guard digits: Taylor series of the angle halved below 1/2, then doubled back.

    Each doubling at most quadruples the error, so n halvings need n·log10(4) more digits.
    """
    if not angle.is_finite() or angle.adjusted() > _MOST_DIGITS:
        raise decimal.InvalidOperation
    halvings = max(0, int(abs(angle) * 2).bit_length())
    with decimal.localcontext() as context:
        context.prec += 10 + (halvings * 61) // 100 + max(0, -angle.adjusted() if angle else 0)
        small = angle / 2**halvings
        square = small * small
        sin = sin_term = small
        cos = cos_term = Decimal(1)
        tiny = Decimal(10) ** (-context.prec - 2)
        n = 0
        while abs(cos_term) > tiny or abs(sin_term) > tiny:
            n += 2
            cos_term *= -square / ((n - 1) * n)
            sin_term *= -square / (n * (n + 1))
            cos += cos_term
            sin += sin_term
        for _ in range(halvings):
            sin, cos = 2 * sin * cos, cos * cos - sin * sin
    return sin, cos
