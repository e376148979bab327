"""From a tree to its number."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add, mul

import numpy as np

from pellucid.errors import InputError
from pellucid.expressions.tree import (
    Cosine,
    Element,
    Exponential,
    Expression,
    Name,
    Negative,
    Number,
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
        InputError: a division by zero, the root of a negative number, or a name without a value.
    """

    def value(node: Expression) -> Scalar:
        match node:
            case Number():
                return numbers.number(node.value)
            case Element():
                return node.value
            case Name():
                if names is None or node.name not in names:
                    known = ", ".join(names) if names else "none"
                    raise InputError(f"{node.name!r} has no value here; names with a value: {known}.")
                return numbers.number(names[node.name])
            case Negative():
                return -value(node.operand)
            case Sum():
                return reduce(add, map(value, node.terms))
            case Product():
                return reduce(mul, map(value, node.factors))
            case Quotient():
                denominator = value(node.denominator)
                if denominator == 0:
                    raise InputError("an expression divides by zero.")
                return value(node.numerator) / denominator
            case Power():
                return value(node.base) ** value(node.exponent)
            case Exponential():
                return _apply(np.exp, value(node.exponent), numbers)
            case SquareRoot():
                radicand = value(node.radicand)
                if radicand < 0:
                    raise InputError("an expression takes the square root of a negative number.")
                return _apply(np.sqrt, radicand, numbers)
            case Sine():
                return _apply(numbers.sine, value(node.angle), numbers)
            case Cosine():
                return _apply(numbers.cosine, value(node.angle), numbers)
        raise TypeError(f"{type(node).__name__} is not an expression that has a value")

    return value(expression)


def _apply(function: object, argument: Scalar, numbers: NumberType) -> Scalar:
    array = np.empty(1, dtype=numbers.dtype)
    array[0] = argument
    return function(array)[0]  # type: ignore[operator]  # a ufunc or a method of the number type
