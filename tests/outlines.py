"""Reading a document in a test, and what is true of every document that was read."""

import re

from pellucid.checking.documents import open_source, read_document
from pellucid.checking.documents.plain_numbers import UNREADABLE
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.passages import Part, Passage
from pellucid.checking.source import Source

NUMBER = re.compile(r"\d+(?:\.\d+)?")


def read(text: str, file_format: str, name: str = "x") -> list[Part]:
    """The parts of a text, after checking that each number in them stands in the source where it says."""
    source = open_source(name, text.encode())
    parts = read_document(source, file_format)
    check(source, parts)
    return parts


def texts(parts: list[Part]) -> list[MappedText]:
    return [
        text
        for part in parts
        for text in ([part.text] if isinstance(part, Passage) else [cell for row in part.rows for cell in row])
    ]


def check(source: Source, parts: list[Part]) -> None:
    for text in texts(parts):
        assert not text.runs or text.runs[0][0] == 0
        for at, low, high, verbatim in text.runs:
            assert 0 <= low <= high <= len(source.text)
            if verbatim and text.text[at : at + high - low].strip():
                kept = text.text[at : at + high - low]
                assert all(a in (b, " ") or _is_mark(a, b) for a, b in zip(kept, source.text[low:high], strict=True))
    assert source.rewritten({}) == source.mark + source.text.encode(source.encoding)


def _is_mark(read: str, written: str) -> bool:
    """Whether a sign of a number may be read as another: a decimal comma, a space between digits, what is unclear."""
    return read == UNREADABLE or (read in ".'" and written in ",.'’ \u00a0\u2009\u202f~")


def numbers_stand_where_they_say(source: Source, parts: list[Part]) -> int:
    """Compares every number with its source; how many there were."""
    count = 0
    for text in texts(parts):
        for found in NUMBER.finditer(text.text):
            assert source.text[slice(*text.span(*found.span()))] == found.group()
            count += 1
    return count


def outline(parts: list[Part]) -> list[tuple[str, str] | list[list[str]]]:
    """The parts as (kind, text) and lists of rows."""
    return [
        (part.kind, part.text.text) if isinstance(part, Passage) else [[cell.text for cell in row] for row in part.rows]
        for part in parts
    ]
