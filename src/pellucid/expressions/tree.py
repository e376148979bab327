"""The nodes of an expression tree: numbers, elements of arrays, and operators.

One tree serves every reader: it is evaluated, printed as text, LaTeX, HTML or a spreadsheet formula, and read
back from what people have written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, overload

import msgspec


class Expression(msgspec.Struct, frozen=True):
    """Any node. Nodes are immutable; two trees are equal when they are written the same.

    They are structs, not dataclasses, because a row of a long context is spelled with thousands of them.
    """


class Number(Expression, frozen=True):
    """A number as it is written."""

    value: Decimal


class Name(Expression, frozen=True):
    """A quantity known by its name, such as `d_k`."""

    name: str


class Element(Expression, frozen=True):
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


class Negative(Expression, frozen=True):
    """The operand with its sign changed."""

    operand: Expression


class Sum(Expression, frozen=True):
    """terms[0] + terms[1] + …; the sequence may make its terms on demand."""

    terms: Sequence[Expression]


class Terms(Sequence[Expression]):
    """The terms of a sum, made when they are looked at: a row of 100,000 keys costs nothing to spell.

    Args:
        count: how many there are.
        term: makes the k-th, from 0.
    """

    __slots__ = ("_count", "_term")

    def __init__(self, count: int, term: Callable[[int], Expression]) -> None:
        self._count = count
        self._term = term

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, position: int) -> Expression: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Expression]: ...
    def __getitem__(self, position: int | slice) -> Expression | Sequence[Expression]:
        if isinstance(position, slice):
            return tuple(self._term(k) for k in range(*position.indices(self._count)))
        if not -self._count <= position < self._count:
            raise IndexError(position)
        return self._term(position % self._count)

    def __iter__(self) -> Iterator[Expression]:
        return map(self._term, range(self._count))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


class Product(Expression, frozen=True):
    """factors[0] × factors[1] × …"""

    factors: Sequence[Expression]


class Quotient(Expression, frozen=True):
    """numerator / denominator"""

    numerator: Expression
    denominator: Expression


class Power(Expression, frozen=True):
    """base to the exponent"""

    base: Expression
    exponent: Expression


class Exponential(Expression, frozen=True):
    """e to the exponent"""

    exponent: Expression


class SquareRoot(Expression, frozen=True):
    """The square root of the radicand."""

    radicand: Expression


class Sine(Expression, frozen=True):
    """The sine of an angle in radians."""

    angle: Expression


class Cosine(Expression, frozen=True):
    """The cosine of an angle in radians."""

    angle: Expression


class HyperbolicTangent(Expression, frozen=True):
    """The hyperbolic tangent of the argument."""

    argument: Expression


class Logarithm(Expression, frozen=True):
    """The natural logarithm."""

    argument: Expression


class ErrorFunction(Expression, frozen=True):
    """erf of the argument, 2/√π ∫₀ˣ e^(−t²) dt."""

    argument: Expression


class Largest(Expression, frozen=True):
    """The largest of the operands, the first where there are several."""

    operands: Sequence[Expression]


class PositionOfLargest(Expression, frozen=True):
    """Where the largest of the operands stands, counted from 0; the first where there are several."""

    operands: Sequence[Expression]


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
        case HyperbolicTangent() | ErrorFunction() | Logarithm():
            yield node.argument
        case Largest() | PositionOfLargest():
            yield from node.operands
        case Negative():
            yield node.operand


def with_parts(node: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The operator node over changed operands; a leaf is returned as it is."""
    match node:
        case Sum():
            terms = node.terms
            return Sum(Terms(len(terms), lambda k: change(terms[k])))
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
        case HyperbolicTangent():
            return HyperbolicTangent(change(node.argument))
        case ErrorFunction():
            return ErrorFunction(change(node.argument))
        case Logarithm():
            return Logarithm(change(node.argument))
        case Largest():
            return Largest(tuple(map(change, node.operands)))
        case PositionOfLargest():
            return PositionOfLargest(tuple(map(change, node.operands)))
        case Negative():
            return Negative(change(node.operand))
    return node
