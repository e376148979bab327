"""The activations of feed-forward networks (Vaswani et al. 2017, §3.3, and later practice), element by element."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from pellucid.arrays import Array
from pellucid.expressions import (
    ErrorFunction,
    Exponential,
    Expression,
    HyperbolicTangent,
    Largest,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    SquareRoot,
    Sum,
    evaluate,
)
from pellucid.numbers import NumberType, Scalar, number_type_of
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Pattern, same_place

_ONE, _TWO = Number(Decimal(1)), Number(Decimal(2))
_PI = Number(Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534"))
_CUBIC = Number(Decimal("0.044715"))


class ReLU(Operation):
    """max(0, x) (Vaswani et al. 2017, §3.3)."""

    def evaluate(self, *operands: Array) -> Array:
        (x,) = operands
        return np.asarray(np.maximum(_constant(Number(Decimal(0)), x), x))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        return Largest((Number(Decimal(0)), same_place(shapes[0], 0)))


class GELU(Operation):
    """x · (1 + erf(x/√2)) / 2 (Hendrycks and Gimpel 2016)."""

    _ROOT = SquareRoot(_TWO)

    def evaluate(self, *operands: Array) -> Array:
        (x,) = operands
        cumulative = number_type_of(x).erf(x / _constant(self._ROOT, x)) + _constant(_ONE, x)
        return np.asarray(x * cumulative / _constant(_TWO, x))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        x = same_place(shapes[0], 0)
        return Quotient(Product((x, Sum((_ONE, ErrorFunction(Quotient(x, self._ROOT)))))), _TWO)


class TanhGELU(Operation):
    """x · (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, GELU's approximation (Hendrycks and Gimpel 2016, §2)."""

    _FACTOR = SquareRoot(Quotient(_TWO, _PI))

    def evaluate(self, *operands: Array) -> Array:
        (x,) = operands
        # x³ is a product of three, not a power, which NumPy takes long for.
        argument = (x + x * x * x * _constant(_CUBIC, x)) * _constant(self._FACTOR, x)
        return np.asarray(x * (number_type_of(x).tanh(argument) + _constant(_ONE, x)) / _constant(_TWO, x))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        x = same_place(shapes[0], 0)
        cube = Product((_CUBIC, Power(x, Number(Decimal(3)))))
        argument = Product((self._FACTOR, Sum((x, cube))))
        return Quotient(Product((x, Sum((_ONE, HyperbolicTangent(argument))))), _TWO)


class SiLU(Operation):
    """x / (1 + e^(−x)) (Hendrycks and Gimpel 2016; Elfwing et al. 2017)."""

    def evaluate(self, *operands: Array) -> Array:
        (x,) = operands
        one = _constant(_ONE, x)
        if x.dtype == object:
            return np.asarray(x / (np.exp(-x) + one))
        # Below the least exponent the result is zero to the last digit, and its exponential would overflow.
        power = np.exp(np.negative(np.maximum(x, -80.0 if x.dtype == np.float32 else -700.0)))
        power += one
        return np.asarray(np.divide(x, power, out=power))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        x = same_place(shapes[0], 0)
        return Quotient(x, Sum((_ONE, Exponential(Negative(x)))))

    def live_pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        x = same_place(shapes[0], 0)
        return Quotient(x, Sum((_ONE, Exponential(Negative(Largest((x, Number(Decimal(-700)))))))))


_constants: dict[tuple[str, Expression], Scalar] = {}


def _constant(expression: Expression, like: Array) -> Scalar:
    """A constant in the array's number type; of floats it is kept."""
    if like.dtype == object:
        numbers: NumberType = number_type_of(like)
        return evaluate(expression, numbers)
    key = (like.dtype.char, expression)
    if key not in _constants:
        _constants[key] = evaluate(expression, number_type_of(like))
    return _constants[key]


ACTIVATIONS: dict[str, Operation] = {"relu": ReLU(), "gelu": GELU(), "gelu_tanh": TanhGELU(), "silu": SiLU()}
"""By the name that configurations have for them."""
