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
        results: texts of printed results, and the true values that they stand for.
    """

    scores: Array = field(default_factory=lambda: np.empty(0))
    results: dict[str, list[float]] = field(default_factory=dict)

    def know(self, printed: Printed, true: float) -> None:
        """A printed result whose true value is known from elsewhere."""
        known = self.results.setdefault(printed.text, [])
        if len(known) < _MOST_KNOWN and true not in known:
            known.append(true)

    def know_computed(self, printed: Printed, tree: Expression, true: float) -> None:
        """A printed result that is right, what it is the result of, and the value of that."""
        known = self.results.setdefault(printed.text, [])
        if len(known) < _MOST_KNOWN:
            middle = true if isfinite(true) else None
            known += self.exponentials(tree) or self.bounds(tree, rounded=False, middle=middle)

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
        rounds = rounded and _contains_division(tree)
        weights = _weights(tree) if rounded else frozenset()
        results = self.results
        for leaf in leaves(tree)[:64]:
            text = leaf.text
            opposite = text[1:] if text.startswith("-") else f"-{text}"
            if not rounded and text not in results and opposite not in results and not leaf.is_open:
                continue  # the usual case
            value = float(leaf.value)
            known = [*results.get(text, ()), *(-true for true in results.get(opposite, ()))]
            options = [true for true in known if abs(true - value) > _NOISE * max(1.0, abs(value))]
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
