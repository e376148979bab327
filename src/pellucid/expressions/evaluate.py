"""From a tree to its number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce
from operator import add, mul

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import InputError
from pellucid.expressions.tree import (
    Cosine,
    Element,
    ErrorFunction,
    Exponential,
    Expression,
    HyperbolicTangent,
    Largest,
    Logarithm,
    Name,
    Negative,
    Number,
    PositionOfLargest,
    Power,
    Product,
    Quotient,
    Sine,
    SquareRoot,
    Sum,
)
from pellucid.numbers import NumberType, Scalar


def evaluate(expression: Expression, numbers: NumberType, names: Mapping[str, int] | None = None) -> Scalar:
    """The value of `expression` in the number type `numbers`.

    For exact decimals call it inside `numbers.arithmetic()`.

    Args:
        expression: the tree.
        numbers: float64, float32 or exact decimals.
        names: what the names in the tree stand for, such as `{"d_k": 3}`.

    Raises:
        InputError: a division by zero, the root of a negative number, the logarithm of what is not positive, zero to
            a power that is not positive, or a name without a value.
    """
    value = partial(evaluate, numbers=numbers, names=names)
    match expression:
        case Number():
            return numbers.number(expression.value)
        case Element():
            return expression.value
        case Name():
            if names is None or expression.name not in names:
                known = ", ".join(names) if names else "none"
                raise InputError(f"{expression.name!r} has no value here; names with a value: {known}.")
            return numbers.number(names[expression.name])
        case Negative():
            return -value(expression.operand)
        case Sum():
            return reduce(add, map(value, expression.terms))
        case Product():
            return reduce(mul, map(value, expression.factors))
        case Quotient():
            denominator = value(expression.denominator)
            if denominator == 0:
                raise InputError("an expression divides by zero.")
            return value(expression.numerator) / denominator
        case Power():
            base, exponent = value(expression.base), value(expression.exponent)
            if base == 0 and not exponent > 0:
                raise InputError("an expression raises zero to a power that is not positive.")
            return base**exponent
        case Exponential():
            return np.exp(value(expression.exponent))
        case SquareRoot():
            radicand = value(expression.radicand)
            if radicand < 0:
                raise InputError("an expression takes the square root of a negative number.")
            return np.sqrt(radicand)
        case Sine():
            return _apply(numbers.sine, value(expression.angle), numbers)
        case Cosine():
            return _apply(numbers.cosine, value(expression.angle), numbers)
        case HyperbolicTangent():
            return _apply(numbers.tanh, value(expression.argument), numbers)
        case ErrorFunction():
            return _apply(numbers.erf, value(expression.argument), numbers)
        case Logarithm():
            argument = value(expression.argument)
            if not argument > 0:
                raise InputError("an expression takes the logarithm of a number that is not positive.")
            return _apply(numbers.logarithm, argument, numbers)
        case Largest():
            return reduce(np.maximum, map(value, expression.operands))
        case PositionOfLargest():
            values = list(map(value, expression.operands))
            return values.index(max(values))
    raise TypeError(f"{type(expression).__name__} is not an expression that has a value")


def _apply(function: Callable[[Array], Array], argument: Scalar, numbers: NumberType) -> Scalar:
    array = np.empty(1, dtype=numbers.dtype)
    array[0] = argument
    return function(array)[0]
