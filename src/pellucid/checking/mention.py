"""A mention: one place where a document says what something is, in numbers."""

from __future__ import annotations

from functools import cached_property

import msgspec
import numpy as np

from pellucid.arrays import Array
from pellucid.checking.equations import Chain
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.naming import Quantity
from pellucid.checking.printed import Printed
from pellucid.checking.values import Tree, replaced
from pellucid.expressions import Expression

FOCUS, SECTION, INFERRED, UNNAMED = "focus", "section", "inferred", "unnamed"
"""Steps of mentions that name a query, name a head, are to be found by the operands of their arithmetic, or are numbers
without a name."""
_WHOLE_PLACES = 4
"""What `[1. 0. 2.]` claims: PyTorch would print a fraction with four places, NumPy with more."""


class Mention(msgspec.Struct, frozen=True, eq=False, dict=True):
    """What a document says about one quantity.

    Args:
        quantity: what it is.
        values: trees, with places in the source or, until it is `placed`, in the passage: a number has shape (), a
            vector (n,), a matrix (rows, columns).
        label: the words it was recognised by.
        chain: the equation it stands in, if any.
        rows, columns: what the rows and columns of a table are labelled with.
        program: whether it is a program's print or source.
        code: whether it is source, which gives more than it results in.
        offset: where it stands, likewise.
        computed: what it is said to be the result of, with places in the passage; see `arithmetic`.
        about: the token that a heading or the line before it names, for labels that name none.
    """

    quantity: Quantity
    values: Array
    label: str
    chain: Chain | None = None
    rows: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None
    program: bool = False
    offset: int = 0
    computed: Tree | None = None
    about: tuple[str, ...] = ()
    code: bool = False

    def placed(self, text: MappedText) -> Mention:
        """What a passage says, with the places in the passage as places in the source.

        Args:
            text: of the passage.
        """
        chain = self.chain
        return Mention(
            self.quantity,
            as_array(located(self.values if self.values.ndim else self.values[()], text)),
            self.label,
            chain if chain is None or chain.text is text else Chain(text, chain.sides, chain.label),
            self.rows,
            self.columns,
            self.program,
            text.place(self.offset),
            self.computed,
            self.about,
            self.code,
        )

    @cached_property
    def arithmetic(self) -> Tree | None:
        """What it is said to be the result of, with places in the source."""
        return None if self.computed is None or self.chain is None else located(self.computed, self.chain.text)


def located(tree: Tree, text: MappedText) -> Tree:
    """The tree with the places of its numbers as offsets in the source."""
    span = text.span

    def move(leaf: Printed) -> Expression:
        start, end = span(leaf.start, leaf.end)
        return Printed(leaf.value, leaf.text, leaf.places, start, end, leaf.program)

    if isinstance(tree, np.ndarray):
        moved = np.empty(tree.shape, dtype=object)
        flat, source = moved.reshape(-1), tree.reshape(-1)
        for position, element in enumerate(source):
            flat[position] = move(element) if isinstance(element, Printed) else replaced(element, move)
        return moved
    return move(tree) if isinstance(tree, Printed) else replaced(tree, move)


def as_array(tree: Tree) -> Array:
    """A tree as an array; a number has shape ()."""
    if isinstance(tree, np.ndarray):
        return tree
    box = np.empty((), dtype=object)
    box[()] = tree
    return box


def as_programs_print(values: Array) -> Array:
    """An array of a program's print, which drops zeros at the end: all elements have the places of the longest."""
    if values.ndim == 0 and not getattr(values[()], "program", False):
        return values  # the usual case
    printed = [element for element in values.reshape(-1) if isinstance(element, Printed)]
    if not any(element.program for element in printed) or not any("." in element.text for element in printed):
        return values
    counts = [element.places for element in printed if "e" not in element.text]
    places = max(counts, default=0)
    usual = max(set(counts), key=counts.count, default=0)
    if counts.count(usual) * 2 > len(counts) and counts.count(places) == 1:
        places = usual  # one number of more digits than all others is a slip of its own
    result = values.copy()
    for index, element in np.ndenumerate(values):
        if isinstance(element, Printed) and element.places < (places or _WHOLE_PLACES) and "e" not in element.text:
            result[index] = Printed(
                element.value, element.text, places or _WHOLE_PLACES, element.start, element.end, program=True
            )
    return result
