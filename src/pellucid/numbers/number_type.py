"""float64, float32 and exact decimals: what the arithmetic can run on.

NumPy arrays of `decimal.Decimal` work with `@`, `np.exp` and `np.sqrt`, so the operations are written once and
a number type only says how numbers enter, which precision is in force, and what NumPy lacks for decimals.
"""

from __future__ import annotations

import decimal
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import InputError
from pellucid.numbers.rounding import as_decimal
from pellucid.numbers.trigonometry import cosine, sine

Scalar = Any
"""One number of a number type: `float`, `numpy.float32` or `decimal.Decimal`."""

EXACT_DIGITS = 50
"""Significant digits of exact mode when none are asked for."""

_TOO_LARGE = "a result is too large for {}; use smaller numbers, or exact decimals (--exact), which reach further."
_EXPONENT_SPAN = 2_000  # decimal digits between the largest and the smallest float64, with room for products


class NumberType(ABC):
    """How numbers enter the arithmetic and which precision is in force."""

    name: str
    dtype: np.dtype[Any]

    @abstractmethod
    def number(self, value: Decimal | float) -> Scalar:
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
    def matmul(self, left: Array, right: Array) -> Array:
        """`left @ right`."""

    def __repr__(self) -> str:
        return self.name


class Float(NumberType):
    """IEEE 754 binary floating point."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.name = dtype

    def number(self, value: Decimal | float) -> Scalar:
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

    def matmul(self, left: Array, right: Array) -> Array:
        with np.errstate(all="ignore"):  # some BLAS raise flags for nothing; the result itself is looked at
            product = np.asarray(left @ right)
        if not np.isfinite(product).all():
            raise InputError(_TOO_LARGE.format(self.name))
        return product


class Exact(NumberType):
    """Decimals with `digits` significant digits in every rounded result.

    Sums of products carry every digit and are rounded once, so that cancellation inside a dot product loses
    nothing. How the digits that reach a reader are made certain: `pellucid.derivation.derive`.
    """

    def __init__(self, digits: int = EXACT_DIGITS) -> None:
        if digits < 1:
            raise InputError(f"exact mode was asked for {digits} digits; it needs at least 1.")
        self.digits = digits
        self.name = f"exact decimals, {digits} digits"
        self.dtype = np.dtype(object)

    def number(self, value: Decimal | float) -> Scalar:
        return as_decimal(value)

    def array(self, values: Array) -> Array:
        decimals = np.empty(values.shape, dtype=object)
        flat = decimals.reshape(-1)
        for position, value in enumerate(values.reshape(-1).tolist()):
            flat[position] = as_decimal(value)
        return decimals

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """A decimal context of this precision with the widest exponents."""
        try:
            with decimal.localcontext(_context(self.digits)):
                yield
        except (decimal.Overflow, decimal.InvalidOperation, decimal.DivisionByZero):
            raise InputError("a result is too large or undefined even for exact decimals.") from None

    def sine(self, angle: Array) -> Array:
        return _elementwise(sine, angle)

    def cosine(self, angle: Array) -> Array:
        return _elementwise(cosine, angle)

    def matmul(self, left: Array, right: Array) -> Array:
        with decimal.localcontext(_context(2 * self.digits + _EXPONENT_SPAN)):
            product = np.asarray(left @ right)
        return np.asarray(+product)


FLOAT64 = Float("float64")
FLOAT32 = Float("float32")


def number_type_of(array: Array) -> NumberType:
    """The number type of an array that takes part in a computation.

    For decimals the precision is that of the context in force.
    """
    if array.dtype == np.float32:
        return FLOAT32
    if array.dtype == object:
        return Exact(decimal.getcontext().prec)
    return FLOAT64


def _context(digits: int) -> decimal.Context:
    return decimal.Context(
        prec=digits,
        rounding=decimal.ROUND_HALF_EVEN,
        Emin=decimal.MIN_EMIN,
        Emax=decimal.MAX_EMAX,
        traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
    )


def _elementwise(function: Any, array: Array) -> Array:
    return np.asarray(np.frompyfunc(function, 1, 1)(array), dtype=object)
