"""Checking equations by themselves: whether the sides that are said to be equal are.

The first side that computes something says what is true. A number after it is right when the true value rounds to
it; where the operands are themselves rounded results of earlier equations, it is also right when it comes of their
unrounded values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import isclose
from typing import NamedTuple

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.equation_slips import hint, kind_of
from pellucid.checking.equations import APPROXIMATE, Chain, Side
from pellucid.checking.floats import NoValueError, float_of
from pellucid.checking.known_results import KnownResults
from pellucid.checking.printed import Printed, is_last_digit, is_right, is_truncated
from pellucid.checking.report import Severity
from pellucid.checking.values import (
    Tree,
    Value,
    exact_text,
    leaves,
    numbers,
    total,
)
from pellucid.expressions import Expression, Number, parts

_NEAR = 0.02


@dataclass(eq=False)
class Slipped:
    """A number that does not equal what is computed before it.

    Args:
        chain: its equation.
        printed: the number, with places in the passage.
        severity: how bad.
        cause: a word of `CAUSES`.
        true: the true value.
        exact: the true value with more digits, where it is certain.
        tree: what gives it.
        reason: a sentence without its end.
        follows: the wrong number of the same equation that this one follows from.
    """

    chain: Chain
    printed: Printed
    severity: Severity
    cause: str
    true: float
    exact: str
    tree: Expression
    reason: str = ""
    follows: Slipped | None = None


class _Outcome(NamedTuple):
    """What comparing the sides of an equation has shown.

    Args:
        sides: of the equation.
        slipped: its numbers that are not right.
        right: where those that are right begin in their passage.
        checked: how many were compared.
        known: how many results were known before.
    """

    sides: Sequence[Side]
    slipped: Sequence[Slipped]
    right: Sequence[int]
    checked: int
    known: int


@dataclass(eq=False)
class EquationCheck:
    """What checking the equations of a document found, and what their results truly are.

    Args:
        slipped: the numbers that are not right.
        checked: how many numbers were compared.
        right: places (in the source) of the numbers that are right.
        known: what the document's results truly are.
    """

    slipped: list[Slipped] = field(default_factory=list)
    checked: int = 0
    right: set[int] = field(default_factory=set)
    known: KnownResults = field(default_factory=KnownResults)
    _outcomes: dict[int, _Outcome] = field(default_factory=dict)
    _right: list[int] = field(default_factory=list)  # of the equation that is being compared
    _exact_texts: dict[int, tuple[Expression, str]] = field(default_factory=dict)

    @property
    def compared(self) -> set[int]:
        """Places (in the source) of the numbers that were compared, right or not."""
        slipped = {slip.chain.text.span(slip.printed.start, slip.printed.end).start for slip in self.slipped}
        return self.right | slipped

    def chain(self, chain: Chain) -> None:
        """Check one equation.

        Equal passages share the sides of their equations, which are compared once: what is right stays right, because
        the document's known results only grow, and what is wrong stays wrong as long as they do not.
        """
        before = self._outcomes.get(id(chain.sides))
        if before is None or (before.slipped and before.known != self.known.count):
            first, checked, known = len(self.slipped), self.checked, self.known.count
            self._right = []
            self.compare(chain)
            before = _Outcome(chain.sides, self.slipped[first:], self._right, self.checked - checked, known)
            self._outcomes[id(chain.sides)] = before
        else:
            self.checked += before.checked
            self.slipped += _moved(before.slipped, chain)
        self.right.update(map(chain.text.place, before.right))

    def compare(self, chain: Chain) -> None:
        """Compare the sides of an equation."""
        sides = [side for side in chain.sides if side.value is not None]
        if len(sides) < 2:
            return
        reference = next((side for side in sides if _computes(side.value)), None)
        if reference is None or reference.value is None:
            return
        if _says_shapes(chain, sides):
            return
        try:
            true = numbers(reference.value.tree)
        except NoValueError:
            return
        wrong: Slipped | None = None
        previous: tuple[Tree, Array] = (reference.value.tree, true)
        for side in sides:
            if side is reference or side.value is None:
                continue
            found = list(self.side(chain, side, side.value, reference.value, true, previous, wrong))
            self.slipped += found
            wrong = wrong or next((slip for slip in found if slip.severity == "error"), None)
            if _computes(side.value):
                try:
                    previous = (side.value.tree, numbers(side.value.tree))
                except NoValueError:
                    return

    def side(
        self,
        chain: Chain,
        side: Side,
        value: Value,
        reference: Value,
        true: Array,
        previous: tuple[Tree, Array],
        wrong: Slipped | None,
    ) -> Iterator[Slipped]:
        tree, aims = reference.tree, true
        shape = value.shape
        if shape != aims.shape:
            if shape == () and aims.ndim == 1 and reference.elementwise and isinstance(tree, np.ndarray):
                tree = total(tree)  # [1, 2] × [3, 4] = 11 means the dot product
                try:
                    aims = np.asarray(float_of(tree))
                except NoValueError:
                    return
            elif aims.size == _value_size(shape) and min(len(shape), aims.ndim) >= 1 and isinstance(tree, np.ndarray):
                tree, aims = tree.reshape(shape), aims.reshape(shape)  # a row written as a column
            else:
                return
        elements = value.tree.reshape(-1) if isinstance(value.tree, np.ndarray) else (value.tree,)
        trees = tree.reshape(-1) if isinstance(tree, np.ndarray) else (tree,)
        targets = aims.reshape(-1).tolist()
        before = previous[1].reshape(-1).tolist() if previous[1].shape == aims.shape else None
        for position, element in enumerate(elements):
            target = targets[position]
            if isinstance(element, Printed):
                carried = None if before is None else before[position]
                slip = self.number(chain, side, element, trees[position], target, carried, wrong)
            else:
                slip = self.intermediate(chain, element, trees[position], target, wrong)
                wrong = wrong or slip
            if slip is not None:
                yield slip

    def number(
        self,
        chain: Chain,
        side: Side,
        element: Printed,
        tree: Expression,
        true: float,
        carried: float | None,
        wrong: Slipped | None,
    ) -> Slipped | None:
        """A printed number against its true value; `None` when it is right, and is then known."""
        self.checked += 1
        slip = self.slip(chain, _as_claimed(element, side.relation), tree, true, carried, wrong)
        if slip is None:
            self._right.append(element.start)
            self.known.know_computed(element, tree, true)
        return slip

    def slip(
        self,
        chain: Chain,
        printed: Printed,
        tree: Expression,
        true: float,
        carried: float | None,
        wrong: Slipped | None,
    ) -> Slipped | None:
        """What is wrong with a printed number; `None` when it is right."""
        if is_right(printed, true):
            return None
        exact = self.exact_text(tree)
        if exact and is_right(printed, float(Decimal(exact))):
            return None
        if carried is not None and carried != true and is_right(printed, carried):
            if wrong is not None:
                return Slipped(chain, printed, "drift", "follows", true, exact, tree, follows=wrong)
            return Slipped(chain, printed, "drift", "drift", true, exact, tree)
        half = printed.unit / 2 * (1 + 1e-6)  # a float that should be a half is none
        value = float(printed.value)
        unrounded = self.known.exponentials(tree)
        if any(is_right(printed, one) for one in unrounded):
            return None
        for rounded in (False, True) if not unrounded else ():
            low, high = self.known.bounds(tree, rounded=rounded)
            if low - half <= value <= high + half and (not rounded or abs(value - true) <= _NEAR * abs(true)):
                return None  # right for the unrounded numbers behind the printed operands
        if wrong is not None:
            return Slipped(chain, printed, "drift", "follows", true, exact, tree, follows=wrong)
        if is_last_digit(printed, true):
            cause = "truncation" if is_truncated(printed, true) else "last_digit"
            words = "its digits were cut off, not rounded" if cause == "truncation" else "its last digit is off"
            return Slipped(chain, printed, "last_digit", cause, true, exact, tree, words)
        return Slipped(chain, printed, "error", kind_of(tree), true, exact, tree, hint(tree, printed))

    def exact_text(self, tree: Expression) -> str:
        """The value of a tree with more digits; a text that stands in a document again and again has one tree."""
        known = self._exact_texts.get(id(tree))
        if known is None or known[0] is not tree:
            known = self._exact_texts[id(tree)] = (tree, exact_text(tree))
        return known[1]

    def intermediate(
        self, chain: Chain, element: Expression, tree: Expression, true: float, wrong: Slipped | None
    ) -> Slipped | None:
        """A side that computes too, such as 0.03 + 0.12: right if it can equal the first for unrounded operands."""
        try:
            value = float_of(element)
        except NoValueError:
            return None
        self.checked += 1
        if isclose(value, true, rel_tol=1e-9, abs_tol=1e-9):
            return None
        spread = 0.0
        for leaf in leaves(element)[:64]:
            try:
                spread += abs(float_of(element, leaf.start, float(leaf.value) + leaf.unit / 2) - value)
            except NoValueError:
                return None
        low, high = self.known.bounds(tree, rounded=True)
        if low - spread * (1 + 1e-6) <= value <= high + spread * (1 + 1e-6) or wrong is not None:
            return None
        culprit = self.culprit(tree, element)
        if culprit is None:
            return None
        expected, printed, part = culprit
        if is_last_digit(printed, expected):
            return Slipped(
                chain, printed, "last_digit", "last_digit", expected, exact_text(part), part, "its last digit is off"
            )
        return Slipped(chain, printed, "error", kind_of(part), expected, exact_text(part), part, hint(part, printed))

    def culprit(self, tree: Expression, element: Expression) -> tuple[float, Printed, Expression] | None:
        """Where two trees part: a printed number of the second, and the part of the first that it stands for."""
        if isinstance(element, Printed):
            try:
                expected = float_of(tree)
            except NoValueError:
                return None
            low, high = self.known.bounds(tree, rounded=True)
            half, value = element.unit / 2, float(element.value)
            if is_right(element, expected) or low - half <= value <= high + half:
                return None
            return expected, element, tree
        first, second = list(parts(tree)), list(parts(element))
        if type(tree) is not type(element) or len(first) != len(second):
            return None
        found = (self.culprit(*pair) for pair in zip(first, second, strict=True))
        return next((culprit for culprit in found if culprit), None)


def _moved(slipped: Sequence[Slipped], chain: Chain) -> list[Slipped]:
    """What is not right in an equation, said of an equal one."""
    moved = {id(slip): replace(slip, chain=chain) for slip in slipped}
    for slip in moved.values():
        slip.follows = None if slip.follows is None else moved[id(slip.follows)]
    return list(moved.values())


def _value_size(shape: tuple[int, ...]) -> int:
    """How many elements an array of that shape has."""
    size = 1
    for length in shape:
        size *= length
    return size


def _computes(value: Value | None) -> bool:
    """Whether a side computes something from printed numbers."""
    if value is None or value.plain or value.single:
        return False
    first = value.tree.reshape(-1)[0] if isinstance(value.tree, np.ndarray) else value.tree
    if isinstance(value.tree, np.ndarray):
        return any(not isinstance(element, Number) for element in value.tree.reshape(-1))
    return not isinstance(first, Number)


def _says_shapes(chain: Chain, sides: list[Side]) -> bool:
    """Whether an equation is about sizes: (6×3)·(3×6) = 6×6."""
    if "." in chain.text.text[chain.start : sides[-1].end]:
        return False
    found = [
        leaf for side in sides if side.value is not None and not side.value.shape for leaf in leaves(side.value.tree)
    ]
    if not found or any(leaf.places > 0 for leaf in found):
        return False
    last = sides[-1].value
    text = chain.text.text[sides[-1].start : sides[-1].end]
    return (
        last is not None
        and not last.plain
        and ("×" in text or "x" in text)
        and all(c in "0123456789×x ()" for c in text)
    )


def _as_claimed(printed: Printed, relation: str) -> Printed:
    """After ≈, the zeros at the end of a whole number need not be digits: 2^10 ≈ 1000."""
    if relation not in APPROXIMATE or printed.places != 0:
        return printed
    text = printed.text.replace(",", "").replace("'", "")
    zeros = len(text) - len(text.rstrip("0")) if text.strip("-").isdigit() else 0
    if not zeros or not printed.value:
        return printed
    return Printed(printed.value, printed.text, -zeros, printed.start, printed.end, printed.program)
