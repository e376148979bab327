"""float64, float32 and exact decimals: what the arithmetic can run on.

NumPy arrays of `decimal.Decimal`, and of intervals of them, work with `@`, `np.exp` and `np.sqrt`, so the
operations are written once and a number type only says how numbers enter, which precision is in force, and what
NumPy lacks for decimals.
"""

from __future__ import annotations

import decimal
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import InputError
from pellucid.numbers.error_function import erf, erf_of_floats, tanh
from pellucid.numbers.interval import Interval
from pellucid.numbers.notation import Notation
from pellucid.numbers.rounding import as_decimal
from pellucid.numbers.trigonometry import cosine, sine

Scalar = Any
"""One number of a number type: `float`, `numpy.float32`, `decimal.Decimal` or an `Interval`."""

EXACT_DIGITS = 50
"""Significant digits of exact mode when none are asked for."""

_TOO_LARGE = (
    "a result is too large or undefined in {}; use smaller numbers, or exact decimals (--exact), which reach further."
)
_MOST_DIGITS = 100_000
_EXPONENT_SPAN = 2_000  # decimal digits between the largest and the smallest float64, with room for products


_WATCHES: ContextVar[bool] = ContextVar("watches", default=True)
"""Whether every product of floats is looked at."""

_FLOAT32 = np.dtype("float32")


class NumberType(ABC):
    """How numbers enter the arithmetic and which precision is in force."""

    name: str
    dtype: np.dtype[Any]

    @abstractmethod
    def number(self, value: Decimal | int | float | np.generic) -> Scalar:
        """`value` as one number of this type."""

    @abstractmethod
    def array(self, values: Array) -> Array:
        """An array of any dtype as an array of this type, same shape; it may be `values` itself."""

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """The context in which operations are to be evaluated."""
        yield

    @abstractmethod
    def sine(self, angle: Array) -> Array:
        """Elementwise sine of radians."""

    @abstractmethod
    def cosine(self, angle: Array) -> Array:
        """Elementwise cosine of radians."""

    @abstractmethod
    def tanh(self, argument: Array) -> Array:
        """Elementwise hyperbolic tangent."""

    @abstractmethod
    def erf(self, argument: Array) -> Array:
        """Elementwise error function."""

    @abstractmethod
    def logarithm(self, argument: Array) -> Array:
        """Elementwise natural logarithm of positive numbers."""

    @abstractmethod
    def matmul(self, left: Array, right: Array) -> Array:
        """`left @ right`."""

    def rounded(self, array: Array, notation: Notation) -> Array:
        """Every element as it is printed."""
        return _elementwise(lambda value: self.number(notation.rounded(value)), array, self.dtype)

    def __repr__(self) -> str:
        return self.name


class Float(NumberType):
    """IEEE 754 binary floating point."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.name = dtype

    def number(self, value: Decimal | int | float | np.generic) -> Scalar:
        return self.dtype.type(float(value))

    def array(self, values: Array) -> Array:
        return np.asarray(values, dtype=self.dtype)

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """Overflow becomes a sentence instead of an infinity that travels on."""
        try:
            with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
                yield
        except FloatingPointError:
            raise InputError(_TOO_LARGE.format(self.name)) from None

    def sine(self, angle: Array) -> Array:
        return np.asarray(np.sin(angle))

    def cosine(self, angle: Array) -> Array:
        return np.asarray(np.cos(angle))

    def tanh(self, argument: Array) -> Array:
        return np.asarray(np.tanh(argument))

    def erf(self, argument: Array) -> Array:
        return erf_of_floats(argument)

    def logarithm(self, argument: Array) -> Array:
        return np.asarray(np.log(argument))

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """The context in which nothing is looked for: who enters it looks at the end result, as `matmul` then does not.

        Looking at every product costs more than a product of small matrices.
        """
        token = _WATCHES.set(False)
        try:
            with np.errstate(all="ignore"):
                yield
        finally:
            _WATCHES.reset(token)

    def check(self, result: Array) -> None:
        """Looks at the end result.

        Raises:
            InputError: something has overflowed on the way.
        """
        if not np.isfinite(result).all():
            raise InputError(_TOO_LARGE.format(self.name))

    def matmul(self, left: Array, right: Array) -> Array:
        if not _WATCHES.get():
            return np.matmul(left, right)  # type: ignore[no-any-return]
        with np.errstate(all="ignore"):  # some BLAS raise flags for nothing; the result itself is looked at
            product = np.asarray(left @ right)
        self.check(product)
        return product


class Exact(NumberType):
    """Decimals with `digits` significant digits in every rounded result.

    Sums of products carry every digit and are rounded once, so that cancellation inside a dot product loses
    nothing. How the digits that reach a reader are made certain: `pellucid.derivation.derive`.
    """

    dtype = np.dtype(object)

    def __init__(self, digits: int = EXACT_DIGITS) -> None:
        if not 1 <= digits <= _MOST_DIGITS:
            raise InputError(f"exact mode was asked for {digits} digits; it can have 1 to {_MOST_DIGITS:,}.")
        self.digits = digits
        self.name = f"exact decimals, {digits} digits"

    def number(self, value: Decimal | int | float | np.generic) -> Scalar:
        return as_decimal(value)

    def array(self, values: Array) -> Array:
        return _elementwise(self.number, values, self.dtype)

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """A decimal context of this precision with the widest exponents."""
        try:
            with decimal.localcontext(_context(self.digits)):
                yield
        except (decimal.Overflow, decimal.InvalidOperation, decimal.DivisionByZero):
            raise InputError("a result is too large or undefined even for exact decimals.") from None

    def sine(self, angle: Array) -> Array:
        return _elementwise(sine, angle, self.dtype)

    def cosine(self, angle: Array) -> Array:
        return _elementwise(cosine, angle, self.dtype)

    def tanh(self, argument: Array) -> Array:
        return _elementwise(tanh, argument, self.dtype)

    def erf(self, argument: Array) -> Array:
        return _elementwise(erf, argument, self.dtype)

    def logarithm(self, argument: Array) -> Array:
        return _elementwise(Decimal.ln, argument, self.dtype)

    def matmul(self, left: Array, right: Array) -> Array:
        with decimal.localcontext(_whole(self.digits)):
            product = np.asarray(left @ right)
        return np.asarray(+product)


class Enclosed(Exact):
    """Intervals that are certain to hold the true numbers, with bounds of `digits` significant digits.

    Args:
        digits: of the bounds.
        decides: whether a number that cannot be told from a half is rounded as a half; otherwise the interval
            then covers both ways to round it.
    """

    def __init__(self, digits: int, *, decides: bool = False) -> None:
        super().__init__(digits)
        self.decides = decides

    def number(self, value: Decimal | int | float | np.generic) -> Scalar:
        return Interval(*(as_decimal(value),) * 2)

    def sine(self, angle: Array) -> Array:
        return _elementwise(Interval.sine, angle, self.dtype)

    def cosine(self, angle: Array) -> Array:
        return _elementwise(Interval.cosine, angle, self.dtype)

    def tanh(self, argument: Array) -> Array:
        return _elementwise(Interval.tanh, argument, self.dtype)

    def erf(self, argument: Array) -> Array:
        return _elementwise(Interval.erf, argument, self.dtype)

    def logarithm(self, argument: Array) -> Array:
        return _elementwise(Interval.ln, argument, self.dtype)

    def matmul(self, left: Array, right: Array) -> Array:
        """The product of the lower bounds, widened by what the widths can add to it (Rump, BIT 39(3), 1999)."""
        left_low, left_width = _low_and_width(left)
        right_low, right_width = _low_and_width(right)
        products = []
        for rounding in (decimal.ROUND_FLOOR, decimal.ROUND_CEILING):
            with decimal.localcontext(_whole(self.digits), rounding=rounding):
                products.append(np.asarray(left_low @ right_low))
        with decimal.localcontext(rounding=decimal.ROUND_CEILING):
            off = abs(left_low) @ right_width + left_width @ (abs(right_low) + right_width)
        return np.asarray(np.frompyfunc(Interval.around, 3, 1)(products[0], off, products[1]), dtype=object)

    def rounded(self, array: Array, notation: Notation) -> Array:
        return _elementwise(lambda value: self._rounded(value, notation), array, self.dtype)

    def _rounded(self, value: Interval, notation: Notation) -> Interval:
        low, high = notation.rounded(value.low), notation.rounded(value.high)
        if low != high and self.decides:
            low = high = notation.rounded(value.likely())
        return Interval(low, high)


FLOAT64 = Float("float64")
FLOAT32 = Float("float32")


def number_type_of(array: Array) -> NumberType:
    """The number type of an array that takes part in a computation.

    For decimals the precision is that of the context in force.
    """
    if array.dtype is _FLOAT32 or array.dtype == _FLOAT32:
        return FLOAT32
    if array.dtype == object:
        digits = decimal.getcontext().prec
        return Enclosed(digits) if isinstance(array.flat[0], Interval) else Exact(digits)
    return FLOAT64


def _context(digits: int) -> decimal.Context:
    return decimal.Context(
        prec=digits,
        rounding=decimal.ROUND_HALF_EVEN,
        Emin=decimal.MIN_EMIN,
        Emax=decimal.MAX_EMAX,
        traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
    )


def _whole(digits: int) -> decimal.Context:
    """The context in which sums of products of numbers with so many digits keep them all."""
    return _context(2 * digits + _EXPONENT_SPAN)


def _low_and_width(intervals: Array) -> tuple[Array, Array]:
    low, width = np.frompyfunc(lambda interval: (interval.low, interval.width), 1, 2)(intervals)
    return np.asarray(low, dtype=object), np.asarray(width, dtype=object)


def _elementwise(function: Callable[[Any], Scalar], array: Array, dtype: np.dtype[Any]) -> Array:
    result = np.empty(array.shape, dtype=dtype)
    flat = result.reshape(-1)
    for position, value in enumerate(array.reshape(-1)):
        flat[position] = function(value)
    return result
