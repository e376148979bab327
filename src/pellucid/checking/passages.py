"""What every document consists of, whatever its format: passages of text and tables."""

from __future__ import annotations

from typing import Literal

import msgspec

from pellucid.checking.mapped_text import MappedText

Kind = Literal["heading", "prose", "mathematics", "verbatim", "code", "comment", "output", "example"]
"""What a passage is.

heading: a title. prose: running text, one paragraph or list item, with mathematics already written in a line.
mathematics: a displayed formula, written in a line. verbatim: a fenced or literal block of no programming language.
code: statements of a programming language, with comments and docstrings blanked out. comment: a comment or
docstring. output: what a program printed. example: the lines of an example file, as in a block marked `attention`.
"""


class Passage(msgspec.Struct, frozen=True, eq=False):
    """A stretch of text of one kind.

    Args:
        kind: what it is.
        text: without markup; mathematics is written in a line: `(a)/(b)`, `√(3)`, `e^(x)`, `0.3×0.1`, `≈`, and a
            matrix as `[[1, 2], [3, 4]]`.
        language: of code, in lower case; empty where unknown.
        lead: of what stands in a list, the line that introduces the list, which may name what its items are (`Keys:`):
            of a list inside an item the last line of that item, else of the paragraph right before; empty elsewhere.
    """

    kind: Kind
    text: MappedText
    language: str = ""
    lead: str = ""


class Table(msgspec.Struct, frozen=True, eq=False):
    """A table of texts; rows may have different lengths.

    Args:
        rows: the cells, without markup; the header, if there is one, is the first row.
        caption: what is printed with it as its title; empty where there is none.
        name: of the sheet it stands on; empty where there is none.
    """

    rows: tuple[tuple[MappedText, ...], ...]
    caption: str = ""
    name: str = ""


Part = Passage | Table
