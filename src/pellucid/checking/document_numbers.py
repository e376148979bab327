"""Numbers in a report, written with the decimal mark of the document that they are about."""

from __future__ import annotations

import re

from pellucid.checking.source import Source

_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_BETWEEN = re.compile(r"(?<=\d), (?=[-−]?\d)")


def in_document(text: str, source: Source | None) -> str:
    """Numbers and arithmetic like those of the document; where its mark is a comma, semicolons separate them.

    Args:
        text: numbers and signs, with decimal points.
        source: the document, if there is one.
    """
    if source is None or source.decimal_mark == ".":
        return text
    return _POINT.sub(source.decimal_mark, _BETWEEN.sub("; ", text))
