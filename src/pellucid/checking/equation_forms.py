"""Equations of texts that differ in their numbers only: the first is parsed, and the others have its form.

A large document says the same thing a hundred thousand times: `q7 · k = 0.3×0.5 + 0.2×0.4 = 0.23`. What a text is
parsed into does not depend on which numbers stand in it, but for the few ways of writing numbers that are left to the
parser here: groups of digits, powers of ten, percentages, exponents and lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate

import msgspec
import numpy as np

from pellucid.checking.equations import Chain, Side, chains_of
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.printed import Printed
from pellucid.checking.tokens import plain_decimal
from pellucid.checking.values import Value
from pellucid.expressions import Expression, Negative, Number, Product, Quotient, SquareRoot, Sum

_LONGEST = 1_000
_NUMBERS = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)")
_PARSED = re.compile(r"[\^{%…]|\*\*|[0-9][,'eE][0-9]|[0-9][eE][-+][0-9]|[0-9]\.\.")
"""What makes the tokens of a text, or what they may be, depend on its digits."""

_Place = tuple[int, int]
"""A place in every text of one form: so many characters behind the beginning of one of its parts."""
_Leaves = list[Printed]
_Build = Callable[[_Leaves], Expression]


class _NoFormError(Exception):
    """What was parsed cannot be told from the numbers of a text alone."""


class _Leaf(msgspec.Struct, frozen=True):
    """A number of a form: which part of the text it is, where it begins and ends, and whether a sign belongs to it."""

    part: int
    start: _Place
    end: _Place
    is_negative: bool
    program: bool


class _SideForm(msgspec.Struct, frozen=True):
    start: _Place
    end: _Place
    relation: str
    value: Value | None
    build: _Build | None


class _ChainForm(msgspec.Struct, frozen=True):
    label: tuple[_Place, _Place]
    sides: tuple[_SideForm, ...]


class _Form(msgspec.Struct, frozen=True):
    leaves: tuple[_Leaf, ...]
    chains: tuple[_ChainForm, ...]

    def filled(self, text: MappedText, parts: Sequence[str]) -> list[Chain]:
        """The equations of a text of this form; `parts` are its words and numbers, in turn."""
        starts = list(accumulate(map(len, parts), initial=0))
        leaves: _Leaves = []
        for leaf in self.leaves:
            found = plain_decimal(parts[leaf.part])
            if found is None:
                raise _NoFormError
            value, written, places = found
            if leaf.is_negative:
                value, written = value.copy_negate(), f"-{written}"
            start, end = starts[leaf.start[0]] + leaf.start[1], starts[leaf.end[0]] + leaf.end[1]
            leaves.append(Printed(value, written, places, start, end, leaf.program))
        chains: list[Chain] = []
        for chain in self.chains:
            sides: list[Side] = []
            for side in chain.sides:
                value_of = side.value
                if value_of is not None and side.build is not None:
                    value_of = Value(side.build(leaves), value_of.plain, value_of.elementwise, value_of.single)
                start, end = starts[side.start[0]] + side.start[1], starts[side.end[0]] + side.end[1]
                sides.append(Side(start, end, value_of, side.relation))
            (first, before), (last, after) = chain.label
            label = text.text[starts[first] + before : starts[last] + after]
            chains.append(Chain(text, tuple(sides), label))
        return chains


class EquationForms:
    """Reads equations.

    Args:
        names: values of names that may stand in them, such as d_k.
    """

    def __init__(self, names: Mapping[str, Decimal]) -> None:
        self.names = names
        self.forms: dict[tuple[object, ...], _Form | None] = {}

    def chains(self, text: MappedText, *, program: bool) -> list[Chain]:
        """The equations in a passage, in reading order.

        Args:
            text: of the passage.
            program: whether a program printed it.
        """
        written = text.text
        if len(written) > _LONGEST or _PARSED.search(written):
            return list(chains_of(text, self.names, program=program))
        parts = _NUMBERS.split(written)
        key = (program, *parts[::2], *["." in number for number in parts[1::2]])
        if key in self.forms:
            form = self.forms[key]
            if form is not None:
                return form.filled(text, parts)
        chains = list(chains_of(text, self.names, program=program))
        if key not in self.forms:
            self.forms[key] = _form_of(chains, text, parts)
        return chains


def _form_of(chains: Sequence[Chain], text: MappedText, parts: Sequence[str]) -> _Form | None:
    """The form of what a text was parsed into; `None` where it has none that gives the same again."""
    if "" in parts[2:-2:2]:
        return None  # a number of more digits than are looked at
    try:
        form = _Former(parts).form(chains)
        again = form.filled(text, parts)
    except _NoFormError:
        return None
    same = all(
        one.label == other.label and list(map(_content, one.sides)) == list(map(_content, other.sides))
        for one, other in zip(again, chains, strict=True)
    )
    return form if same else None


def _content(side: Side) -> tuple[object, ...]:
    value = side.value
    said = None if value is None else (value.tree, value.plain, value.elementwise, value.single)
    return side.start, side.end, side.relation, said


class _Former:
    def __init__(self, parts: Sequence[str]) -> None:
        self.parts = parts
        self.starts = list(accumulate(map(len, parts), initial=0))
        self.number_at = {self.starts[part]: part for part in range(1, len(parts), 2)}
        self.leaves: list[_Leaf] = []

    def form(self, chains: Sequence[Chain]) -> _Form:
        found = tuple(map(self.chain, chains))
        return _Form(tuple(self.leaves), found)

    def chain(self, chain: Chain) -> _ChainForm:
        first = next(side for side in chain.sides if side.value is not None)
        label = self.place(first.start - len(chain.label)), self.place(first.start)
        return _ChainForm(label, tuple(map(self.side, chain.sides)))

    def side(self, side: Side) -> _SideForm:
        build = None
        if side.value is not None:
            if isinstance(side.value.tree, np.ndarray):
                raise _NoFormError
            build = self.tree(side.value.tree)
        return _SideForm(self.place(side.start), self.place(side.end), side.relation, side.value, build)

    def place(self, offset: int) -> _Place:
        """An offset in the text, as a place in its words."""
        for part in range(0, len(self.parts), 2):
            if self.starts[part] <= offset <= self.starts[part + 1]:
                return part, offset - self.starts[part]
        raise _NoFormError  # inside a number

    def tree(self, tree: Expression) -> _Build:
        match tree:
            case Printed():
                return self.leaf(tree)
            case Number():
                return lambda leaves: tree
            case Negative():
                operand = self.tree(tree.operand)
                return lambda leaves: Negative(operand(leaves))
            case SquareRoot():
                radicand = self.tree(tree.radicand)
                return lambda leaves: SquareRoot(radicand(leaves))
            case Quotient():
                above, below = self.tree(tree.numerator), self.tree(tree.denominator)
                return lambda leaves: Quotient(above(leaves), below(leaves))
            case Product():
                factors = tuple(map(self.tree, tree.factors))
                return lambda leaves: Product(tuple([factor(leaves) for factor in factors]))
            case Sum():
                terms = tuple(map(self.tree, tree.terms))
                return lambda leaves: Sum(tuple([term(leaves) for term in terms]))
            case _:
                raise _NoFormError

    def leaf(self, leaf: Printed) -> _Build:
        sign = leaf.text.startswith("-")
        part = self.number_at.get(leaf.end - len(leaf.text) + sign)
        if part is None or leaf.text[sign:] != self.parts[part]:
            raise _NoFormError
        number = len(self.leaves)
        self.leaves.append(_Leaf(part, self.place(leaf.start), self.place(leaf.end), sign, leaf.program))
        return lambda leaves: leaves[number]
