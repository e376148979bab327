"""Texts that users gave, made fit to be shown in any format; each format then escapes them in its own way."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.rendering.document import Grid

_SEEN_AS = {"\n": "↵", "\r": "↵", "\t": "⇥", "\u2028": "↵", "\u2029": "↵", "\u00a0": "\u00a0", "\u3000": "\u3000"}
_SPACES = " \u00a0\u3000"
_JOINERS = "\u200c\u200d"  # they shape Persian and Indic words and emoji
_UNKNOWN = "\ufffd"
_EMPTY = "∅"
_SPACE = "␣"


def printable(text: str) -> str:
    """The text on one line, with no character that is invisible, reverses direction or cannot be encoded."""
    return "".join(
        character if character.isprintable() or character in _JOINERS else _SEEN_AS.get(character, _UNKNOWN)
        for character in text
    )


def token_label(token: str, most: int) -> str:
    """A token as a label of at most `most` characters: spaces at its ends and emptiness can be seen."""
    shown = printable(token)
    inner = shown.strip(_SPACES)
    before = len(shown) - len(shown.lstrip(_SPACES))
    after = 0 if not inner else len(shown) - before - len(inner)
    return shorten(f"{_SPACE * before}{inner}{_SPACE * after}", most) or _EMPTY


def shorten(text: str, most: int) -> str:
    """At most `most` characters, the middle left out: beginning and end tell tokens apart, `#2` stands last."""
    if len(text) <= most:
        return text
    tail = (most - 1) // 3
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"


def row_label(grid: Grid, row: int, most: int) -> str:
    """The label of a row; a vector's only row has none."""
    return token_label(grid.row_label(row), most) if grid.row_axis else ""


def column_label(grid: Grid, column: int, most: int) -> str:
    """The label of a column."""
    return token_label(grid.column_label(column), most)


def left_out(grid: Grid, rows: Sequence[int | None], columns: Sequence[int | None]) -> str:
    """`28 more rows and 1,030 more columns` when only these are shown; empty when all are."""
    size = zip(grid.shape, (rows, columns), ("row", "column"), strict=True)
    hidden = [(total - sum(place is not None for place in shown), noun) for total, shown, noun in size]
    return " and ".join(f"{count:,} more {noun}{'s' if count > 1 else ''}" for count, noun in hidden if count)
