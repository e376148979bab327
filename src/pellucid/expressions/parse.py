"""From text to a tree: numbers as people write them.

    sum      = product { ("+" | "-") product }
    product  = factor { ("*" | "×" | "·" | "/" | "÷") factor }
    factor   = [ "-" | "+" ] power
    power    = atom [ ("^" | "**") factor ]
    atom     = number | name | function "(" sum ")" | "√" atom | "(" sum ")"
    function = "sqrt" | "exp" | "sin" | "cos" | "tanh" | "erf"

The name `e` is the base of the exponential. Nothing is ever handed to `eval`; length and depth are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from pellucid.errors import InputError
from pellucid.expressions.tree import (
    Cosine,
    ErrorFunction,
    Exponential,
    Expression,
    HyperbolicTangent,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sine,
    SquareRoot,
    Sum,
    parts,
)

_MOST_CHARACTERS = 1_000
_MOST_DEPTH = 50
_MOST_SHOWN = 60
_LARGEST_EXPONENT = 308

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*|∞)"
    r"|(?P<sign>\*\*|[-+*/^()√×·÷−]))"
)
_SAME_SIGN = {"−": "-", "×": "*", "·": "*", "÷": "/", "**": "^"}
_INFINITY = frozenset({"inf", "infinity", "∞"})
_FUNCTIONS: dict[str, Callable[[Expression], Expression]] = {
    "sqrt": SquareRoot,
    "exp": Exponential,
    "sin": Sine,
    "cos": Cosine,
    "tanh": HyperbolicTangent,
    "erf": ErrorFunction,
}
_EULER = Exponential(Number(Decimal(1)))


def parse(text: str) -> Expression:
    """The tree of a number or an arithmetic expression such as "1/3", "sqrt(2)", "-inf", "2e-3", "1/sqrt(d_k)".

    Raises:
        InputError: the text is empty, too long, nested too deeply or not an expression.
    """
    if len(text) > _MOST_CHARACTERS:
        raise InputError(f"an expression has {len(text)} characters; the most is {_MOST_CHARACTERS}.")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 0
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if not found or found.lastgroup is None:
                raise self.error(f"{text[position:].strip()[0]!r} has no meaning here")
            written = found.group(found.lastgroup)
            self.tokens.append((found.lastgroup, _SAME_SIGN.get(written, written)))
            position = found.end()
        self.next = 0

    def error(self, reason: str) -> InputError:
        shown = self.text if len(self.text) <= _MOST_SHOWN else f"{self.text[:_MOST_SHOWN]}…"
        return InputError(f"{shown!r} is not a number or an expression such as 0.3, 1/3 or sqrt(2): {reason}.")

    def too_deep(self) -> InputError:
        return self.error(f"it is nested more than {_MOST_DEPTH} deep")

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise self.too_deep()
        yield
        self.depth -= 1

    def peek(self) -> str:
        return self.tokens[self.next][1] if self.next < len(self.tokens) else ""

    def take(self, *signs: str) -> str | None:
        if self.peek() in signs and self.next < len(self.tokens) and self.tokens[self.next][0] == "sign":
            self.next += 1
            return self.tokens[self.next - 1][1]
        return None

    def whole(self) -> Expression:
        if not self.tokens:
            raise self.error("it is empty")
        tree = self.sum()
        if self.next < len(self.tokens):
            raise self.error(f"{self.peek()!r} is left over")
        if _is_deeper(tree, _MOST_DEPTH):
            raise self.too_deep()
        return tree

    def sum(self) -> Expression:
        terms = [self.product()]
        while sign := self.take("+", "-"):
            term = self.product()
            terms.append(_negative(term) if sign == "-" else term)
        return terms[0] if len(terms) == 1 else Sum(tuple(terms))

    def product(self) -> Expression:
        tree = self.factor()
        while sign := self.take("*", "/"):
            right = self.factor()
            if sign == "/":
                tree = Quotient(tree, right)
            elif isinstance(tree, Product):
                tree = Product((*tree.factors, right))
            else:
                tree = Product((tree, right))
        return tree

    def factor(self) -> Expression:
        with self.deeper():
            if sign := self.take("-", "+"):
                operand = self.factor()
                return _negative(operand) if sign == "-" else operand
            base = self.atom()
            if not self.take("^"):
                return base
            exponent = self.factor()
            return Exponential(exponent) if base is _EULER else Power(base, exponent)

    def atom(self) -> Expression:
        if self.take("("):
            return self.closed()
        if self.take("√"):
            with self.deeper():
                return SquareRoot(self.atom())
        if self.next == len(self.tokens):
            raise self.error("something is missing at its end")
        kind, written = self.tokens[self.next]
        self.next += 1
        if kind == "number":
            return Number(self.number(written))
        if kind == "name":
            return self.name(written)
        raise self.error(f"{written!r} stands where a number should")

    def name(self, written: str) -> Expression:
        if written.lower() in _INFINITY:
            return Number(Decimal("Infinity"))
        if written.lower() == "nan":
            raise self.error("NaN is not a number")
        if written == "e":
            return _EULER
        if written not in _FUNCTIONS:
            return Name(written)
        if not self.take("("):
            raise self.error(f"{written} needs its argument in brackets")
        return _FUNCTIONS[written](self.closed())

    def closed(self) -> Expression:
        inside = self.sum()
        if not self.take(")"):
            raise self.error("a bracket is not closed")
        return inside

    def number(self, written: str) -> Decimal:
        value = Decimal(written)
        if value and abs(value.adjusted()) > _LARGEST_EXPONENT:
            raise self.error(f"a number is beyond 1e{_LARGEST_EXPONENT} or 1e-{_LARGEST_EXPONENT}")
        return value


def _is_deeper(tree: Expression, most: int) -> bool:
    """Whether a tree has more levels; 1/2/3/… has as many as divisions, without any bracket."""
    level = [tree]
    for _ in range(most):
        level = [part for node in level for part in parts(node)]
    return bool(level)


def _negative(tree: Expression) -> Expression:
    return Number(tree.value.copy_negate()) if isinstance(tree, Number) else Negative(tree)
