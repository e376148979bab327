"""Where in a Markdown document a mark would not be read as one: code, mathematics, tags, addresses."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

_BEGINS = re.compile(
    r"""
      (?P<front>\A---[ \t\r]*\n)
    | ^[ \t>]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?(?P<fence>`{3,}|~{3,})[^\n]*(?:\n|\Z)
    | (?:\A|(?<=\n\n)|(?<=\n\r\n))(?P<indented>(?:[ ]{4}|\t)[^\n]*(?:\n(?:[ ]{4}|\t)[^\n]*)*)
    | (?P<comment><!--)
    | <(?P<tag>script|style|pre|code|svg|math|textarea)\b
    | (?P<display>\$\$)
    | (?P<brackets>\\\[)
    | (?P<parentheses>\\\()
    | \\begin\{(?P<environment>\w+\*?)\}
    | (?P<ticks>`+)                                   # code in a line
    | (?<!\\)(?P<dollar>\$)(?!\s)                    # mathematics in a line
    | (?P<whole>
        </?[A-Za-z][^<>]*>
      | https?://[^\s<>]+
      | \]\([^)\n]*\)                                # where a link leads
      | ^[ ]{0,3}\[[^\]\n]+\]:[^\n]*
      )
    """,
    re.VERBOSE | re.MULTILINE,
)
_ENDS = {
    "front": r"^---[ \t\r]*$",
    "fence": r"^[ \t>]*{}[`~]*[ \t\r]*$",
    "comment": "-->",
    "tag": r"</{}\s*>",
    "display": r"\$\$",
    "brackets": r"\\\]",
    "parentheses": r"\\\)",
    "environment": r"\\end\{{{}\}}",
    "ticks": r"(?<!`){}(?!`)",
    "dollar": r"(?<!\\)\$",
}
_TAKES_ITS_BEGIN = ("fence", "tag", "environment", "ticks")
_IN_A_PARAGRAPH = ("ticks", "dollar")
_UNTIL_THE_END = ("fence", "comment")  # when they are never closed
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n|\Z")
_MARKUP = frozenset("*_~`$[]<>|\\\n")


class Unmarked:
    """Tells where numbers of a Markdown document can be marked.

    Args:
        text: the document.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        found = list(_verbatim(text))
        self._starts = [start for start, _ in found]
        self._ends = list(accumulate((end for _, end in found), max))

    def forbids(self, start: int, end: int) -> bool:
        """Whether what stands there cannot be struck through."""
        if (
            _MARKUP & set(self.text[start:end])
            or "~" in self.text[max(0, start - 1) : start] + self.text[end : end + 1]
        ):
            return True
        place = bisect_right(self._starts, end - 1)
        return place > 0 and self._ends[place - 1] > start


def _verbatim(text: str) -> Iterator[tuple[int, int]]:
    """The stretches that are no running text, in one pass: an end that was sought in vain is not sought again."""
    unclosed: set[str] = set()
    position = 0
    while (begin := _BEGINS.search(text, position)) is not None:
        kind = begin.lastgroup or "whole"
        position = begin.end()
        if kind in ("whole", "indented"):
            yield begin.span()
            continue
        end = _ENDS[kind].format(re.escape(begin[kind])) if kind in _TAKES_ITS_BEGIN else _ENDS[kind]
        if end in unclosed:
            continue
        limit = len(text)
        if kind in _IN_A_PARAGRAPH:
            blank = _BLANK_LINE.search(text, position)
            assert blank is not None
            limit = blank.start()
        closed = re.compile(end, re.MULTILINE).search(text, position, limit)
        if closed is not None:
            position = closed.end()
        elif kind in _UNTIL_THE_END:
            position = len(text)
        else:
            if kind not in _IN_A_PARAGRAPH:
                unclosed.add(end)
            continue
        yield begin.start(), position
