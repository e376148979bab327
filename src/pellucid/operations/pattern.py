"""Patterns: how *any* element of a result comes about, as data.

A pattern is an expression tree whose leaves are operands at symbolic positions: the element (i, j) of a matrix
product is Σ_k left[i, k] × right[k, j]. Everything that shows arithmetic reads the same pattern: `bind` puts an
index in and yields the expression of one element; the spreadsheet turns a bound sum into a SUMPRODUCT over
ranges; the HTML page carries the patterns and spells any element that is clicked; printed as it stands, a
pattern is the formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial

import msgspec
import numpy as np

from pellucid.arrays import Array
from pellucid.expressions import Element, Expression, Number, PositionOfLargest, Sum, Terms, with_parts

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


def same_place(shape: tuple[int, ...], operand: int) -> Operand:
    """The element of an operand at the place of the result's, for operands of that shape."""
    return Operand(operand, tuple(Position(axis) for axis in range(len(shape))))


class PositionNumber(Expression, frozen=True):
    """A position taken as a number."""

    position: Position


class LookedUp(Expression, frozen=True):
    """An element of a table, in the row that an operand names and a column that is known.

    Args:
        row: the operand's element, a whole number from 0.
        table: which operand the table is.
        rows: how many it has.
        column: of the table.
    """

    row: Operand
    table: int
    rows: int
    column: Position


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


class PositionOfLargestOver(Expression, frozen=True):
    """Where the largest element of `operand` stands for `variable` from 0 to `count` − 1."""

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
    return _Binding(index, sources, variables or {}).bound(pattern)


class _Binding:
    """One element of a result: its index, the operands, and the values of the variables of enclosing sums."""

    __slots__ = ("index", "sources", "variables")

    def __init__(self, index: tuple[int, ...], sources: Sequence[Source], variables: Mapping[str, int]) -> None:
        self.index = index
        self.sources = sources
        self.variables = variables

    def bound(self, node: Pattern) -> Expression:
        """The expression that a pattern stands for."""
        match node:
            case Operand():
                return self.element(node.operand, self.places(node.index))
            case SumOver():
                return Sum(Terms(node.count, partial(self.term, node)))
            case Sum():
                terms = tuple(map(self.bound, node.terms))
                first = terms[0]
                if isinstance(first, Sum) and len(terms) == 2:  # x W + b reads as one sum
                    inner, last = first.terms, terms[1]
                    return Sum(Terms(len(inner) + 1, lambda k: inner[k] if k < len(inner) else last))
                return Sum(terms)
            case LookedUp():
                row = int(self.sources[node.row.operand].value[self.places(node.row.index)])
                return self.element(node.table, (row, node.column.at(self.index, self.variables)))
            case PositionNumber():
                return Number(Decimal(node.position.at(self.index, self.variables)))
            case IfTrue():
                holds = self.sources[node.condition.operand].value[self.places(node.condition.index)]
                return self.bound(node.then if holds else node.otherwise)
            case IfFinite():
                return self.bound(node.then if self.largest(node.largest).value != -np.inf else node.otherwise)
            case ByParity():
                return self.bound(node.odd if node.position.at(self.index, self.variables) % 2 else node.even)
            case LargestOver():
                return self.largest(node)
            case PositionOfLargestOver():
                return PositionOfLargest(Terms(node.count, partial(self.term, node)))
        return with_parts(node, self.bound)

    def term(self, over: SumOver | PositionOfLargestOver, k: int) -> Expression:
        """The term of a sum, or what is compared, for one value of its variable."""
        body = over.body if isinstance(over, SumOver) else over.operand
        return _Binding(self.index, self.sources, {**self.variables, over.variable: k}).bound(body)

    def places(self, positions: tuple[Position, ...]) -> tuple[int, ...]:
        """Positions as whole numbers."""
        return tuple(position.at(self.index, self.variables) for position in positions)

    def element(self, operand: int, place: tuple[int, ...]) -> Element:
        """One element of an operand."""
        source = self.sources[operand]
        return Element(source.name, place, source.value[place], source.written(place))

    def largest(self, node: LargestOver) -> Element:
        """The largest of a row of an operand, the first where there are several."""
        positions = node.operand.index
        along = next(axis for axis, position in enumerate(positions) if position.variable == node.variable)
        before, after = self.places(positions[:along]), self.places(positions[along + 1 :])
        place: tuple[int | slice, ...] = (*before, slice(None), *after)
        row = self.sources[node.operand.operand].value[place]
        return self.element(node.operand.operand, (*before, int(row.argmax()), *after))
