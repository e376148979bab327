"""What all formats share: numbers that remember what they are, and a document that knows where each of them stands.

A number is written between marks of the private use area. They pass through every format's escaping and are taken out
at the end, which gives the place of each number in the finished file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from checking_corpus.chain import Chain, Place
from checking_corpus.dialects import Plain

_MARKED = re.compile("\ue000(\\d+)\ue001(.*?)\ue002", re.DOTALL)
Cells = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Printed:
    """One number of a document.

    Args:
        step, place: what it is.
        role: "" where it is a result, "input" where inputs are listed, "operand" where it is used.
        text: as printed, with a plain minus.
        start, end: offsets in the text of the file; −1 in a spreadsheet.
        line: from 1; of a spreadsheet, the row.
        about: the step and the place whose arithmetic an operand stands in.
    """

    step: str
    place: Place
    role: str
    text: str
    start: int = -1
    end: int = -1
    line: int = 0
    about: tuple[str, Place] | None = None


@dataclass(frozen=True)
class Document:
    """A finished file and its numbers, in the order in which they were made."""

    name: str
    data: bytes
    numbers: Sequence[Printed]
    text: str = ""


class Writer:
    """Writes one document; a subclass a format.

    Args:
        chain: the numbers.
        random: draws habits and wording; the same seed gives the same layout whatever the numbers are.
        overrides: other texts for some numbers, by their position in the order of making.
        sentence_end: words after the tokens, which have no numbers.
        hidden: steps that are not printed, where the layout can do without.
    """

    extension = ""
    dialects: tuple[type[Plain], ...] = (Plain,)
    has_equations = True
    shows_values = False
    """Whether a program's values are shown as a session shows them: `array([[…]])`."""

    def __init__(
        self,
        chain: Chain,
        random: Random,
        overrides: Mapping[int, str] | None = None,
        sentence_end: str = "",
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self.chain, self.random, self.overrides, self.sentence_end = chain, random, overrides or {}, sentence_end
        self.hidden = hidden
        self.is_numbered = random.random() < 0.3
        self.m = random.choice(self.dialects)(random)
        self.made: list[Printed] = []
        self.parts: list[str] = []

    def n(
        self, step: str, place: Place, role: str = "", about: tuple[str, Place] | None = None, text: str | None = None
    ) -> str:
        """A number, marked."""
        index = len(self.made)
        shown = self.overrides.get(index) or (self.chain.text(step, place) if text is None else text)
        self.made.append(Printed(step, place, role, shown, about=about))
        return f"\ue000{index}\ue001{shown if text is not None else self.m.number(shown)}\ue002"

    # What a format writes.

    def heading(self, text: str, level: int = 2) -> None: ...
    def para(self, text: str) -> None: ...
    def items(self, lines: Sequence[str]) -> None: ...
    def equations(self, lines: Sequence[str]) -> None: ...
    def matrix(self, name: str, rows: Cells) -> None: ...
    def table(self, caption: str, header: Sequence[str], rows: Cells) -> None: ...
    def code(self, lines: Sequence[str], language: str = "python") -> None: ...
    def output(self, text: str) -> None: ...

    def math(self, text: str) -> str:
        """Mathematics inside a paragraph."""
        return text

    def finished(self) -> str:
        """The file's text, with marks."""
        return "\n".join(self.parts) + "\n"

    def document(self, stem: str) -> Document:
        """The finished file."""
        return place_numbers(f"{stem}.{self.extension}", self.finished(), self.made)


def place_numbers(name: str, marked: str, made: Sequence[Printed]) -> Document:
    """A document without the marks, its numbers with their places."""
    pieces: list[str] = []
    numbers = list(made)
    position, length, line = 0, 0, 1
    for match in _MARKED.finditer(marked):
        before = marked[position : match.start()]
        line += before.count("\n")
        length += len(before)
        index, text = int(match[1]), match[2]
        old = made[index]
        numbers[index] = Printed(old.step, old.place, old.role, old.text, length, length + len(text), line, old.about)
        pieces += [before, text]
        length += len(text)
        position = match.end()
    pieces.append(marked[position:])
    text = "".join(pieces)
    return Document(name, text.encode(), numbers, text)


def bare(text: str) -> str:
    """A text without marks."""
    return _MARKED.sub(r"\2", text)
