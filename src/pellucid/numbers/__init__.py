"""Numbers: the three number types every operation runs on, and how a number is rounded and printed."""

from pellucid.numbers.interval import Interval
from pellucid.numbers.notation import Notation, every_digit
from pellucid.numbers.number_type import (
    EXACT_DIGITS,
    FLOAT32,
    FLOAT64,
    Enclosed,
    Exact,
    Float,
    NumberType,
    Scalar,
    number_type_of,
)
from pellucid.numbers.rounding import as_decimal, round_places, round_significant

__all__ = [
    "EXACT_DIGITS",
    "FLOAT32",
    "FLOAT64",
    "Enclosed",
    "Exact",
    "Float",
    "Interval",
    "Notation",
    "NumberType",
    "Scalar",
    "as_decimal",
    "every_digit",
    "number_type_of",
    "round_places",
    "round_significant",
]
