"""Where mathematics begins and ends in text: `$…$`, `$$…$$`, `\\(…\\)`, `\\[…\\]`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from pellucid.checking.documents.mathematics import in_a_line
from pellucid.checking.mapped_text import Builder, MappedText
from pellucid.checking.passages import Kind, Part, Passage

_DELIMITER = re.compile(r"(?P<escaped>\\[\\$])|(?P<dollars>\$+`?)|(?P<open>\\[(\[])|(?P<close>\\[)\]])")


class Formula(NamedTuple):
    """Mathematics in a text: where it stands with its delimiters, where without them, and whether it is displayed."""

    start: int
    end: int
    inner_start: int
    inner_end: int
    is_displayed: bool


def formulas(text: str) -> Iterator[Formula]:
    """The formulas in a paragraph, in order.

    A dollar sign opens only before and closes only after something, and does not close before a digit, so that prices
    stay prices.
    """
    if "$" not in text and "\\(" not in text and "\\[" not in text:
        return
    found = [match for match in _DELIMITER.finditer(text) if match.lastgroup != "escaped"]
    single = [m.start() for m in found if m.group() == "$" and _closes(text, m.start())]
    double = [m.start() for m in found if m.group().startswith("$$")]
    quoted = [m.start() for m in re.finditer(r"`\$", text)]
    closers = {"\\(": [], "\\[": []}  # type: dict[str, list[int]]
    for match in found:
        if match.lastgroup == "close":
            closers["\\(" if match.group() == "\\)" else "\\["].append(match.start())
    position = 0
    for match in found:
        start = match.start()
        if start < position:
            continue
        written = match.group()
        if match.lastgroup == "open":
            formula = _closed(closers[written], start, 2, 2, written == "\\[")
        elif written in ("$`", "$$`"):
            formula = _closed(quoted, start, len(written), len(written), written == "$$`")
        elif written.startswith("$$"):
            formula = _closed(double, start, 2, 2, True)
        elif written == "$" and text[start + 1 : start + 2].strip():
            formula = _closed(single, start, 1, 1, False)
        else:
            continue
        if formula:
            yield formula
            position = formula.end


def _closes(text: str, position: int) -> bool:
    return position > 0 and not text[position - 1].isspace() and not text[position + 1 : position + 2].isdigit()


def _closed(closers: list[int], start: int, opening: int, closing: int, is_displayed: bool) -> Formula | None:
    index = bisect_left(closers, start + opening + 1)
    if index == len(closers):
        return None
    end = closers[index]
    return Formula(start, end + closing, start + opening, end, is_displayed)


def passages_with_formulas(mapped: MappedText, kind: Kind = "prose") -> Iterator[Part]:
    """A paragraph with its formulas written in a line; each displayed one is a passage of its own."""
    builder = Builder(mapped)
    position = 0
    for formula in formulas(mapped.text):
        builder.keep(position, formula.start)
        position = formula.end
        written = in_a_line(mapped[formula.inner_start : formula.inner_end])
        if formula.is_displayed:
            yield from passage(builder.build(), kind)
            builder = Builder(mapped)
            yield from passage(written, "mathematics")
        else:
            builder.add(written)
    builder.keep(position, len(mapped))
    yield from passage(builder.build(), kind)


def with_formulas(mapped: MappedText) -> MappedText:
    """A text with all its formulas written in a line, as in the cell of a table."""
    builder = Builder(mapped)
    position = 0
    for formula in formulas(mapped.text):
        builder.keep(position, formula.start)
        builder.add(in_a_line(mapped[formula.inner_start : formula.inner_end]))
        position = formula.end
    if not position:
        return mapped
    builder.keep(position, len(mapped))
    return builder.build()


def passage(text: MappedText, kind: Kind, language: str = "") -> Iterator[Part]:
    """A passage, unless it is blank."""
    text = text.stripped()
    if text.text:
        yield Passage(kind, text, language)
