"""Arrays that no equation contains: under a caption, after a colon, in a program's output."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from decimal import Decimal

import numpy as np
from msgspec.structs import replace

from pellucid.arrays import Array
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.mention import UNNAMED, Mention, as_array, as_programs_print
from pellucid.checking.naming import Quantity, quantity
from pellucid.checking.printed import Printed
from pellucid.checking.prints import Prints
from pellucid.checking.problem import PER_KEY
from pellucid.checking.sides import NotASideError, SideParser
from pellucid.checking.surroundings import Surroundings
from pellucid.checking.tables import names_one
from pellucid.checking.tokens import CLOSE, OPEN, WORD, Token, tokens_between
from pellucid.checking.values import is_literal

MOST_LABEL = 300
"""Characters before a number, among which its name is looked for."""
OF_TOKENS = ("query", "key", "value", "embeddings", *PER_KEY, "output")
"""What has a vector for each token."""
_JOINS = re.compile(r"(?:\s*(?:for|of)\s+[\"“*]?\w+[\"”*]?)?[\s,;&#/*>|-]*(?:and|und|et|y)?\s*")
_MAY_HOLD_ARRAY = re.compile(r"(?:(?<!\w)\(|(?<!\w )\[|\[(?!\d{1,3}\]))[\s\[(]{0,40}[-−]?[\d.√∞]")
"""Not the bracket of a call, f(2), nor of a reference behind a word: model [17]."""
_MAKERS = frozenset({"array", "tensor", "matrix", "asarray"})


class LooseArrays:
    """Finds the arrays of one passage after the other, and what names them.

    Args:
        names: values of names, such as d_k.
        around: what stands before the passage.
        prints: what the programs so far have printed.
    """

    def __init__(self, names: Mapping[str, Decimal], around: Surroundings, prints: Prints) -> None:
        self.names = names
        self.around = around
        self.prints = prints

    def find(self, text: MappedText, covered: list[tuple[int, int]], program: bool, kind: str) -> Iterator[Mention]:
        """The arrays of a passage, in reading order, with places in the text.

        Args:
            text: of the passage.
            covered: stretches that have been read as equations.
            program: whether it is source or a print.
            kind: of the passage.
        """
        if ("[" not in text.text and "(" not in text.text) or not _MAY_HOLD_ARRAY.search(text.text):
            return
        tokens = [
            token
            for start, end in _between(covered, len(text.text))
            if _MAY_HOLD_ARRAY.search(text.text, start, end)
            for token in tokens_between(text.text, start, end)
        ]
        parser = SideParser(tokens, self.names, program=kind == "output")
        ends = sorted(high for _, high in covered)
        position = previous_end = 0
        previous: Mention | None = None
        while position < len(tokens):
            token = tokens[position]
            if token.kind != OPEN or token.text == "{":
                position += 1
                continue
            begin = position - 1 if position and _is_maker(tokens[position - 1], token) else position
            before = tokens[position - 1] if position else None
            if begin == position and before is not None and before.end == token.start and before.kind in (WORD, CLOSE):
                position += 1  # an index, such as shape[0], or a call
                continue
            try:
                value, end = parser.parse(begin)
            except NotASideError:
                position += 1
                continue
            if (
                not isinstance(value.tree, np.ndarray)
                or not is_literal(value)
                or (token.text == "(" and begin == position and value.tree.ndim > 1)
            ):
                position = max(end, position + 1) if isinstance(value.tree, np.ndarray) else position + 1
                continue
            start = tokens[begin].start
            joins = previous is not None and value.tree.ndim == 1 and _JOINS.fullmatch(text.text, previous_end, start)
            if previous is not None and joins and _extends(previous, value.tree):
                # Keys: [1, 0], [0, 1] and [1, 1] are the rows of one matrix; so are vectors line by line.
                previous = _with_row(previous, as_array(value.tree))
                previous_end, position = tokens[end - 1].end, end
                continue
            item, previous = previous, None
            if item is not None:
                yield item
            before_it = bisect_right(ends, start)
            read_to = max(previous_end, ends[before_it - 1] if before_it else 0)
            is_print = kind in ("output", "verbatim", "comment")
            label = self._label(text.text, previous_end, read_to, start, is_print)
            named = (quantity(label, self.around.tokens) or self.around.of_token(label, OF_TOKENS)) if label else None
            if named is None and item is not None and item.values.shape == value.tree.shape:
                named = self.around.goes_on(item.quantity, text.text[previous_end:start])
            if named is not None and not (token.text == "(" and begin == position and named.symbol):
                previous = Mention(
                    named,
                    as_programs_print(as_array(value.tree)),
                    label,
                    program=program or begin != position,
                    offset=start,
                    about=self.around.about() if not named.indices else (),
                    code=kind == "code",
                )
            elif kind != "code" and (token.text == "[" or begin != position) and _may_be_result(value.tree):
                yield Mention(Quantity(UNNAMED), as_array(value.tree), label, offset=start)
            previous_end = tokens[end - 1].end
            position = end
        if previous is not None:
            yield previous

    def _label(self, text: str, previous_end: int, read_to: int, start: int, takes_prints: bool) -> str:
        """The words that name an array: on its line, on the line before, before the passage, or what was printed.

        Args:
            text: of the passage.
            previous_end: where the array before it ends.
            read_to: where what has been read before it ends, equations included.
            start: where it begins.
            takes_prints: whether it may be what a program has printed.
        """
        printed = self.prints.next() if takes_prints else ""
        line_start = text.rfind("\n", 0, start) + 1
        same_line = text[max(line_start, read_to) : start].strip(" \t#/*;%-•>|")
        if re.search(r"\w", same_line):
            return same_line[-MOST_LABEL:]
        for line in reversed(text[previous_end : max(line_start, previous_end)].splitlines()):
            if re.search(r"\w", line):
                return line.strip(" \t#/*;%")[-MOST_LABEL:]
        if printed or previous_end:
            return printed
        lines = (line for line in reversed(self.around.lines) if names_one(line))
        return next((line[-MOST_LABEL:] for line in lines if quantity(line, self.around.tokens)), "")


def _extends(mention: Mention, row: Array) -> bool:
    """Whether a vector can be the next row of what a label without a token names."""
    return not mention.quantity.indices and mention.values.ndim in (1, 2) and mention.values.shape[-1] == len(row)


def _may_be_result(tree: Array) -> bool:
    """Whether an array that nothing names is no list of sizes or references: it has rows, or decimals."""
    return tree.ndim > 1 or any(isinstance(element, Printed) and element.places > 0 for element in tree)


def _with_row(mention: Mention, row: Array) -> Mention:
    """The mention with one more row; what was a vector becomes a matrix."""
    rows = [*np.atleast_2d(mention.values), row]
    values = np.empty((len(rows), len(row)), dtype=object)
    for position, one in enumerate(rows):
        values[position] = one
    return replace(mention, values=values)


def _between(covered: list[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    """What is left of a text between stretches that are taken."""
    position = 0
    for low, high in sorted(covered):
        if position < low:
            yield position, low
        position = max(position, high)
    if position < length:
        yield position, length


def _is_maker(word: Token, opening: Token) -> bool:
    return word.kind == WORD and opening.text == "(" and word.text.rsplit(".", 1)[-1] in _MAKERS
