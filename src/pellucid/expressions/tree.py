"""The nodes of an expression tree: numbers, elements of arrays, and operators.

One tree serves every reader: it is evaluated, printed as text, LaTeX, HTML or a spreadsheet formula, and read
back from what people have written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


class Expression:
    """Any node. Nodes are immutable; two trees are equal when they are written the same."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """A number as it is written."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """A quantity known by its name, such as `d_k`."""

    name: str


@dataclass(frozen=True, slots=True)
class Element(Expression):
    """One element of a named array, with its value.

    Args:
        array: the name of the step that holds it, such as "scores".
        index: its position, one integer an axis, from 0.
        value: a scalar of the number type in use.
        written: how it was given, when that is more than a number: 1/3, sqrt(2).
    """

    array: str
    index: tuple[int, ...]
    value: Any
    written: Expression | None = None


@dataclass(frozen=True, slots=True)
class Negative(Expression):
    """The operand with its sign changed."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Sum(Expression):
    """terms[0] + terms[1] + …; the sequence may make its terms on demand."""

    terms: Sequence[Expression]


@dataclass(frozen=True, slots=True)
class Product(Expression):
    """factors[0] × factors[1] × …"""

    factors: Sequence[Expression]


@dataclass(frozen=True, slots=True)
class Quotient(Expression):
    """numerator / denominator"""

    numerator: Expression
    denominator: Expression


@dataclass(frozen=True, slots=True)
class Power(Expression):
    """base to the exponent"""

    base: Expression
    exponent: Expression


@dataclass(frozen=True, slots=True)
class Exponential(Expression):
    """e to the exponent"""

    exponent: Expression


@dataclass(frozen=True, slots=True)
class SquareRoot(Expression):
    """The square root of the radicand."""

    radicand: Expression


@dataclass(frozen=True, slots=True)
class Sine(Expression):
    """The sine of an angle in radians."""

    angle: Expression


@dataclass(frozen=True, slots=True)
class Cosine(Expression):
    """The cosine of an angle in radians."""

    angle: Expression


def parts(node: Expression) -> Iterator[Expression]:
    """The operands of an operator node, in the order in which they are written; nothing for a leaf."""
    match node:
        case Sum():
            yield from node.terms
        case Product():
            yield from node.factors
        case Quotient():
            yield from (node.numerator, node.denominator)
        case Power():
            yield from (node.base, node.exponent)
        case Exponential():
            yield node.exponent
        case SquareRoot():
            yield node.radicand
        case Sine() | Cosine():
            yield node.angle
        case Negative():
            yield node.operand


def with_parts(node: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The operator node over changed operands; a leaf is returned as it is."""
    match node:
        case Sum():
            return Sum(tuple(map(change, node.terms)))
        case Product():
            return Product(tuple(map(change, node.factors)))
        case Quotient():
            return Quotient(change(node.numerator), change(node.denominator))
        case Power():
            return Power(change(node.base), change(node.exponent))
        case Exponential():
            return Exponential(change(node.exponent))
        case SquareRoot():
            return SquareRoot(change(node.radicand))
        case Sine():
            return Sine(change(node.angle))
        case Cosine():
            return Cosine(change(node.angle))
        case Negative():
            return Negative(change(node.operand))
    return node
