"""Decimals that are repeated without end, as people write them: 0.(3) and 0.16̅."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from pellucid.numbers import round_places

_REPEATING = re.compile(
    r"(?P<whole>-?\d+)(?P<mark>[.,])(?P<fixed>\d*?)(?:\((?P<bracketed>\d+)\)|(?P<barred>(?:\d[\u0304\u0305])+))"
)
_OVER = re.compile("[\u0304\u0305]")
_LARGEST_DENOMINATOR = 1_000
_SAME = Decimal("1e-13")
"""Relative, or absolute below 1: what certain digits or float64 may be away from a fraction."""
_LONGEST_PERIOD = 12
_PLACES = 4
_READ_PLACES = 15
"""As many as float64 can tell."""
_LONGEST = 100


def is_repeating(written: str) -> bool:
    """Whether a number is written with decimals that are repeated."""
    return _REPEATING.fullmatch(written) is not None


def read_repeating(written: str) -> tuple[Decimal, int] | None:
    """The value of a number whose last decimals are repeated, rounded, and to how many places; `None` of other numbers.

    Args:
        written: such as 0.1(6); what is longer than 100 characters is not read.
    """
    found = _REPEATING.fullmatch(written) if len(written) < _LONGEST else None
    if found is None:
        return None
    fixed, repeated = found["fixed"], found["bracketed"] or found["barred"][::2]
    fraction = (fixed + repeated * (_READ_PLACES + 1))[: max(_READ_PLACES, len(fixed)) + 1]
    places = len(fraction) - 1
    return round_places(Decimal(f"{found['whole']}.{fraction}"), places), places


def repeating_like(written: str, number: Decimal) -> str | None:
    """A number in the notation of another, whose decimals are repeated; `None` where those are not.

    Args:
        written: the other number, such as 0,(3).
        number: finite. What is no simple fraction, or is a decimal, is written so, rounded where it needs to be.
    """
    notation = _REPEATING.fullmatch(written)
    if notation is None:
        return None
    fraction = Fraction(number).limit_denominator(_LARGEST_DENOMINATOR)
    off = abs(Decimal(fraction.numerator) / fraction.denominator - number)
    digits = _digits(fraction) if off <= _SAME * max(Decimal(1), abs(number)) else None
    mark = notation["mark"]
    if digits is None:
        shown = sum(map(str.isdigit, written.partition(mark)[2]))
        return f"{round_places(number, max(_PLACES, shown)):f}".replace(".", mark)
    whole, fixed, period = digits
    over = _OVER.search(written)
    if period:
        period = "".join(f"{digit}{over[0]}" for digit in period) if over else f"({period})"
    return f"{'-' * (number < 0)}{whole}{mark if fixed or period else ''}{fixed}{period}"


def _digits(fraction: Fraction) -> tuple[str, str, str] | None:
    """The digits of a fraction before the point, behind it, and those that are repeated; `None` of a long period."""
    whole, rest = divmod(abs(fraction.numerator), fraction.denominator)
    found: list[str] = []
    seen: dict[int, int] = {}
    while rest and rest not in seen:
        seen[rest] = len(found)
        digit, rest = divmod(rest * 10, fraction.denominator)
        found.append(str(digit))
    start = seen[rest] if rest else len(found)
    if len(found) - start > _LONGEST_PERIOD:
        return None
    return str(whole), "".join(found[:start]), "".join(found[start:])
