"""The float64 value of an expression, quickly: a large document holds a hundred thousand equations.

`pellucid.expressions.evaluate` serves every number type; this gives the same values (a test compares them) for plain
floats only, and it can put another number in the place of a printed one without building another tree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pellucid.checking.printed import Printed
from pellucid.errors import InputError
from pellucid.expressions import (
    Exponential,
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    SquareRoot,
    Sum,
    evaluate,
    parts,
)
from pellucid.numbers import FLOAT64


class NoValueError(Exception):
    """What is written has no value: shapes that do not fit, a root of a negative number."""


def float_of(tree: Expression, place: int = -1, instead: float = 0.0) -> float:
    """The value of an expression.

    Args:
        tree: the expression.
        place: where a printed number stands that is to be taken for another.
        instead: the number that is taken in its place.

    Raises:
        NoValueError: it has none, such as a division by zero, or it is beyond float64.
    """
    try:
        value = _EVALUATORS.get(type(tree), _other)(tree, place, instead)
    except (InputError, ArithmeticError, ValueError, RecursionError):
        raise NoValueError from None
    if math.isnan(value) or (math.isinf(value) and not _says_infinity(tree)):
        raise NoValueError
    return value


def _says_infinity(tree: Expression) -> bool:
    """Whether an infinity is written in the tree, so that an infinite value is no overflow."""
    if isinstance(tree, Number):
        return not tree.value.is_finite()
    return any(map(_says_infinity, parts(tree)))


def _number(tree: Any, place: int, instead: float) -> float:
    return float(tree.value)


def _printed(tree: Any, place: int, instead: float) -> float:
    return instead if tree.start == place else float(tree.value)


def _negative(tree: Any, place: int, instead: float) -> float:
    operand = tree.operand
    return -_EVALUATORS.get(type(operand), _other)(operand, place, instead)


def _sum(tree: Any, place: int, instead: float) -> float:
    total = 0.0
    for term in tree.terms:
        total += _EVALUATORS.get(type(term), _other)(term, place, instead)
    return total


def _product(tree: Any, place: int, instead: float) -> float:
    product = 1.0
    for factor in tree.factors:
        product *= _EVALUATORS.get(type(factor), _other)(factor, place, instead)
    return product


def _quotient(tree: Any, place: int, instead: float) -> float:
    numerator, denominator = tree.numerator, tree.denominator
    below = _EVALUATORS.get(type(denominator), _other)(denominator, place, instead)
    return _EVALUATORS.get(type(numerator), _other)(numerator, place, instead) / below


def _exponential(tree: Any, place: int, instead: float) -> float:
    exponent = tree.exponent
    return math.exp(_EVALUATORS.get(type(exponent), _other)(exponent, place, instead))


def _square_root(tree: Any, place: int, instead: float) -> float:
    radicand = tree.radicand
    return math.sqrt(_EVALUATORS.get(type(radicand), _other)(radicand, place, instead))


def _power(tree: Any, place: int, instead: float) -> float:
    base, exponent = (_EVALUATORS.get(type(part), _other)(part, place, instead) for part in (tree.base, tree.exponent))
    return math.pow(base, exponent)


def _other(tree: Expression, place: int, instead: float) -> float:
    with FLOAT64.arithmetic():
        return float(evaluate(tree, FLOAT64))


_EVALUATORS: dict[type[Expression], Callable[[Any, int, float], float]] = {
    Number: _number,
    Printed: _printed,
    Negative: _negative,
    Sum: _sum,
    Product: _product,
    Quotient: _quotient,
    Exponential: _exponential,
    SquareRoot: _square_root,
    Power: _power,
}
