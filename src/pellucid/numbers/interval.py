"""Bounds of a true number, in decimals: every operation rounds the lower bound down and the upper bound up.

Whatever the true number is, it lies between the bounds (Moore, Interval Analysis, 1966). Digits on which both
bounds agree are therefore certain, however much cancelled on the way.
"""

from __future__ import annotations

import decimal
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Any

from pellucid.numbers.error_function import erf, tanh
from pellucid.numbers.rounding import round_significant
from pellucid.numbers.trigonometry import cosine, sine

_NOTHING = Decimal("1e-100000000000000000")  # a number this small has no digits that anyone could print

_DOUBTFUL_DIGITS = 10
_GUARD = 5


class Interval:
    """Every number from `low` to `high`; a number that is known exactly is both.

    The operators work in the precision of the decimal context in force, on intervals and plain numbers. NumPy
    calls them, `exp` and `sqrt` for the elements of an object array.
    """

    __slots__ = ("high", "low")

    def __init__(self, low: Decimal, high: Decimal) -> None:
        self.low = low
        self.high = low if low == high else high

    def __repr__(self) -> str:
        return f"[{self.low}, {self.high}]"

    def __neg__(self) -> Interval:
        return Interval(self.high.copy_negate(), self.low.copy_negate())

    def __add__(self, other: Any) -> Interval:
        other, (down, up) = _interval(other), _outwards()
        return Interval(down.add(self.low, other.low), up.add(self.high, other.high))

    def __sub__(self, other: Any) -> Interval:
        if other is self:  # one and the same number, of whatever value
            return _ZERO
        other, (down, up) = _interval(other), _outwards()
        return Interval(down.subtract(self.low, other.high), up.subtract(self.high, other.low))

    def __mul__(self, other: Any) -> Interval:
        other, (down, up) = _interval(other), _outwards()
        corners = list(product(self._bounds(), other._bounds()))
        return Interval(min(down.multiply(*pair) for pair in corners), max(up.multiply(*pair) for pair in corners))

    def __truediv__(self, other: Any) -> Interval:
        other, (down, up) = _interval(other), _outwards()
        if other.low <= 0 <= other.high:
            raise decimal.DivisionByZero
        corners = list(product(self._bounds(), other._bounds()))
        return Interval(min(down.divide(*pair) for pair in corners), max(up.divide(*pair) for pair in corners))

    def __pow__(self, other: Any) -> Interval:
        other = _interval(other)
        crosses_zero = self.low < 0 < self.high
        if crosses_zero and other.low < 0:
            raise decimal.DivisionByZero
        corners = [_to_nearest("power", *pair) for pair in product(self._bounds(), other._bounds())]
        lows, highs = zip(*corners, *[(Decimal(0), Decimal(0))] * crosses_zero, strict=True)
        return Interval(min(lows), max(highs))

    def exp(self) -> Interval:
        """The exponential."""
        return Interval(max(_to_nearest("exp", self.low)[0], Decimal(0)), _to_nearest("exp", self.high)[1])

    def sqrt(self) -> Interval:
        """The square root; bounds below zero count as zero."""
        lower, upper = (_to_nearest("sqrt", max(bound, Decimal(0))) for bound in (self.low, self.high))
        return Interval(max(lower[0], Decimal(0)), upper[1])

    def tanh(self) -> Interval:
        """The hyperbolic tangent."""
        return self._rising(tanh)

    def erf(self) -> Interval:
        """The error function."""
        return self._rising(erf)

    def ln(self) -> Interval:
        """The natural logarithm of a positive number."""
        return self._rising(Decimal.ln)

    def _rising(self, function: Any) -> Interval:
        """A function that never falls, of which the last digits may be off."""
        down, up = _outwards()
        with decimal.localcontext() as context:
            context.prec += _GUARD
            low, high = function(self.low), function(self.high)
        off = Decimal(10) ** -(down.prec + 2)  # of the value: far more than the guard digits can be off
        return Interval(down.subtract(low, off * abs(low)), up.add(high, off * abs(high)))

    def sine(self) -> Interval:
        """The sine of as many radians."""
        return self._wave(sine)

    def cosine(self) -> Interval:
        """The cosine of as many radians."""
        return self._wave(cosine)

    def _wave(self, function: Any) -> Interval:
        if self.low.is_zero() and self.high.is_zero():
            return Interval(function(self.low), function(self.low))
        _, up = _outwards()
        # Between two angles, sine and cosine change by no more than the angle does.
        off = up.add(up.subtract(self.high, self.low), Decimal(10) ** -up.prec)
        return Interval.around(function(self.low), off)

    @classmethod
    def around(cls, low: Decimal, off: Decimal, high: Decimal | None = None) -> Interval:
        """From `off` below `low` to `off` above `high`, which is `low` when left out."""
        down, up = _outwards()
        return cls(down.subtract(low, off), up.add(low if high is None else high, off))

    def __eq__(self, other: object) -> bool:
        """Whether both are known exactly and equal."""
        if isinstance(other, Interval):
            return self.low == other.high and self.high == other.low
        return bool(self.low == other == self.high)

    def __lt__(self, other: Any) -> bool:
        """Whether every number of this interval is below every number of the other."""
        return self.high < _interval(other).low

    def __gt__(self, other: Any) -> bool:
        """Whether every number of this interval is above every number of the other."""
        return self.low > _interval(other).high

    def __ge__(self, other: Any) -> bool:
        """Whether the upper bound is as large; what NumPy finds a maximum with."""
        return self.high >= _interval(other).high

    @property
    def width(self) -> Decimal:
        """How far the bounds are apart, rounded up."""
        return _outwards()[1].subtract(self.high, self.low) if self.high is not self.low else Decimal(0)

    def certain(self, digits: int) -> Decimal | None:
        """The true number rounded to `digits` significant digits, or `None` when the bounds do not settle them."""
        if self.low.copy_abs() < _NOTHING and self.high.copy_abs() < _NOTHING:
            return Decimal(0)
        low = round_significant(self.low, digits)
        return low if self.low is self.high or low == round_significant(self.high, digits) else None

    def likely(self) -> Decimal:
        """The number of few digits that the true number must be: zero, or a half that rounding waits for."""
        if self.low <= 0 <= self.high:
            return Decimal(0)
        agreed = self.high.adjusted() - self.width.adjusted()
        return round_significant(self.low, max(1, agreed - _DOUBTFUL_DIGITS))

    def _bounds(self) -> tuple[Decimal, ...]:
        return (self.low,) if self.low is self.high else (self.low, self.high)


_ZERO = Interval(Decimal(0), Decimal(0))


def _interval(number: Any) -> Interval:
    return number if isinstance(number, Interval) else Interval(Decimal(number), Decimal(number))


def _outwards() -> tuple[decimal.Context, decimal.Context]:
    """Contexts of the precision in force that round down and up."""
    return _contexts(decimal.getcontext().prec)


@lru_cache(maxsize=64)
def _contexts(digits: int) -> tuple[decimal.Context, decimal.Context]:
    down, up = (
        decimal.Context(
            prec=digits,
            rounding=rounding,
            Emin=decimal.MIN_EMIN,
            Emax=decimal.MAX_EMAX,
            traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
        )
        for rounding in (decimal.ROUND_FLOOR, decimal.ROUND_CEILING)
    )
    return down, up


def _to_nearest(function: str, *operands: Decimal) -> tuple[Decimal, Decimal]:
    """Bounds of a function that decimals round to nearest, whatever the rounding mode in force."""
    context = _outwards()[0].copy()  # one of its own, for the flag
    context.clear_flags()
    value = getattr(context, function)(*operands)
    if not context.flags[decimal.Inexact]:
        return value, value
    return context.next_minus(value), context.next_plus(value)
