"""An expression as plain text: 0.3×0.1 + 0.4×0.3, 0.21/√3, e^(0.21/√3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pellucid.expressions.tree import (
    Cosine,
    Element,
    ErrorFunction,
    Exponential,
    Expression,
    HyperbolicTangent,
    Largest,
    Logarithm,
    Name,
    Negative,
    Number,
    PositionOfLargest,
    Power,
    Product,
    Quotient,
    Sine,
    SquareRoot,
    Sum,
)
from pellucid.numbers import Notation

# How tightly a node holds together; a node looser than its place is put in brackets.
SUM, PRODUCT, QUOTIENT, POWER, ATOM = range(5)

MOST_TERMS = 12
"""Terms of a sum that are printed before the middle is left out."""


class TextPrinter:
    """Prints expressions on one line.

    Args:
        notation: how numbers are rounded.
        most_terms: longer sums keep their first and last terms and say how many there are.
        element: prints an element of an array from the element and its number's text; HTML overrides it.
    """

    times, divided, root = "×", "/", "√"
    opening, closing = "(", ")"

    def __init__(
        self,
        notation: Notation,
        most_terms: int = MOST_TERMS,
        element: Callable[[Element, str], str] = lambda element, text: text,
    ) -> None:
        self.notation = notation
        self.most_terms = most_terms
        self.element = element

    def __call__(self, expression: Expression) -> str:
        """The expression as text."""
        return self._print(expression, SUM)

    def _print(self, node: Expression, place: int) -> str:
        text, tightness = self._node(node)
        return f"{self.opening}{text}{self.closing}" if tightness < place else text

    def _node(self, node: Expression) -> tuple[str, int]:
        match node:
            case Number():
                return self._number(self.notation.text(node.value))
            case Name():
                return self.name(node.name), ATOM
            case Element():
                if node.written is not None:
                    text, tightness = self._node(node.written)
                    return self.element(node, text), tightness
                text, tightness = self._number(self.notation.text(node.value))
                return self.element(node, text), tightness
            case Negative():
                return f"-{self._print(node.operand, PRODUCT)}", SUM
            case Sum() if len(node.terms) == 1:
                return self._node(node.terms[0])
            case Sum():
                return self.sum(node), SUM
            case Product():
                return self.times.join(self._print(factor, QUOTIENT) for factor in node.factors), PRODUCT
            case Quotient():
                text = self.quotient(node)
                return text, SUM if is_negative(node.numerator) else PRODUCT
            case Power():
                return self.power(self._print(node.base, ATOM), node.exponent), POWER
            case Exponential():
                return self.power(self.euler(), node.exponent), POWER
            case SquareRoot():
                return self.square_root(node.radicand), ATOM
            case Sine():
                return self.function("sin", node.angle), POWER
            case Cosine():
                return self.function("cos", node.angle), POWER
            case HyperbolicTangent():
                return self.function("tanh", node.argument), POWER
            case ErrorFunction():
                return self.function("erf", node.argument), POWER
            case Logarithm():
                return self.function("ln", node.argument), POWER
            case Largest():
                return self.function("max", *node.operands), POWER
            case PositionOfLargest():
                return self.function("argmax", *node.operands), POWER
        return self.other(node)

    def _number(self, text: str) -> tuple[str, int]:
        return text, SUM if text.startswith("-") else ATOM

    def sum(self, node: Sum) -> str:
        """Terms joined by their signs; the middle of a long sum is left out."""
        return " ".join(self.terms(node))

    def terms(self, node: Sum) -> list[str]:
        """The printed terms of a sum, each but the first after its sign."""
        shown, left_out = shorten(node.terms, self.most_terms)
        printed: list[str] = []
        for position, term in enumerate(shown):
            if position == left_out:
                printed.append(f"+ {self.ellipsis()}")
            negative = isinstance(term, Negative)
            text = self._print(term.operand if isinstance(term, Negative) else term, PRODUCT)
            printed.append(text if not printed and not negative else f"{'-' if negative else '+'} {text}")
        return printed

    def quotient(self, node: Quotient) -> str:
        """A fraction on one line; a negative number leads it without brackets."""
        place = SUM if is_negative(node.numerator) else PRODUCT
        return f"{self._print(node.numerator, place)}{self.divided}{self._print(node.denominator, POWER)}"

    def power(self, base: str, exponent: Expression) -> str:
        """A base and its exponent."""
        text, tightness = self._node(exponent)
        return (
            f"{base}^{text}"
            if tightness == ATOM or (text.startswith("-") and text[1:].replace(".", "").isdigit())
            else f"{base}^({text})"
        )

    def square_root(self, radicand: Expression) -> str:
        """√3, √(2 + 1)"""
        return f"{self.root}{self._print(radicand, ATOM)}"

    def function(self, name: str, *arguments: Expression) -> str:
        """A named function and its arguments."""
        return f"{name}({self.listed(arguments)})"

    def listed(self, arguments: Sequence[Expression]) -> str:
        """The arguments of a function; the middle of many is left out."""
        shown, left_out = shorten(arguments, self.most_terms)
        printed = [self._print(argument, SUM) for argument in shown]
        if left_out is not None:
            printed.insert(left_out, self.ellipsis())
        return ", ".join(printed)

    def euler(self) -> str:
        """The base of the exponential."""
        return "e"

    def name(self, name: str) -> str:
        """A quantity known by name."""
        return name

    def ellipsis(self) -> str:
        """What stands for the terms that are left out."""
        return "…"

    def other(self, node: Expression) -> tuple[str, int]:
        """A node this printer does not know."""
        raise TypeError(f"{type(node).__name__} cannot be printed")


def is_negative(node: Expression) -> bool:
    """Whether a node is printed as a single negative number."""
    match node:
        case Number():
            return node.value < 0
        case Element():
            return bool(node.value < 0) and node.written is None
    return False


def shorten(terms: Sequence[Expression], most: int) -> tuple[list[Expression], int | None]:
    """The terms to print, and before which of them the left-out ones stand (`None`: all are there).

    The last term always stays, so that a reader sees where the sum ends.
    """
    if len(terms) <= most:
        return list(terms), None
    kept = max(1, most - 1)
    return [*terms[:kept], terms[-1]], kept
