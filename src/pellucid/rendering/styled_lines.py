"""Lines of styled text for the terminal: measured, wrapped, put side by side, printed with or without colour.

Widths are those of terminal cells, in which a Chinese character takes two. rich knows cells and colours; it is
loaded for colours only when there are any, so that piped output starts fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import NamedTuple


class Span(NamedTuple):
    """A run of text in one style, in rich's words: "bold blue"; "" is plain."""

    text: str
    style: str = ""


StyledLine = list[Span]


def cells(text: str) -> int:
    """How many terminal cells a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def width(line: Iterable[Span]) -> int:
    """How many terminal cells a line takes."""
    return sum(cells(span.text) for span in line)


def padded(line: StyledLine, to: int, *, right: bool = False) -> StyledLine:
    """The line filled with spaces to a width, at its end or, with `right`, at its beginning."""
    missing = to - width(line)
    if missing <= 0:
        return line
    space = Span(" " * missing)
    return [space, *line] if right else [*line, space]


def indented(lines: Iterable[StyledLine], by: int) -> list[StyledLine]:
    """Lines moved to the right; empty ones stay empty."""
    return [[Span(" " * by), *line] if line else line for line in lines]


def wrapped(line: StyledLine, to: int, hanging: int = 0) -> list[StyledLine]:
    """The line broken at spaces so that it fits; following lines are indented by `hanging`.

    A word that is wider than a line by itself is broken anywhere.
    """
    lines: list[StyledLine] = [[]]
    used = 0
    for word in _words(line, max(1, to - hanging)):
        needed = width(word)
        if used + needed - (1 if word[-1].text.endswith(" ") else 0) > to and lines[-1]:
            lines.append([Span(" " * hanging)] if hanging else [])
            used = hanging
        lines[-1].extend(word)
        used += needed
    return [trimmed(one) for one in lines]


def side_by_side(blocks: Sequence[Sequence[StyledLine]], gap: int = 3) -> list[StyledLine]:
    """Blocks of lines as columns."""
    widths = [max(map(width, block), default=0) for block in blocks]
    rows = zip_longest(*blocks, fillvalue=[])
    joined: list[StyledLine] = []
    for row in rows:
        line: StyledLine = []
        for position, (part, column) in enumerate(zip(row, widths, strict=True)):
            if position:
                line.append(Span(" " * gap))
            line.extend(padded(list(part), column) if position < len(widths) - 1 else part)
        joined.append(trimmed(line))
    return joined


def printed(lines: Iterable[StyledLine], *, colour: bool) -> str:
    """The lines as text, with ANSI colours if wanted."""
    if not colour:
        return "".join(_spaced("".join(span.text for span in line)).rstrip() + "\n" for line in lines)
    from rich.color import ColorSystem
    from rich.style import Style

    def styled(span: Span) -> str:
        text = _spaced(span.text)
        return Style.parse(span.style).render(text, color_system=ColorSystem.EIGHT_BIT) if span.style else text

    return "".join("".join(map(styled, line)) + "\n" for line in lines)


def unbroken(text: str) -> str:
    """The text as one word: it is never wrapped."""
    return text.replace(" ", _NO_BREAK)


_NO_BREAK = "\u00a0"


def _spaced(text: str) -> str:
    return text.replace(_NO_BREAK, " ")


def _words(line: StyledLine, widest: int) -> Iterable[StyledLine]:
    """Pieces that end after a space; a word may run over several spans."""
    word: StyledLine = []
    for text, style in line:
        for piece in _pieces(text, widest):
            word.append(Span(piece, style))
            if piece.endswith(" ") or width(word) >= widest - 1:
                yield word
                word = []
    if word:
        yield word


def _pieces(text: str, widest: int) -> Iterable[str]:
    """Runs that end after a space, none of them wider than `widest` cells."""
    start = 0
    while start < len(text):
        space = text.find(" ", start)
        end = len(text) if space < 0 else space + 1
        while end > start + 1 and cells(text[start:end].rstrip(" ")) > widest:
            end -= 1
        yield text[start:end]
        start = end


def trimmed(line: StyledLine) -> StyledLine:
    """The line without spaces at its end that nobody would see."""
    kept = list(line)
    while kept and not kept[-1].text.strip(" ") and "on " not in kept[-1].style:
        kept.pop()
    if kept and not kept[-1].style:
        kept[-1] = Span(kept[-1].text.rstrip(" "))
    return kept
