"""An expression as LaTeX mathematics."""

from __future__ import annotations

from collections.abc import Callable

from pellucid.expressions.text import MOST_TERMS, PRODUCT, QUOTIENT, SUM, TextPrinter
from pellucid.expressions.tree import Element, Expression, Quotient, Sum
from pellucid.numbers import Notation


class LatexPrinter(TextPrinter):
    r"""Prints `\frac{e^{0.21/\sqrt{3}}}{…}`; fractions inside exponents stay on one line.

    Args:
        notation: how numbers are rounded.
        most_terms: longer sums keep their first and last terms.
        element: prints an element of an array from the element and its number's LaTeX.
        fractions: whether quotients are stacked; without, everything stays on one line: 1/3.
    """

    times = r" \cdot "
    opening, closing = r"\left(", r"\right)"

    def __init__(
        self,
        notation: Notation,
        most_terms: int = MOST_TERMS,
        element: Callable[[Element, str], str] = lambda element, text: text,
        *,
        fractions: bool = True,
    ) -> None:
        super().__init__(notation, most_terms, element)
        self._fractions = fractions

    def pieces(self, expression: Expression) -> list[str]:
        """The parts between which a line may be broken: the terms of a sum, or the expression whole."""
        return self.terms(expression) if isinstance(expression, Sum) else [self(expression)]

    def number(self, text: str) -> str:
        """The LaTeX of a number that is already printed: `-∞`, `1.25e12`."""
        return self._number(text)[0]

    def _node(self, node: Expression) -> tuple[str, int]:
        text, tightness = super()._node(node)
        # A fraction bar holds its two sides together: no brackets are needed beside another factor.
        return text, QUOTIENT if isinstance(node, Quotient) and self._fractions else tightness

    def quotient(self, node: Quotient) -> str:
        if not self._fractions:
            return super().quotient(node)
        return rf"\frac{{{self._print(node.numerator, SUM)}}}{{{self._print(node.denominator, SUM)}}}"

    def power(self, base: str, exponent: Expression) -> str:
        outer, self._fractions = self._fractions, False
        try:
            return f"{base}^{{{self._print(exponent, SUM)}}}"
        finally:
            self._fractions = outer

    def square_root(self, radicand: Expression) -> str:
        return rf"\sqrt{{{self._print(radicand, SUM)}}}"

    def function(self, name: str, *arguments: Expression) -> str:
        command = rf"\operatorname{{{name}}}" if name in ("erf", "argmax") else rf"\{name}"
        return rf"{command}\left({self.listed(arguments)}\right)"

    def name(self, name: str) -> str:
        stem, _, subscript = name.partition("_")
        return f"{stem}_{{{subscript}}}" if subscript else stem

    def ellipsis(self) -> str:
        return r"\cdots"

    def _number(self, text: str) -> tuple[str, int]:
        printed, tightness = super()._number(text)
        mantissa, e, exponent = printed.partition("e")
        if e:
            printed, tightness = rf"{mantissa} \cdot 10^{{{exponent}}}", min(tightness, PRODUCT)
        return printed.replace("∞", r"\infty"), tightness
