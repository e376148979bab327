"""Parsing one side of an equation, as people write it, from tokens to a value.

    sum     = product { ("+" | "-") product }
    product = power { ("×" | "*" | "·" | "/" | "@") power }
    power   = ["-"] atom { "^" (atom | "T") }
    atom    = number ["%"] | "(" sum ")" | list | "√" atom | function "(" sum ")" | "e" "^" …
    list    = "[" sum { [","] sum } "]"

Nothing is evaluated here, and nothing is ever handed to `eval`; depth and exponents are bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.floats import NoValueError
from pellucid.checking.printed import Printed
from pellucid.checking.tokens import CLOSE, COMMA, LINE, NUMBER, OPEN, RELATION, SIGN, WORD, Token, number_of
from pellucid.checking.values import (
    Tree,
    Value,
    add,
    mapped,
    matrix_product,
    multiply,
    negative,
    softmax,
    total,
)
from pellucid.expressions import Exponential, Negative, Number, Power, Quotient, SquareRoot

_MOST_DEPTH = 30
_LARGEST_POWER = 300
_MAKES_ARRAY = frozenset({"array", "tensor", "matrix", "vec", "Vec", "Tensor", "asarray"})
_FUNCTIONS = frozenset({"sqrt", "exp", "softmax", "sum", "Softmax", "SoftMax", "Sqrt", "Exp"})
_INFINITY = frozenset({"inf", "Infinity", "infinity", "Inf"})
_CLOSING = {"(": ")", "[": "]", "{": "}"}
STOPPING_WORDS = frozenset(
    {"million", "billion", "trillion", "thousand", "bn", "M", "K", "k", "B", "G", "T", "GB", "MB", "KB", "kB", "TB"}
)
"""Words after a number that change what it says."""


class NotASideError(Exception):
    """The tokens are no arithmetic."""


class SideParser:
    """Parses sides out of the tokens of a passage.

    Args:
        tokens: of the passage.
        names: values of names, such as d_k.
        program: whether a program printed them.
    """

    def __init__(self, tokens: list[Token], names: Mapping[str, Decimal] | None = None, *, program: bool = False):
        self.tokens = tokens
        self.names = names or {}
        self.program = program
        self.at = 0
        self.end = len(tokens)
        self.depth = 0
        self.plain = True
        self.elementwise = False
        self.single = False
        self._spaced_lists: set[int] | None = None
        self.spaced = False  # inside a list whose elements only spaces separate

    def parse(self, start: int, end: int | None = None) -> tuple[Value, int]:
        """The longest side that begins at token `start`, and where it ends.

        Raises:
            NotASideError: there is none.
        """
        self.at, self.end, self.depth = start, len(self.tokens) if end is None else end, 0
        self.plain, self.elementwise, self.single, self.spaced = True, False, False, False
        try:
            tree = self.sum()
        except (NoValueError, RecursionError):
            raise NotASideError from None
        return Value(tree, self.plain, self.elementwise, self.single), self.at

    def peek(self) -> Token | None:
        """The next token, past the end of a line where the arithmetic goes on."""
        if self.at < self.end and (token := self.tokens[self.at]).kind != LINE:
            return token
        while self.at < self.end and self.tokens[self.at].kind == LINE and (self.depth or self.continues()):
            self.at += 1
        return self.tokens[self.at] if self.at < self.end else None

    def continues(self) -> bool:
        """Whether the next line goes on with an operator, as a long sum does."""
        after = self.at + 1
        return after < self.end and self.tokens[after].kind == SIGN and self.tokens[after].text in "+×·/*"

    def sum(self) -> Tree:
        tree = self.product()
        while (token := self.peek()) and token.kind == SIGN and token.text in "+-":
            if self.spaced and self.starts_element(token):
                break
            mark = self.at
            self.at += 1
            try:
                right = self.product()
            except NotASideError:
                self.at = mark
                break
            self.plain = False
            tree = mapped(add, tree, right if token.text == "+" else mapped(Negative, right))
        return tree

    def starts_element(self, sign: Token) -> bool:
        """Whether `-0.2` in `[0.1 -0.2]` is an element of its own: a space before the sign and none after it."""
        previous, following = self.tokens[self.at - 1], self.at + 1
        return previous.end < sign.start and following < self.end and self.tokens[following].start == sign.end

    def product(self) -> Tree:
        tree = self.power()
        while token := self.peek():
            if token.kind == SIGN and token.text in "×*·/@":
                mark = self.at
                self.at += 1
                try:
                    right = self.power()
                except NotASideError:
                    self.at = mark
                    break
                self.plain = False
                tree = self.combined(token.text, tree, right)
            elif token.kind == OPEN and self.is_factor(token):
                self.plain = False
                tree = self.combined("·", tree, self.power())
            else:
                break
        return tree

    def is_factor(self, opening: Token) -> bool:
        """Whether a bracket multiplies what stands directly before it: (0.3)(0.1), 0.3[[1], [2]]."""
        previous = self.tokens[self.at - 1]
        if opening.text == "(":
            return previous.text == ")"
        following = self.tokens[self.at + 1].text if self.at + 1 < self.end else ""
        adjacent = opening.text == following == "[" and previous.kind == NUMBER and previous.end == opening.start
        return adjacent and not self.spaced

    def combined(self, sign: str, left: Tree, right: Tree) -> Tree:
        if sign == "/":
            return mapped(Quotient, left, right)
        if not (isinstance(left, np.ndarray) and isinstance(right, np.ndarray)):
            return mapped(multiply, left, right)
        if sign in "×*" and left.shape == right.shape and left.ndim == 1:
            self.elementwise = True
            return mapped(multiply, left, right)
        return matrix_product(left, right)

    def power(self) -> Tree:
        while self.at < self.end and self.tokens[self.at].kind == LINE:
            self.at += 1  # an operand may stand on the next line
        token = self.peek()
        if token is None:
            raise NotASideError
        if token.kind == SIGN and token.text in "-+":
            self.at += 1
            sign = token
            tree = self.power()
            return tree if sign.text == "+" else mapped(lambda operand: negative(operand, sign), tree)
        tree = self.number(token) if token.kind == NUMBER else self.atom(token)
        while (token := self.peek()) and token.kind == SIGN and token.text == "^":
            self.at += 1
            following = self.peek()
            if following is not None and following.text in ("T", "⊤", "top") and isinstance(tree, np.ndarray):
                self.at += 1
                self.plain = False
                tree = tree.T
                continue
            exponent = self.power()
            self.plain = False
            if isinstance(exponent, Number) and abs(exponent.value) > _LARGEST_POWER:
                raise NotASideError
            if isinstance(exponent, Power):
                raise NotASideError  # 9^9^9^9
            tree = mapped(Power, tree, exponent)
        return tree

    def atom(self, token: Token) -> Tree:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise NotASideError
        try:
            return self._atom(token)
        finally:
            self.depth -= 1

    def _atom(self, token: Token) -> Tree:
        kind, text = token.kind, token.text
        if kind == NUMBER:
            return self.number(token)
        if kind == OPEN:
            self.at += 1
            return self.bracketed(text)
        if kind == SIGN and text in "√∞":
            self.at += 1
            if text == "∞":
                return Printed(Decimal("Infinity"), "∞", 0, token.start, token.end)
            operand = self.peek()
            if operand is None:
                raise NotASideError
            self.plain = False
            return mapped(SquareRoot, self.atom(operand))
        if kind == WORD:
            self.at += 1
            return self.word(token)
        raise NotASideError

    def number(self, token: Token) -> Tree:
        after = self.tokens[self.at + 1] if self.at + 1 < self.end else None
        percent = after if after is not None and after.kind == SIGN and after.text == "%" else None
        number = number_of(token, percent=percent, program=self.program or self.spaced)
        if number is None:
            raise NotASideError
        self.at += 1 + (percent is not None)
        is_word = after is not None and after.kind == WORD and not percent
        if is_word and after is not None and (after.start == token.end or after.text in STOPPING_WORDS):
            raise NotASideError  # 3x, 4th, 19 million
        return number

    def word(self, token: Token) -> Tree:
        name = token.text.rsplit(".", 1)[-1]
        if name == "e" and (sign := self.peek()) and sign.text == "^":
            self.at += 1
            self.plain = False
            return mapped(Exponential, self.exponent())
        if name in _INFINITY:
            return Printed(Decimal("Infinity"), token.text, 0, token.start, token.end)
        if token.text in self.names:
            self.plain = False
            return Number(self.names[token.text])
        opening = self.peek()
        if opening is None or opening.kind != OPEN or opening.text not in "([":
            raise NotASideError
        if name in _MAKES_ARRAY:
            program, self.program = self.program, True  # what a program prints, or reads
            try:
                return self.call()
            finally:
                self.program = program
        if name in _FUNCTIONS:
            self.plain = False
            argument = self.call()
            return self.applied(name.lower(), argument)
        raise NotASideError

    def exponent(self) -> Tree:
        exponent = self.power()
        largest = [exponent] if not isinstance(exponent, np.ndarray) else []
        if any(isinstance(tree, Power) or (isinstance(tree, Number) and tree.value > 700) for tree in largest):
            raise NotASideError
        return exponent

    def applied(self, name: str, argument: Tree) -> Tree:
        if name == "sqrt":
            return mapped(SquareRoot, argument)
        if name == "exp":
            return mapped(Exponential, argument)
        if name == "sum":
            return total(argument) if isinstance(argument, np.ndarray) else argument
        if isinstance(argument, np.ndarray):
            return softmax(argument)
        self.single = True
        return Quotient(Exponential(argument), Exponential(argument))

    def call(self) -> Tree:
        """The first argument of a call; what follows it, such as `dim=-1`, is passed over."""
        opening = self.peek()
        assert opening is not None
        if opening.text == "[":
            return self.atom(opening)
        self.at += 1
        self.depth += 1
        elements = [self.sum()]
        while (token := self.peek()) and token.kind == COMMA:
            mark = self.at
            self.at += 1
            try:
                elements.append(self.sum())
            except NotASideError:
                self.at = mark
                break
            if (token := self.peek()) and token.kind == RELATION:  # a keyword that happens to have a value
                elements.pop()
                break
        self.depth -= 1
        self.skip_to_close()
        return elements[0] if len(elements) == 1 or isinstance(elements[0], np.ndarray) else _stacked(elements)

    def skip_to_close(self) -> None:
        depth = 1
        while self.at < self.end:
            token = self.tokens[self.at]
            self.at += 1
            depth += (token.kind == OPEN) - (token.kind == CLOSE)
            if depth == 0:
                return
        raise NotASideError

    def bracketed(self, opening: str) -> Tree:
        """What stands in brackets: a number, or a list."""
        spaced, self.spaced = self.spaced, opening == "[" and self.is_spaced()
        elements: list[Tree] = []
        try:
            while True:
                token = self.peek()
                if token is None:
                    raise NotASideError
                if token.kind == CLOSE:
                    break
                if token.kind == COMMA and elements:
                    self.at += 1
                    continue
                following = self.tokens[self.at + 1].kind if self.at + 1 < self.end else CLOSE
                if token.kind == NUMBER and following in (COMMA, CLOSE):
                    elements.append(self.number(token))  # the usual case, and there may be millions
                else:
                    elements.append(self.sum())
                token = self.peek()
                if token is not None and not self.spaced and token.kind not in (COMMA, CLOSE):
                    raise NotASideError
        finally:
            self.spaced = spaced
        assert token is not None
        if token.text != _CLOSING[opening] or not elements:
            raise NotASideError
        self.at += 1
        if opening != "[" and len(elements) == 1:
            return elements[0]
        return _stacked(elements)

    def is_spaced(self) -> bool:
        """Whether the list that has just been opened has no comma at its own level."""
        if self._spaced_lists is None:
            self._spaced_lists = _spaced_lists(self.tokens)
        return self.at - 1 in self._spaced_lists


def _spaced_lists(tokens: list[Token]) -> set[int]:
    """The opening brackets whose elements only spaces separate, of all that are closed."""
    spaced: set[int] = set()
    opened: list[int] = []
    separated: list[bool] = []
    for position, token in enumerate(tokens):
        if token.kind == OPEN:
            opened.append(position)
            separated.append(False)
        elif token.kind == CLOSE and opened:
            if not separated.pop():
                spaced.add(opened.pop())
            else:
                opened.pop()
        elif token.kind in (COMMA, RELATION) and separated:
            separated[-1] = True
    return spaced


def _stacked(elements: list[Tree]) -> Array:
    """Elements of one shape as an array.

    Raises:
        NoValueError: they have different shapes.
    """
    shapes = {element.shape if isinstance(element, np.ndarray) else () for element in elements}
    if len(shapes) != 1:
        raise NoValueError
    (shape,) = shapes
    result = np.empty((len(elements), *shape), dtype=object)
    for position, element in enumerate(elements):
        result[position] = element
    return result
