"""Whether a document writes its decimals with a comma: 0,5."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

DecimalMark = Literal["point", "comma", "unclear"]

RUN = re.compile(r"(?<![\w.,'’])\d+(?:[.,']\d+)+")
"""Digits with marks between them, whatever these mean."""
GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?P<mark>[,.'])\d{3})(?:(?P=mark)\d{3})*")
"""What can be a whole number in groups of three: 1,234 or 12.000."""

_BRACED = re.compile(r"(?<![\d,])\d+\{,\}\d+(?!\{)")
_COMPUTED = re.compile(r"(?<![\d,.])(\d+,\d+)(?:\s*[·×⋅∙*]\s*|\s+[-+−]\s+)(\d+,\d+)(?![\d,.])")
_SEMICOLON = re.compile(r"\(\s*[-−]?\d+,\d+\s*;\s*[-−]?\d+,\d+\s*[;)]")
_SIGN_BEFORE = re.compile(r"[≈≃≅·×⋅∙]\s*[-−]?\s*\Z")
_TIGHT = re.compile(r"\d(?:,|\{,\})\d")
_COMMA = re.compile(r"(?<![\w.,'’])\d+,\d+(?![.,']?\d)")
_POINT = re.compile(r"(?:(?P<word>\b[A-Za-z]{1,12}) )?(?<![\w.,'’])(?P<number>\d+\.\d+)(?![.,']?\d)")
_VERSION = re.compile("version|python|release|v", re.IGNORECASE)
_LOOK_BACK = 12
_TIMES_AS_MANY = 2
"""As points there must be commas that can only be decimal, where both occur."""


@dataclass
class _Evidence:
    certain: int = 0  # commas that can only be decimal
    likely: int = 0  # 0,5, which may also be a list
    points: int = 0


def decimal_mark(texts: Iterable[str], written: str) -> DecimalMark:
    """The decimal mark of a document; unclear where a comma may be one, and a point may too.

    Args:
        texts: of its passages and cells, without code and what programs print.
        written: the whole file, for commas in braces.
    """
    if not _TIGHT.search(written):
        return "point"
    found = _Evidence()
    for text in texts:
        _weigh(text, found)
    found.certain += sum(
        not GROUPED.fullmatch(braced.group().replace("{,}", ",")) for braced in _BRACED.finditer(written)
    )
    if found.certain > _TIMES_AS_MANY * found.points:
        return "comma"
    return "unclear" if found.certain or found.likely else "point"


def _weigh(text: str, found: _Evidence) -> None:
    for match in _POINT.finditer(text):
        version = match["word"] and _VERSION.fullmatch(match["word"])
        found.points += not version and not GROUPED.fullmatch(match["number"])
    if not _TIGHT.search(text):
        return
    for match in _COMMA.finditer(text):
        run, start, end = match.group(), *match.span()
        whole, _, fraction = run.partition(",")
        if GROUPED.fullmatch(run) or is_index(text, start) or is_alone_in_brackets(text, start, end):
            continue
        is_cell = whole == "0" and text.strip("-− ") == run
        before = text[max(0, start - _LOOK_BACK) : start]
        if is_cell or (len(fraction) > 1 and (whole == "0" or _SIGN_BEFORE.search(before))):
            found.certain += 1
        elif whole == "0" and not _touches_bracket(text, start, end):
            found.likely += 1
    found.certain += sum(not all(map(GROUPED.fullmatch, pair.groups())) for pair in _COMPUTED.finditer(text))
    found.certain += sum(1 for _ in _SEMICOLON.finditer(text))


def _touches_bracket(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start] in ("(", "[", "{") or text[end : end + 1] in (")", "]", "}")


def is_alone_in_brackets(text: str, start: int, end: int) -> bool:
    """Whether brackets hold nothing else, as in (0,1), which may be a pair."""
    return text[start - 1 : start] in ("(", "[", "{") and text[end : end + 1] in (")", "]", "}")


def is_index(text: str, start: int) -> bool:
    """Whether digits begin an index, as in k_{1,2}."""
    return text[max(0, start - 2) : start] == "_{"
