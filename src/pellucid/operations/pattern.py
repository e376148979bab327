"""Patterns: how *any* element of a result comes about, as data.

A pattern is an expression tree whose leaves are operands at symbolic positions: the element (i, j) of a matrix
product is Σ_k left[i, k] × right[k, j]. Everything that shows arithmetic reads the same pattern: `bind` puts an
index in and yields the expression of one element; the spreadsheet turns a bound sum into a SUMPRODUCT over
ranges; the HTML page carries the patterns and spells any element that is clicked; printed as it stands, a
pattern is the formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import overload

import msgspec

from pellucid.arrays import Array
from pellucid.expressions import Element, Expression, Number, Sum, with_parts

Pattern = Expression
"""An expression tree that may hold the nodes of this file."""


class Position(msgspec.Struct, frozen=True):
    """A position along one axis, ((variable × times + plus) // over) % modulo.

    Args:
        variable: an axis of the result (an integer from 0) or the variable of a sum (a string).
        times, plus, over, modulo: whole numbers; `modulo` 0 means no remainder is taken.
    """

    variable: int | str
    times: int = 1
    plus: Position | int = 0
    over: int = 1
    modulo: int = 0

    def at(self, index: Sequence[int], variables: Mapping[str, int]) -> int:
        """The position for one element of the result."""
        start = variables[self.variable] if isinstance(self.variable, str) else index[self.variable]
        plus = self.plus.at(index, variables) if isinstance(self.plus, Position) else self.plus
        position = (start * self.times + plus) // self.over
        return position % self.modulo if self.modulo else position


class Operand(Expression, frozen=True):
    """An element of one of the operation's operands, counted from 0."""

    operand: int
    index: tuple[Position, ...]


class PositionNumber(Expression, frozen=True):
    """A position taken as a number."""

    position: Position


class SumOver(Expression, frozen=True):
    """The sum of `body` for `variable` from 0 to `count` − 1."""

    variable: str
    count: int
    body: Pattern


class LargestOver(Expression, frozen=True):
    """The largest element of `operand` for `variable` from 0 to `count` − 1."""

    variable: str
    count: int
    operand: Operand


class IfTrue(Expression, frozen=True):
    """`then` where the boolean `condition` is true, else `otherwise`."""

    condition: Operand
    then: Pattern
    otherwise: Pattern


class IfFinite(Expression, frozen=True):
    """`then` where the largest is more than −∞, else `otherwise`."""

    largest: LargestOver
    then: Pattern
    otherwise: Pattern


class ByParity(Expression, frozen=True):
    """`even` where the position is even, else `odd`."""

    position: Position
    even: Pattern
    odd: Pattern


class Source(msgspec.Struct, frozen=True, eq=False):
    """An operand as `bind` needs it: the name of its step, its values, and how its elements were written."""

    name: str
    value: Array
    written: Callable[[tuple[int, ...]], Expression | None]


class _Terms(Sequence[Expression]):
    """The terms of a bound sum, made when they are looked at: a row of 100,000 keys costs nothing to spell."""

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


def bind(
    pattern: Pattern,
    index: tuple[int, ...],
    sources: Sequence[Source],
    variables: Mapping[str, int] | None = None,
) -> Expression:
    """The expression of the element at `index`: the pattern with the operands' elements put in.

    Args:
        pattern: an operation's pattern.
        index: position in the result, one integer an axis.
        sources: the operands, in the operation's order.
        variables: values of the variables of enclosing sums.
    """
    bound = variables or {}

    def visit(node: Pattern) -> Expression:
        match node:
            case Operand():
                return element(node, tuple(position.at(index, bound) for position in node.index))
            case SumOver():
                variable, body = node.variable, node.body
                return Sum(_Terms(node.count, lambda k: bind(body, index, sources, {**bound, variable: k})))
            case Sum():
                terms = tuple(map(visit, node.terms))
                first = terms[0]
                if isinstance(first, Sum) and len(terms) == 2:  # x W + b reads as one sum
                    inner, last = first.terms, terms[1]
                    return Sum(_Terms(len(inner) + 1, lambda k: inner[k] if k < len(inner) else last))
                return Sum(terms)
            case PositionNumber():
                return Number(Decimal(node.position.at(index, bound)))
            case IfTrue():
                place = tuple(position.at(index, bound) for position in node.condition.index)
                holds = sources[node.condition.operand].value[place]
                return visit(node.then if holds else node.otherwise)
            case IfFinite():
                return visit(node.then if largest(node.largest).value != float("-inf") else node.otherwise)
            case ByParity():
                return visit(node.odd if node.position.at(index, bound) % 2 else node.even)
            case LargestOver():
                return largest(node)
        return with_parts(node, visit)

    def element(operand: Operand, place: tuple[int, ...]) -> Element:
        source = sources[operand.operand]
        return Element(source.name, place, source.value[place], source.written(place))

    def largest(node: LargestOver) -> Element:
        places = node.operand.index
        along = next(axis for axis, position in enumerate(places) if position.variable == node.variable)
        before, after = (
            tuple(position.at(index, bound) for position in part) for part in (places[:along], places[along + 1 :])
        )
        place: tuple[int | slice, ...] = (*before, slice(None), *after)
        row = sources[node.operand.operand].value[place]
        return element(node.operand, (*before, int(row.argmax()), *after))

    return visit(pattern)
