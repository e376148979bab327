"""Equations in a text: chains of sides such as `sitting · The = 0.3×0.1 + 0.4×0.3 = 0.15 ≈ 0.2`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from pellucid.checking.mapped_text import MappedText
from pellucid.checking.sides import NotASideError, SideParser
from pellucid.checking.tokens import (
    CLOSE,
    COMMA,
    LINE,
    NUMBER,
    OPEN,
    OTHER,
    RELATION,
    SIGN,
    WORD,
    Token,
    tokens_between,
)
from pellucid.checking.values import Value

APPROXIMATE = frozenset(("≈", "≃", "≅", "~="))
"""Relations behind which a result is rounded."""
_INTERESTING = re.compile(r"[=≈≃≅≡→⇒⟹≐]|->")
_MOST_STARTS = 12
_MOST_BACK = 4_000  # tokens of the first side
_GOES_ON = frozenset("±∓Σ∑")
_COUNTED = frozenset(
    [
        "log",
        "ln",
        "sin",
        "cos",
        "tan",
        "max",
        "min",
        "version",
        "v",
        "section",
        "sections",
        "chapter",
        "page",
        "pages",
        "release",
        "python",
        "torch",
    ]
)
_ENDS_CLAUSE = frozenset(".:!?")


class Side(msgspec.Struct, frozen=True, eq=False):
    """One side of an equation.

    Args:
        start, end: where it stands in the passage's text.
        value: what it says; `None` where it is words or symbols.
        relation: the sign before it; empty for the first.
    """

    start: int
    end: int
    value: Value | None
    relation: str = ""


class Chain(msgspec.Struct, frozen=True, eq=False):
    """Sides that are said to be equal.

    Args:
        text: the passage.
        sides: in reading order.
        label: the words that stand before the first side that has a value, in the same clause.
    """

    text: MappedText
    sides: tuple[Side, ...]
    label: str

    @property
    def start(self) -> int:
        """Where its first side begins."""
        return self.sides[0].start


def chains_of(text: MappedText, names: Mapping[str, Decimal], *, program: bool = False) -> Iterator[Chain]:
    """The equations in a passage, in reading order.

    Args:
        text: of the passage.
        names: values of names that may stand in them, such as d_k.
        program: whether a program printed it.
    """
    for start, end in _regions(text.text):
        yield from _Scanner(text, tokens_between(text.text, start, end), names, program).chains()


def _regions(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of lines that belong together and contain a relation: a line that begins or ends with a sign goes on.

    A list that spans lines belongs together too.
    """
    if not _INTERESTING.search(text):
        return
    start = position = 0
    depth = 0
    has_relation = has_digit = False
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        position += len(line)
        depth = max(0, depth + line.count("[") - line.count("]"))
        has_relation = has_relation or bool(_INTERESTING.search(line))
        has_digit = has_digit or any(map(str.isdigit, line))
        following = lines[number + 1].lstrip() if number + 1 < len(lines) else ""
        if following and position - start < 100_000 and (depth or _goes_on(line.rstrip(), following)):
            continue
        if has_relation and has_digit:
            yield start, position
        start, depth, has_relation, has_digit = position, 0, False, False


def _goes_on(line: str, following: str) -> bool:
    return following[0] in "=≈→⇒" or (following[0] in "+×·" and not following[1:2].isalpha()) or line[-1:] in "=≈+×·,("


class _Scanner:
    def __init__(self, text: MappedText, tokens: list[Token], names: Mapping[str, Decimal], program: bool) -> None:
        self.text = text
        self.tokens = tokens
        self.names = names
        self.parser = SideParser(tokens, names, program=program)

    def chains(self) -> Iterator[Chain]:
        relations = [k for k, token in enumerate(self.tokens) if token.kind == RELATION]
        earliest = 0
        position = 0
        while position < len(relations):
            at = relations[position]
            if at < earliest:
                position += 1
                continue
            sides, end = self.first_side(at, earliest), at
            label_start = self.tokens[earliest].start if earliest < len(self.tokens) else 0
            while True:  # one right side after the other
                side, end, goes_on = self.right_side(at, relations, position)
                if side is not None:
                    sides.append(side)
                if not goes_on:
                    break
                position += 1
                at = relations[position]
            position += 1
            is_address = "://" in self.text.text[label_start : self.tokens[at].start]
            if any(side.value is not None for side in sides) and not is_address:
                first = next(side for side in sides if side.value is not None)
                yield Chain(self.text, tuple(sides), self.text.text[label_start : first.start])
            earliest = max(end, at + 1)

    def first_side(self, at: int, earliest: int) -> list[Side]:
        """What stands before the first relation: the longest arithmetic that ends there, or words."""
        start = self.tokens[earliest].start if earliest < at else self.tokens[at].start
        for begin in self.possible_starts(at, earliest):
            try:
                value, end = self.parser.parse(begin, at)
            except NotASideError:
                continue
            while end < at and self.tokens[end].kind == LINE:
                end += 1
            if end == at and not self.is_cut(begin, earliest):
                return [Side(self.tokens[begin].start, self.tokens[at - 1].end, value)]
        return [Side(start, self.tokens[at].start, None)]

    def possible_starts(self, at: int, earliest: int) -> Iterator[int]:
        """Where arithmetic that ends at token `at` can begin, the farthest first."""
        starts: list[int] = []
        depth = 0
        position = at - 1
        while position >= max(earliest, at - _MOST_BACK):
            token = self.tokens[position]
            if token.kind == CLOSE:
                depth += 1
            elif token.kind == OPEN:
                depth -= 1
                if depth < 0:
                    break
                if depth == 0:
                    starts.append(position)
            elif token.kind in (OTHER, RELATION) or (token.kind == COMMA and depth == 0):
                break
            elif depth == 0:
                if token.kind == WORD and not self.is_function(position):
                    break
                starts.append(position)
            position -= 1
        starts.reverse()
        return iter(starts[:_MOST_STARTS] + starts[_MOST_STARTS:][-2:])

    def is_function(self, position: int) -> bool:
        token = self.tokens[position]
        name = token.text.rsplit(".", 1)[-1]
        following = self.tokens[position + 1].text if position + 1 < len(self.tokens) else ""
        return token.text in self.names or (name == "e" and following == "^") or following in ("(", "[")

    def is_cut(self, begin: int, earliest: int) -> bool:
        """Whether the arithmetic goes on to the left with something that could not be read, such as `x·0.3`."""
        token = self.tokens[begin]
        if begin == 0:
            bullet = token.kind == SIGN and token.text in "-+*" and len(self.tokens) > 1
            return bullet and self.tokens[1].start > token.end
        previous = self.tokens[begin - 1]
        if token.kind == SIGN and token.text in "+-" and self.joins_left(begin):
            return True
        if previous.kind == OTHER and previous.text in _GOES_ON:
            return True
        if previous.kind == LINE:
            bullet = token.kind == SIGN and token.text in "-+*"
            return bullet and begin + 1 < len(self.tokens) and self.tokens[begin + 1].start > token.end
        if begin <= earliest and previous.kind == RELATION:
            return False
        if previous.kind == SIGN and previous.text in "×*·/^@√-+":
            leads_line = begin < 2 or self.tokens[begin - 2].kind == LINE
            return not (leads_line and previous.text in "-+*·" and previous.end < token.start)
        if previous.kind == WORD and previous.text.lower() in _COUNTED:
            return True  # version 1.2-3, section 4
        if previous.kind == NUMBER and token.kind == OPEN:
            return True  # 2 (2 + 2)
        return previous.end == token.start and (
            previous.kind in (WORD, NUMBER, CLOSE) or (previous.kind == OTHER and previous.text not in ":$\"'“”’`>|")
        )

    def joins_left(self, begin: int) -> bool:
        """Whether the sign at token `begin` adds to what stands before it, which could not be read: `n - 2×3`."""
        previous, sign = self.tokens[begin - 1], self.tokens[begin]
        if self.is_ellipsis(begin - 1):
            return True  # 0.1×0.3 + … + 0.4×0.5: terms are left out
        is_tight = begin + 1 < len(self.tokens) and self.tokens[begin + 1].start == sign.end
        if previous.kind == WORD:
            return not (is_tight and previous.end < sign.start)  # “is -0.6” is a negative number
        return previous.kind in (NUMBER, CLOSE) or (
            previous.kind in (OTHER, COMMA) and previous.text in "!|±∓Σ∑" and previous.text != ""
        )

    def is_ellipsis(self, position: int) -> bool:
        """Whether terms are left out at a token: …, ⋯ or three full stops."""
        token = self.tokens[position]
        return token.kind == OTHER and (
            token.text in "…⋯" or (token.text == "." and position > 0 and self.tokens[position - 1].text == ".")
        )

    def right_side(self, at: int, relations: list[int], position: int) -> tuple[Side | None, int, bool]:
        """The side after the relation at token `at`, where it ends, and whether another relation follows it."""
        following = relations[position + 1] if position + 1 < len(relations) else None
        begin = at + 1
        while begin < len(self.tokens) and self.tokens[begin].kind == LINE:
            begin += 1
        relation = self.tokens[at].text
        if begin >= len(self.tokens):
            return None, begin, False
        try:
            value, end = self.parser.parse(begin)
        except NotASideError:
            pass
        else:
            rest = end
            while rest < len(self.tokens) and self.tokens[rest].kind == LINE:
                rest += 1
            token = self.tokens[rest] if rest < len(self.tokens) else None
            if token is None or not (self.is_unfinished(end)):
                side = Side(self.tokens[begin].start, self.tokens[end - 1].end, value, relation)
                return side, end, rest == following
        # Words or symbols: the side reaches to the next relation, if that is in the same clause.
        if following is None:
            stop = self.clause_end(begin, len(self.tokens))
            return Side(self.tokens[begin].start, self.tokens[stop - 1].end, None, relation), stop, False
        stop = self.clause_end(begin, following)
        side = Side(self.tokens[begin].start, self.tokens[stop - 1].end, None, relation)
        return side, stop, stop == following

    def is_unfinished(self, end: int) -> bool:
        """Whether what follows a value would change it: an operator, a unit that multiplies."""
        if end >= len(self.tokens):
            return False
        token = self.tokens[end]
        if token.kind == SIGN:
            if token.text == "-" and (end + 1 >= len(self.tokens) or self.tokens[end + 1].kind in (WORD, LINE, OTHER)):
                spaced = self.tokens[end - 1].end < token.start
                return not spaced  # a dash
            return token.text in "×*·/^@√+-"
        if token.kind == OPEN and token.text == "[":
            return token.start == self.tokens[end - 1].end
        if token.kind == OTHER:
            return token.text in "±" or (token.text == "_" and token.start == self.tokens[end - 1].end)
        return bool(token.kind == WORD and end + 1 < len(self.tokens) and self.tokens[end + 1].text == "^")

    def clause_end(self, begin: int, end: int) -> int:
        """Where a clause ends: at a comma outside brackets, a full stop, or the line's end."""
        depth = 0
        for position in range(begin, end):
            token = self.tokens[position]
            if token.kind == OPEN:
                depth += 1
            elif token.kind == CLOSE:
                depth -= 1
                if depth < 0:
                    return max(position, begin + 1)
            elif token.kind == LINE or (
                depth == 0
                and (
                    (token.kind == COMMA and token.text != "|") or (token.kind == OTHER and token.text in _ENDS_CLAUSE)
                )
            ):
                return max(position, begin + 1)
        return end
