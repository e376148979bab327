"""An expression as LaTeX mathematics."""

from __future__ import annotations

from pellucid.expressions.text import SUM, TextPrinter
from pellucid.expressions.tree import Expression, Quotient


class LatexPrinter(TextPrinter):
    r"""Prints `\frac{e^{0.21/\sqrt{3}}}{…}`; fractions inside exponents stay on one line."""

    times = r" \cdot "
    opening, closing = r"\left(", r"\right)"

    _in_exponent = False

    def quotient(self, node: Quotient) -> str:
        if self._in_exponent:
            return super().quotient(node)
        return rf"\frac{{{self._print(node.numerator, SUM)}}}{{{self._print(node.denominator, SUM)}}}"

    def power(self, base: str, exponent: Expression) -> str:
        outer, self._in_exponent = self._in_exponent, True
        try:
            return f"{base}^{{{self._print(exponent, SUM)}}}"
        finally:
            self._in_exponent = outer

    def square_root(self, radicand: Expression) -> str:
        return rf"\sqrt{{{self._print(radicand, SUM)}}}"

    def function(self, name: str, argument: Expression) -> str:
        return rf"\{name}\left({self._print(argument, SUM)}\right)"

    def name(self, name: str) -> str:
        stem, _, subscript = name.partition("_")
        return f"{stem}_{{{subscript}}}" if subscript else stem

    def ellipsis(self) -> str:
        return r"\cdots"

    def _number(self, text: str) -> tuple[str, int]:
        printed, tightness = super()._number(text)
        mantissa, e, exponent = printed.partition("e")
        if e:
            printed = rf"{mantissa} \cdot 10^{{{exponent}}}"
        return printed.replace("∞", r"\infty"), tightness
