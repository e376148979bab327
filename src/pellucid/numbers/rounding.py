"""Rounding: the one place where digits are dropped.

Halves are rounded away from zero, as people do by hand and as spreadsheets display. A binary float stands for
the shortest decimal that reads back as it, the number a person sees and types: 0.285 rounds to 0.29.
"""

from __future__ import annotations

import decimal
from decimal import Decimal

import numpy as np

_WIDE = decimal.Context(
    prec=decimal.MAX_PREC, rounding=decimal.ROUND_HALF_UP, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX
)


def as_decimal(value: Decimal | int | float | np.generic) -> Decimal:
    """The decimal that `value` stands for; a binary float stands for its shortest decimal."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, np.generic):
        return Decimal(str(value))
    return Decimal(repr(value))


def round_places(value: Decimal | int | float | np.generic, places: int) -> Decimal:
    """`value` rounded to `places` digits after the decimal point, halves away from zero."""
    number = as_decimal(value)
    if not number.is_finite():
        return number
    rounded = number.quantize(Decimal((0, (1,), -places)), context=_WIDE)
    return rounded.copy_abs() if rounded.is_zero() else rounded  # no "-0.00"


def round_significant(value: Decimal | int | float | np.generic, digits: int) -> Decimal:
    """`value` rounded to `digits` significant digits, halves away from zero, trailing zeros dropped."""
    number = as_decimal(value)
    if not number.is_finite() or number.is_zero():
        return number
    return round_places(number, digits - 1 - number.adjusted()).normalize(_WIDE)
