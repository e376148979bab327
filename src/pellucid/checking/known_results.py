"""What printed numbers stand for: results that a document has rounded, and whose true values are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.equation_slips import has_one
from pellucid.checking.floats import NoValueError, float_of
from pellucid.checking.printed import Printed
from pellucid.checking.values import leaves
from pellucid.expressions import Exponential, Expression, Product, Quotient, SquareRoot, Sum

_ROUNDED_FROM = 3  # significant digits from which a number may be a rounded result
_MOST_KNOWN = 8
_NOISE = 1e-14
"""How far float64 may be from a result that needed no rounding, relative."""


@dataclass(eq=False)
class KnownResults:
    """The results of a document.

    Args:
        scores: true scaled and masked scores of the document's worked examples, in rising order: what stands in
            exponents.
        results: texts of printed results without their signs, and the true values that they stand for, where those
            are not what is printed.
        count: how many of these there are; it only grows.
    """

    scores: Array = field(default_factory=lambda: np.empty(0))
    results: dict[str, list[float]] = field(default_factory=dict)
    count: int = 0

    def know(self, printed: Printed, *true: float) -> None:
        """A printed result whose true value, or least and largest, is known."""
        value, sign = float(printed.value), _sign(printed)
        for one in true:
            if abs(one - value) <= _NOISE * max(1.0, abs(value)):
                continue  # the usual case
            known = self.results.setdefault(_unsigned(printed), [])
            if len(known) < _MOST_KNOWN and sign * one not in known:
                known.append(sign * one)
                self.count += 1

    def know_computed(self, printed: Printed, tree: Expression, true: float) -> None:
        """A printed result that is right, what it is the result of, and the value of that."""
        middle = true if isfinite(true) else None
        self.know(printed, *(self.exponentials(tree) or self.bounds(tree, rounded=False, middle=middle)))

    def exponentials(self, tree: Expression) -> list[float]:
        """The exponentials of the true scores that a printed exponent may stand for: e^0.12 of 0.1212 and 0.1247."""
        exponent = tree.exponent if isinstance(tree, Exponential) else None
        if not isinstance(exponent, Printed) or exponent.places < 1:
            return []
        value, half = float(exponent.value), exponent.unit / 2 * (1 + 1e-9)
        low, high = np.searchsorted(self.scores, (value - half, value + half))
        return [float(np.exp(score)) for score in np.unique(self.scores[low:high])[:_MOST_KNOWN]]

    def bounds(self, tree: Expression, *, rounded: bool, middle: float | None = None) -> tuple[float, float]:
        """The least and the largest value for the unrounded numbers that the operands may stand for.

        Args:
            tree: what is computed.
            rounded: whether any operand of enough digits may be a rounded number, not only known results.
            middle: the value of the printed operands themselves, where it is known already.
        """
        moves: list[tuple[float, float]] = []
        if middle is None:
            try:
                middle = float_of(tree)
            except NoValueError:
                return float("inf"), float("-inf")
        low = high = middle
        if not rounded and not self.results and not any(leaf.is_open for leaf in leaves(tree)):
            return middle, middle  # the usual case
        rounds = rounded and _contains_division(tree)
        weights = _weights(tree) if rounded else frozenset()
        results = self.results
        for leaf in leaves(tree)[:64]:
            known = results.get(_unsigned(leaf))
            if known is None and not rounded and not leaf.is_open:
                continue  # the usual case
            value, sign = float(leaf.value), _sign(leaf)
            options = [sign * true for true in known or ()]
            if (rounds and leaf.digits >= _ROUNDED_FROM and leaf.places > 0) or leaf.start in weights:
                options += [value - leaf.unit / 2, value + leaf.unit / 2]
            if leaf.is_open:
                options.append(value + (leaf.unit if value >= 0 else -leaf.unit))
            if not options:
                continue
            changes = []
            for option in options:
                try:
                    changes.append(float_of(tree, leaf.start, option) - middle)
                except NoValueError:
                    continue
            if changes:
                moves.append((min(0.0, *changes), max(0.0, *changes)))
        low += sum(move[0] for move in moves)
        high += sum(move[1] for move in moves)
        return low, high


def _unsigned(printed: Printed) -> str:
    return printed.text.removeprefix("-")


def _sign(printed: Printed) -> int:
    return -1 if printed.text.startswith("-") else 1


def _weights(tree: Expression) -> frozenset[int]:
    """Where the weights of a weighted mean stand, such as 0.264·1 + 0.471·1 + 0.264·0: rounded, and 1 together."""
    if not isinstance(tree, Sum):
        return frozenset()
    found = [term.factors[0] for term in tree.terms if isinstance(term, Product)]
    weights = [factor for factor in found if isinstance(factor, Printed) and factor.places > 1]
    if len(weights) != len(tree.terms) or not all(0 <= weight.value <= 1 for weight in weights):
        return frozenset()
    off = abs(float(sum(weight.value for weight in weights)) - 1)
    near = off <= sum(weight.unit for weight in weights) / 2 + 1e-9
    return frozenset(weight.start for weight in weights) if near else frozenset()


def _contains_division(tree: Expression) -> bool:
    return has_one(tree, (Quotient, Exponential, SquareRoot))
