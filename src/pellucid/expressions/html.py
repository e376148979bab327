"""An expression as HTML."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from pellucid.expressions.text import ATOM, MOST_TERMS, POWER, PRODUCT, SUM, TextPrinter, is_negative
from pellucid.expressions.tree import Element, Expression, Negative, Quotient, Sum
from pellucid.numbers import Notation

MINUS = '<i class="minus">-</i>'
"""A hyphen in the text, where it can be copied and parsed, that is shown as a minus sign."""


def unseen(text: str) -> str:
    """Text that is copied and read aloud, but not seen."""
    return f'<span class="unseen">{text}</span>' if text else ""


def number(text: str) -> str:
    """A printed number as HTML."""
    return f"{MINUS}{text[1:]}" if text.startswith("-") else text


class HtmlPrinter(TextPrinter):
    """Prints stacked fractions, raised exponents and roots.

    The signs that this makes superfluous (`/`, `^` and brackets) stay in the text, unseen: without its markup an
    expression reads exactly as `TextPrinter` prints it.
    """

    times = '<span class="times">×</span>'

    def __init__(
        self,
        notation: Notation,
        most_terms: int = MOST_TERMS,
        element: Callable[[Element, str], str] = lambda element, text: text,
    ) -> None:
        super().__init__(notation, most_terms, element)
        self._plain = TextPrinter(notation, most_terms)
        self._in_exponent = False

    def _print(self, node: Expression, place: int) -> str:
        printed = node.written if isinstance(node, Element) and node.written is not None else node
        return self._bracketed(node, place, hide=isinstance(printed, Quotient) and not self._in_exponent)

    def _bracketed(self, node: Expression, place: int, *, hide: bool) -> str:
        text, tightness = self._node(node)
        if tightness >= place:
            return text
        return f"{unseen('(')}{text}{unseen(')')}" if hide else f"({text})"

    def _node(self, node: Expression) -> tuple[str, int]:
        if isinstance(node, Negative):
            return f"{MINUS}{self._print(node.operand, PRODUCT)}", SUM
        return super()._node(node)

    def _number(self, text: str) -> tuple[str, int]:
        printed, tightness = super()._number(text)
        return number(printed), tightness

    def sum(self, node: Sum) -> str:
        return " ".join(f'<span class="term">{_signed(term)}</span>' for term in self.terms(node))

    def quotient(self, node: Quotient) -> str:
        if self._in_exponent:
            return super().quotient(node)
        above = self._bracketed(node.numerator, SUM if is_negative(node.numerator) else PRODUCT, hide=True)
        below = self._bracketed(node.denominator, POWER, hide=True)
        return f'<span class="fraction"><span>{above}</span>{unseen("/")}<span>{below}</span></span>'

    def power(self, base: str, exponent: Expression) -> str:
        outer, self._in_exponent = self._in_exponent, True
        try:
            text, _ = self._node(exponent)
        finally:
            self._in_exponent = outer
        bracketed = self._plain.power("", exponent).startswith("^(")
        return f"{base}{unseen('^(' if bracketed else '^')}<sup>{text}</sup>{unseen(')' if bracketed else '')}"

    def square_root(self, radicand: Expression) -> str:
        inside = self._bracketed(radicand, ATOM, hide=True)
        return f'<span class="root">√<span>{inside}</span></span>'

    def euler(self) -> str:
        return '<span class="euler">e</span>'

    def name(self, name: str) -> str:
        stem, _, subscript = name.partition("_")
        return f"<var>{escape(stem)}</var>" + (f"{unseen('_')}<sub>{escape(subscript)}</sub>" if subscript else "")


def _signed(term: str) -> str:
    """A term of a sum after its sign, which is a plain character still."""
    return f"{MINUS}{term[1:]}" if term.startswith("- ") else term
