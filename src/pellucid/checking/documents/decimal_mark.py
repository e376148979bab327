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
_VERSION = re.compile(r"(?:version|python|release|v)\s*\Z", re.IGNORECASE)
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
    if "," not in written:
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
    for match in RUN.finditer(text):
        run, start, end = match.group(), *match.span()
        if run.count(",") + run.count(".") + run.count("'") != 1 or GROUPED.fullmatch(run) or is_index(text, start):
            continue
        before = text[max(0, start - _LOOK_BACK) : start]
        whole, mark, fraction = run.partition(",")
        if not mark:
            found.points += "." in run and not _VERSION.search(before)
        elif not is_alone_in_brackets(text, start, end):
            is_cell = whole == "0" and text.strip("-− ") == run
            if is_cell or (len(fraction) > 1 and (whole == "0" or _SIGN_BEFORE.search(before))):
                found.certain += 1
            elif whole == "0" and not _touches_bracket(text, start, end):
                found.likely += 1
    if "," in text:
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
