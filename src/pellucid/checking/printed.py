"""A number as it is printed, and when a printed number is right.

A printed number claims half a unit of its last digit. A program's print claims the precision of its floating point:
NumPy's `1.` stands for a float that reads back as 1, and 0.7310586 is a float32.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Context, Decimal
from math import isclose, isinf

from pellucid.checking.number_style import NumberStyle
from pellucid.checking.repeating import repeating_like
from pellucid.expressions import Number

_FLOAT32_DIGITS = range(7, 10)
_FLOAT64_DIGITS = 15
_FLOAT32_SLACK = 1e-6
"""A few units in the last place of float32, relative: what a chain of float32 operations loses."""
_FLOAT64_SLACK = 1e-13
_NOISE = 1e-12
"""Relative: a float64 that should be a half must not be judged by its noise."""
_SAME = 1e-9
"""Relative, or absolute below 1: a float64 that is no nearer to a decimal is another number."""
_WIDE = Context(prec=1_000)
_MOST_PLACES = 17
_FLOAT32_PLACES = 8
_PLAIN = NumberStyle("", "", "", 0, "", "", normalised=False)
"""Of what is no number, such as inf."""


class Printed(Number, frozen=True):
    """A number of a document.

    Args:
        value: what it says; of `16%`, 0.16.
        text: as it is printed.
        places: decimal places of `value` that are claimed; negative for thousands.
        start, end: where it stands in its passage's text.
        program: whether a program printed it, which drops zeros: `1.` is 1.0000000.
    """

    text: str = ""
    places: int = 0
    start: int = 0
    end: int = 0
    program: bool = False

    @classmethod
    def read(cls, text: str, start: int, end: int) -> Printed:
        """A plain decimal such as −0.25, and where it stands."""
        digits = text.replace("−", "-").rstrip("%")
        percent = 2 * text.endswith("%")
        return cls(Decimal(digits).scaleb(-percent), text, len(digits.partition(".")[2]) + percent, start, end)

    @property
    def unit(self) -> float:
        """One unit of the last digit."""
        return 10.0**-self.places

    @property
    def is_open(self) -> bool:
        """Whether it goes on: 0.66… claims its digits, not that they are rounded."""
        return "…" in self.text or "..." in self.text

    @property
    def digits(self) -> int:
        """Significant digits."""
        return max(1, self.value.adjusted() + 1 + self.places) if self.value else max(1, self.places)


def tolerance(printed: Printed) -> float:
    """How far the true value may be from the printed one."""
    size = abs(float(printed.value))
    digits = printed.digits
    half = printed.unit / 2
    if digits >= _FLOAT64_DIGITS:
        return max(half, size * _FLOAT64_SLACK)
    if digits in _FLOAT32_DIGITS:
        return max(half * (1 + _NOISE), size * _FLOAT32_SLACK, _FLOAT32_SLACK / 10)
    return half * (1 + 1e-9) + size * _NOISE


def is_right(printed: Printed, true: float, size: float = 0.0) -> bool:
    """Whether the true value rounds to the printed number.

    Args:
        printed: the number.
        true: its true value.
        size: of the largest number in the same array, where a program printed it: what cancels in float32 leaves
            noise of that size.
    """
    value = float(printed.value)
    if isinf(true) or isinf(value):
        # Programs write −∞ as a very large negative number, such as -1e9.
        return value == true or (true < 0 and value <= -1e4)
    if abs(value - true) <= printed.unit / 2:
        return True  # every tolerance is at least that
    if printed.is_open and _starts_with(printed, true):
        return True
    noise = size * _FLOAT32_SLACK if printed.program or "e" in printed.text else 0.0
    return abs(value - true) <= max(tolerance(printed), noise)


def is_exact(printed: Printed, true: float) -> bool:
    """Whether a printed number is the true value itself, not a rounding of it; only an infinity is an infinity."""
    return isclose(float(printed.value), true, rel_tol=_SAME, abs_tol=_SAME)


def is_near(printed: Printed, true: float) -> bool:
    """Whether a number is right but for rounding on the way: at most one off in its last digit."""
    return is_right(printed, true) or abs(float(printed.value) - true) <= 1.5 * printed.unit


def correct_text(printed: Printed, true: float | Decimal, written: str = "") -> str:
    """The right number, with as many places as the wrong one and in its style.

    Args:
        printed: the wrong number.
        true: the right one.
        written: how the wrong one stands in its file, where that is known.
    """
    if true in (float("inf"), float("-inf")):
        return "-inf" if true < 0 else "inf"
    number = Decimal(repr(float(true))) if not isinstance(true, Decimal) else true
    if (repeating := repeating_like(written or printed.text, number)) is not None:
        return repeating
    style = NumberStyle.of(written, printed.text) or NumberStyle.of(printed.text, printed.text) or _PLAIN
    if style.exponent:
        return style.write_scaled(number)
    places = min(max(printed.places, 0), _MOST_PLACES)
    if printed.is_open:
        number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN, context=_WIDE)
    if "%" in printed.text:
        return style.write(number * 100, max(places - 2, 0), max(places - 2, 0))
    if printed.digits >= _FLOAT32_DIGITS[0] and places > _FLOAT32_PLACES:
        places = _FLOAT32_PLACES
    return style.write(number, places, min(style.places, places) if printed.program else places)


def is_truncated(printed: Printed, true: float) -> bool:
    """Whether the true value was cut off, not rounded, to the printed number."""
    return _starts_with(printed, true) and not is_right(printed, true)


def _starts_with(printed: Printed, true: float) -> bool:
    """Whether the digits of the true value begin with the printed ones."""
    value = abs(float(printed.value))
    same_sign = value == 0 or (true < 0) == (printed.value < 0)
    return same_sign and 0 <= abs(true) - value < printed.unit


def is_last_digit(printed: Printed, true: float) -> bool:
    """Whether only the last digit is off, by one, where rounding was needed; and by no more than a tenth of the number.

    A number that needs no rounding, such as 0.3×0.1 = 0.03, has no last digit that could slip.
    """
    off = abs(float(printed.value) - true)
    if not off <= printed.unit * (1.5 + 1e-9):
        return False
    needs_rounding = abs(true / printed.unit - round(true / printed.unit)) > 1e-6
    return needs_rounding and ((printed.digits >= 2 and off <= 0.1 * abs(true)) or is_truncated(printed, true))
