"""Numbers as they are written in many countries, put into one form before anything is read.

A decimal comma becomes a point, whatever separates groups of digits an apostrophe: 1.234,5 and 1 234.5 both become
1'234.5, sign for sign, so that every sign keeps its place in the file. What cannot be told, as a 1,234 among numbers
with decimal commas and with points, becomes unreadable: nothing is said of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from pellucid.checking.documents.decimal_mark import (
    GROUPED,
    RUN,
    DecimalMark,
    decimal_mark,
    is_alone_in_brackets,
    is_index,
)
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.passages import Part, Table
from pellucid.checking.source import Source

UNREADABLE = "\ufffd"
"""Stands for every sign of a number that has more than one meaning."""

_UNTOUCHED = frozenset({"code", "output", "example"})  # programs and what they print have points and no groups
_WITHOUT_BLANKS = frozenset({"verbatim"})  # where blanks separate columns
_SPACED = re.compile(
    r"(?<![\w.,'’])(?<!\d[ \u00a0\u2009\u202f])[1-9]\d{0,2}(?P<blank>[ \u00a0\u2009\u202f'’])\d{3}"
    r"(?:(?P=blank)\d{3})*(?![\w'’])(?![ \u00a0\u2009\u202f]\d)"
)
_COMPUTES = "=≈≃≅≡·×⋅∙*/÷+√^"
_SIGN_BEFORE = re.compile(rf"(?:[{_COMPUTES}]|[{_COMPUTES} ][-−])\s*\Z")
_SIGN_AFTER = re.compile(rf"\s*[{_COMPUTES}]|\s+[-−]\s")
_REPEATING = re.compile(r"(?<![\w.,])\d+[.,](?:\d*[\u0304\u0305](?:\d*[\u0304\u0305])*|\d*\(\d+\)(?!\w))")
_READ = re.compile(r"\d+[.,](?:\d*?(?:\d[\u0304\u0305])+|\(\d+\))")
"""0.16̅ and 0.(3), whose repeated decimals are read; 0.1(6) may also be 0.1 with an uncertainty, or a product."""
_PAIR = re.compile(r"\d,\d")
_LOOK_BACK = 8
_MAY_REPEAT = re.compile(r"\d[\u0304\u0305]|\d[.,]?\(\d")
_MAY_BE_SPACED = re.compile(r"\d[ \u00a0\u2009\u202f'’]\d{3}")


def with_plain_numbers(parts: Iterable[Part], source: Source) -> list[Part]:
    """The parts of a document with their numbers in one form.

    Args:
        parts: passages and tables.
        source: their file, which is told its decimal mark.
    """
    parts = list(parts)
    mark = decimal_mark((text.text for part in parts for text in _texts(part)), source.text)
    source.decimal_mark = "," if mark == "comma" else "."
    return [_plain_part(part, mark, source) for part in parts]


def _texts(part: Part) -> Iterator[MappedText]:
    if isinstance(part, Table):
        for row in part.rows:
            yield from row
    elif part.kind not in _UNTOUCHED:
        yield part.text


def _plain_part(part: Part, mark: DecimalMark, source: Source) -> Part:
    if isinstance(part, Table):
        rows = tuple(tuple(_plain(cell, mark, source, blanks=False) for cell in row) for row in part.rows)
        return msgspec.structs.replace(part, rows=rows)
    if part.kind in _UNTOUCHED:
        return part
    text = _plain(part.text, mark, source, blanks=part.kind not in _WITHOUT_BLANKS)
    return part if text is part.text else msgspec.structs.replace(part, text=text)


def _plain(mapped: MappedText, mark: DecimalMark, source: Source, *, blanks: bool) -> MappedText:
    text = mapped.text
    if _MAY_REPEAT.search(text):
        point = {"point": ".", "comma": ","}.get(mark, "")
        text = _REPEATING.sub(lambda found: _repeating(found.group(), point), text)
    if _MAY_BE_SPACED.search(text):
        text = _SPACED.sub(_Groups(mapped, source, blanks=blanks), text)
    if mark != "point":
        change = _decimal_comma if mark == "comma" else _unclear
        text = RUN.sub(change, text)
    return mapped if text == mapped.text else MappedText(text, mapped.runs)


def _repeating(written: str, point: str) -> str:
    """A number with decimals that are repeated without end, as it is read; `point` is the decimal mark, if any."""
    read = bool(point) and point in written and _READ.fullmatch(written)
    return written.replace(",", ".") if read else UNREADABLE * len(written)


class _Groups:
    """Joins groups of digits that blanks or apostrophes separate: 12 000.

    A plain blank may also separate two numbers, so it needs a sign before it, as in `= 12 000`. With a sign only after
    it (`of head 1 200 × 3`) both are possible.
    """

    def __init__(self, mapped: MappedText, source: Source, *, blanks: bool) -> None:
        self.mapped = mapped
        self.source = source
        self.blanks = blanks
        self.depth = 0  # of square brackets, in which a blank separates elements
        self.position = 0

    def __call__(self, found: re.Match[str]) -> str:
        text, written, blank = found.string, found.group(), found["blank"]
        start, end = found.span()
        self.depth = max(0, self.depth + text.count("[", self.position, start) - text.count("]", self.position, start))
        self.position = start
        joined = written.replace(blank, "'")
        if not self.is_plain_blank(found.start("blank")):
            return joined
        if not self.blanks or self.depth:
            return written
        if _SIGN_BEFORE.search(text[max(0, start - _LOOK_BACK) : start]):
            return joined
        return UNREADABLE * len(written) if _SIGN_AFTER.match(text, end) else written

    def is_plain_blank(self, place: int) -> bool:
        """Whether the file has a blank there, and no sign that joins digits, such as a thin space."""
        span = self.mapped.span(place, place + 1)
        return self.source.text[span.start : span.end] in (" ", "~", "\\ ", "\n", "\r\n")


def _decimal_comma(found: re.Match[str]) -> str:
    """Digits with marks between them, in a document with decimal commas."""
    run, text, (start, end) = found.group(), found.string, found.span()
    if is_index(text, start):
        return run
    before, mark, after = run.partition(",")
    if mark and "," not in after and "." not in after:
        if _PAIR.fullmatch(run) and is_alone_in_brackets(text, start, end):
            return UNREADABLE * len(run)  # (1,0): a number or a pair
        if before.isdigit() or GROUPED.fullmatch(before):
            return f"{before.replace('.', chr(39))}.{after}"
    elif not mark and "'" not in run and GROUPED.fullmatch(run):
        # 1.234.567 is a whole number; 1.234 is one too, or a decimal of a program.
        return run.replace(".", "'") if run.count(".") > 1 else UNREADABLE * len(run)
    return run


def _unclear(found: re.Match[str]) -> str:
    """The same where points and commas both are decimal."""
    run, text, (start, end) = found.group(), found.string, found.span()
    is_single = run.count(",") == 1 and "." not in run
    if is_single and not is_index(text, start) and not is_alone_in_brackets(text, start, end):
        return UNREADABLE * len(run)
    return run
