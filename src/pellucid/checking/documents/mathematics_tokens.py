"""LaTeX mathematics taken apart as TeX does it: tokens, groups in braces and the arguments of commands.

One pass, in time linear in the length: pairs of braces are found beforehand, and brackets whose need is known only
after what they enclose has been read are left as gaps in the output and filled then.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from pellucid.checking.documents.mathematics_line import Line
from pellucid.checking.mapped_text import MappedText

MOST_DEPTH = 40
TOKEN = re.compile(
    r"\\begin[ \t]*\{(?P<begin>[A-Za-z]+)\*?\}"
    r"|(?P<end>\\end[ \t]*\{[A-Za-z]+\*?\})"
    r"|\\(?P<name>[A-Za-z]+)"
    r"|(?P<row>\\\\\*?(?:[ \t]*\[[^\]\n{}\\]{0,20}\])?)"
    r"|\\(?P<sign>.)"
    r"|(?P<brace>[{}])"
    r"|(?P<script>[_^])\s*"
    r"|(?P<cell>&)|(?P<tie>~)|(?P<dollar>\$+)"
    r"|(?P<plain>[^\\{}_^&~$]+)"
    r"|(?P<rest>.)",
    re.DOTALL,
)
BLANK = re.compile(r"\s*")

_ENVIRONMENT = r"\\(?:begin|end)[ \t]*\{[A-Za-z]+\*?\}"
_PAIRS = re.compile(_ENVIRONMENT + r"|\\.|[{}]", re.DOTALL)
_LINE_END = re.compile(r"[ \t\r]*+\n\s*")
_OPTION = re.compile(r"[ \t]*\[[^\]\n{}\\]{0,60}\]")


class TokenReader(Line, ABC):
    """A formula being read and written; what a token becomes is left to `step`."""

    def __init__(self, mapped: MappedText, prose: bool) -> None:
        super().__init__(mapped)
        self.prose = prose
        self.is_formula = not prose
        self.depth = 0
        self.cell = -1  # which cell of a row is being read, where a row has pairs of them; else −1
        self.closing = self.pairs()
        self.passed_over: set[int] = set()  # where a closing bracket stands whose opening one was left out

    def pairs(self) -> dict[int, int]:
        """Where what opens at a position closes: braces and environments."""
        closing: dict[int, int] = {}
        stack: list[tuple[int, bool]] = []
        environments = 0
        for found in _PAIRS.finditer(self.text):
            written = found.group()
            if written == "{":
                stack.append((found.start(), False))
            elif written == "}":
                if stack and not stack[-1][1]:
                    closing[stack.pop()[0]] = found.start()
            elif written.startswith("\\begin") and len(written) > 2:
                stack.append((found.start(), True))
                environments += 1
            elif written.startswith("\\end") and len(written) > 2 and environments:
                while not stack[-1][1]:
                    stack.pop()
                closing[stack.pop()[0]] = found.start()
                environments -= 1
        return closing

    def new_line(self, start: int) -> None:
        if self.is_formula:
            self.skip_blanks()
        self.put("\n", start, self.position)

    def plain(self, text: str, start: int) -> None:
        if self.passed_over and (bracket := start + len(text) - len(text.lstrip())) in self.passed_over:
            start, text = bracket + 1, self.text[bracket + 1 : start + len(text)]
        if not self.is_formula or "\n" not in text:
            self.out.append((text, start, start + len(text), True))
            return
        position = start
        for found in _LINE_END.finditer(self.text, start, start + len(text)):  # which is a blank to TeX
            self.out.append((self.text[position : found.start()], position, found.start(), True))
            self.put(" ", *found.span())
            position = found.end()
        self.out.append((self.text[position : start + len(text)], position, start + len(text), True))

    def until(self, end: int) -> None:
        while self.position < end:
            self.step()
        self.position = end

    @abstractmethod
    def step(self) -> None:
        """Reads one token, and what belongs to it."""

    # Groups and arguments

    def group(self, start: int) -> None:
        """What stands in braces that open at `start`."""
        close = self.closing.get(start)
        self.position = start + 1
        if close is None:
            return
        if close == start + 2 and self.text[start + 1] in ",.":  # 1{,}234
            self.put(self.text[start + 1], start, close + 1)
        elif self.depth >= MOST_DEPTH:
            self.out.append((self.text[start : close + 1], start, close + 1, True))
        else:
            self.depth += 1
            self.until(close)
            self.depth -= 1
        self.position = close + 1

    def argument(self) -> None:
        """What TeX takes as the argument of a command: a group, a command or one character."""
        start = self.skip_blanks()
        if start >= len(self.text) or self.depth >= MOST_DEPTH:
            return
        if self.text[start] == "{":
            self.group(start)
        elif self.text[start] == "\\":
            self.depth += 1
            self.step()
            self.depth -= 1
        elif self.text[start] not in "}&$":
            self.out.append((self.text[start], start, start + 1, True))
            self.position = start + 1

    def bracketed(self, *, always: bool = False) -> tuple[bool, int]:
        """An argument in brackets, if it is not one number or name; whether it has them, and where they open."""
        opening = self.gap()
        self.argument()
        self.trim(opening + 1)
        closing = self.gap()
        if always or self.is_followed_by_factor() or not self.is_atom(opening + 1, closing):
            self.fill(opening, "(")
            self.fill(closing, ")")
            return True, opening
        return False, opening

    def skip_blanks(self) -> int:
        found = BLANK.match(self.text, self.position)
        assert found
        self.position = found.end()
        return self.position

    def skip_option(self) -> None:
        if found := _OPTION.match(self.text, self.position):
            self.position = found.end()

    def skip_argument(self) -> None:
        """Passes over an argument, and over what stands in square brackets before it."""
        self.skip_option()
        found = BLANK.match(self.text, self.position)
        assert found
        close = self.closing.get(found.end())
        if close is not None:
            self.position = close + 1

    def is_followed_by_factor(self) -> bool:
        return self.position < len(self.text) and (
            self.text[self.position].isalnum() or self.text[self.position] in "_("
        )
