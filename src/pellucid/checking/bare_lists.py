"""Lists without brackets in running text: `Scores of "love": bees 0.44, love 0.64`, `Divided by √2: 0.31, 0.45`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.printed import Printed

_NUMBER = r"[-−]?\d{1,30}(?:\.\d{1,30})?%?"
_WORD = r"(?!(?:and|und|et|y)\b)[^\W\d][\w'’#]{0,30}"
_ITEM = re.compile(rf"(?:\b(?P<word>{_WORD})\s*:?\s+)?(?P<number>{_NUMBER})")
_VERBS = (
    "are|is|become|becomes|get|gets|give|gives|giving|obtain|obtains|produce|produces|yield|yields|yielding"
    "|sind|lauten|ergibt|ergeben|erhalten wir|sont|donne|donnent|obtient|son|da|dan|resultan"
)
_NOUNS = "weights|scores|outputs?|probabilities|logits|products|Gewichte|Wahrscheinlichkeiten|poids|pesos"
_ITEMS = (
    rf"(?P<items>(?:(?:{_WORD}\s*:?\s+)?{_NUMBER}\s*(?:,\s*(?:and\s+)?|;\s*|\s+(?:and|und|et|y)\s+)){{1,200}}"
    rf"(?:{_WORD}\s+)?{_NUMBER})(?![\w\u0304\u0305]|\.[\d(])"
)
_LIST = re.compile(rf"(?P<lead>:|\b(?:{_VERBS})\b|\b(?P<noun>{_NOUNS})\b(?=\s*[-−]?\d))\s*{_ITEMS}")
_ALONE = re.compile(rf"\s*{_ITEMS}\s*[.;]?\s*\Z")
_LABEL_END = re.compile(r":|[.;!?]\s")
_LONGEST_LABEL = 120
_LINE = re.compile(
    rf"^[ \t]*(?:[-*•][ \t]+)?[\"“„'*`]?(?P<word>{_WORD})[\"”“'*`]?[ \t]*"
    rf":[ \t]*(?P<number>{_NUMBER})[ \t]*[.,;]?[ \t]*$"
)
"""One item a line: `cat: 0.31`."""


class BareList(NamedTuple):
    """A list: where it stands in its passage, what stands before it, and its items.

    `words` are those before its numbers; empty where there are none. `values` have their places in the passage.
    """

    start: int
    end: int
    label: str
    words: tuple[str, ...]
    values: Array


class Item(NamedTuple):
    """An item of a list that has a line for each: the title of the list, what the item is called, and its number.

    The number has its place in the passage.
    """

    title: str
    word: str
    number: Printed


def items_by_line(text: str, lead: str) -> Iterator[Item]:
    """The items under a title, one a line; the title ends in a colon, and stands above them or leads into the passage.

    Args:
        text: of the passage.
        lead: the line that introduces it, where it is an item of a list itself; else empty.
    """
    if ":" not in text:
        return
    title, start = lead, 0
    for line in text.splitlines(keepends=True):
        if item := _LINE.match(line.rstrip("\r\n")):
            if title:
                low, high = item.span("number")
                yield Item(title, item["word"], Printed.read(item["number"], start + low, start + high))
        elif line.strip():
            title = line.strip() if line.rstrip().endswith(":") else ""
        start += len(line)


def bare_lists(text: str, before: str = "") -> Iterator[BareList]:
    """The lists of two and more numbers that follow a colon, a verb or what they are, with a word before each or none.

    Whole numbers behind a noun may count it (“of scores 1 and 2”), and are no list.

    Args:
        text: of the passage.
        before: the line before it: where it ends in a colon, it leads into a passage that is nothing but a list.
    """
    if before.endswith(":") and (alone := _ALONE.match(text)):
        if items := _items(text, *alone.span("items")):
            yield BareList(*alone.span("items"), before.removesuffix(":"), *items)
        return
    previous_end = 0
    for listed in _LIST.finditer(text):
        start, end = listed.span("items")
        items = _items(text, start, end)
        if items is None or (listed["noun"] and not all(value.places for value in items[1])):
            continue
        line = max(text.rfind("\n", 0, listed.start()) + 1, listed.start() - _LONGEST_LABEL, previous_end)
        label = _LABEL_END.split(text[line : listed.end("lead")].removesuffix(":"))[-1]
        previous_end = end
        yield BareList(start, end, label, *items)


def _items(text: str, start: int, end: int) -> tuple[tuple[str, ...], Array] | None:
    """The words before the numbers of a list, and the numbers; `None` where only some have words."""
    items = list(_ITEM.finditer(text, start, end))
    words = tuple(item["word"] for item in items if item["word"])
    if len(items) < 2 or len(words) not in (0, len(items)):
        return None
    values = np.empty(len(items), dtype=object)
    for position, item in enumerate(items):
        values[position] = Printed.read(item["number"], *item.span("number"))
    return words, values
