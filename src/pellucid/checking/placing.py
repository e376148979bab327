"""Placing printed results: which row and column of which step a number, a vector or a matrix is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from pellucid.arrays import Array
from pellucid.checking.inferred import exponents, inferred
from pellucid.checking.mention import FOCUS, INFERRED, Mention
from pellucid.checking.named_places import mentioned
from pellucid.checking.naming import quantity
from pellucid.checking.printed import Printed, is_near, is_right
from pellucid.checking.problem import PER_KEY, SCORES, Claim
from pellucid.expressions import Expression, Product

_NUMBERED = re.compile(r"(.*?[^\W\d])[_ ]?\(?([2-9])\)?")
_CALLED_ALIKE = (SCORES, ("output", "head_outputs"))
"""Steps that documents call by one name: scores before and after the scale, outputs before and after W_O."""


@dataclass(frozen=True, eq=False)
class Placing:
    """What is known about the steps.

    Args:
        shapes: of each step.
        query_labels, key_labels: of the rows and columns of the scores; empty texts where there are none.
        transposed: whether results are printed with tokens as columns.
        base: what the document counts from, 0 or 1.
        true: the true values, to find the row of a vector that the document does not name.
        occurrence: which of several equal tokens is meant where a query is named without a number, from 0.
    """

    shapes: Mapping[str, tuple[int, ...]]
    query_labels: Sequence[str]
    key_labels: Sequence[str]
    transposed: bool
    base: int
    true: Mapping[str, Array]
    occurrence: int = 0


def place_claims(mentions: Sequence[Mention], placing: Placing) -> list[Claim]:
    """The claims that mentions of results make; none of those that cannot be placed."""
    placer = _Placer(placing)
    return [claim for mention in mentions for claim in placer.claims(mention) or ()]


class _Placer:
    def __init__(self, placing: Placing) -> None:
        self.placing = placing
        self.focus: int | None = None
        self.said_focus: int | None = None  # where the document says it in so many words: “we look at "dog"”
        self.exponents_seen: set[int] = set()
        self.seen: set[tuple[str, int, int]] = set()

    def claims(self, mention: Mention) -> list[Claim] | None:
        """The claims of one mention; `None` where it cannot be placed."""
        found = self.named(mention)
        both = {"output", "head_outputs"} <= self.placing.shapes.keys()
        if found is None and both and mention.quantity.step == "output":
            before = msgspec.structs.replace(mention.quantity, step="head_outputs")
            found = self.named(msgspec.structs.replace(mention, quantity=before))
        if not found:
            return found
        operands = [claim for claim in exponents(found, mention.arithmetic, self.placing.true) if self.is_new(claim)]
        return [*operands, *self.by_fit(found)]

    def is_new(self, operand: Claim) -> bool:
        """Whether an operand is met for the first time: a row of weights shows the same exponents again and again."""
        start = operand.printed.start
        is_new = start not in self.exponents_seen
        self.exponents_seen.add(start)
        return is_new

    def by_fit(self, claims: list[Claim]) -> list[Claim]:
        """Of steps that are called by one name, the one whose numbers they all are is meant."""
        step = claims[0].step
        alike = next((steps for steps in _CALLED_ALIKE if step in steps), ())
        if not alike or len(claims) < 2:
            return claims
        own = sum(is_right(claim.printed, float(self.placing.true[step][claim.index])) for claim in claims)
        if own == len(claims):
            return claims
        for other in alike:
            true = self.placing.true.get(other)
            if other == step or true is None or true.shape != self.placing.true[step].shape:
                continue
            if all(is_near(claim.printed, float(true[claim.index])) for claim in claims):
                return [replace(claim, step=other) for claim in claims]
        return claims

    def named(self, mention: Mention) -> list[Claim] | None:
        if mention.quantity.step == "weights" and not _can_be_weights(mention.values):
            return None  # “weights” of another kind
        if mention.quantity.step == FOCUS:
            focus = self.position(mention.quantity.indices[0], "query")
            self.focus = self.said_focus = self.focus if focus is None else focus
            return []
        if mention.quantity.step == INFERRED:
            key = self.position(mention.quantity.indices[0], "key") if mention.quantity.indices else None
            said = self.position(mention.about[0], "query") if mention.about else None
            focus = self.focus if said is None else said
            is_said = focus is not None and focus == self.said_focus
            found = inferred(mention.arithmetic, mention.values, self.placing.true, focus, key, is_said=is_said)
            self.focus = found[0].index[0] if found else self.focus
            return found
        step = self.step_of(mention)
        if step is None:
            return None
        shape = self.placing.shapes[step]
        values = mention.values
        if len(shape) == 3:
            return self.headed(mention, step, shape)
        if values.ndim == 3 and values.shape[0] == 1:
            values = values[0]
        rows, columns = shape
        transposed = self.placing.transposed
        if step == "output" and (term := self.term(mention)) is not None:
            return term
        if values.ndim == 0:
            return self.element(mention, step, shape)
        if values.ndim == 1:
            return self.vector(mention, step, shape, values)
        if values.ndim != 2:
            return None
        if (mention.rows or mention.columns) and step in PER_KEY:
            placed = self.labelled(mention, step, values)
            if placed is not None:
                return placed
        if transposed and values.shape == (columns, rows):
            return self.numbers(step, values.T, mention)
        if values.shape == (rows, columns):
            if 1 in values.shape and values.shape[0] == 1:
                self.focus = 0
            return self.numbers(step, values, mention)
        if 1 in values.shape:
            return self.vector(mention, step, shape, values.reshape(-1))
        if step in ("query", "key", "value") and values.shape == (columns, rows):
            return self.numbers(step, values.T, mention)
        return None

    def step_of(self, mention: Mention) -> str | None:
        step = mention.quantity.step
        if step == "masked_scores" and step not in self.placing.shapes:
            step = "scaled_scores"
        if step == "output" and mention.quantity.head is not None and "head_outputs" in self.placing.shapes:
            step = "head_outputs"
        return step if step in self.placing.shapes and len(self.placing.shapes[step]) in (2, 3) else None

    def headed(self, mention: Mention, step: str, shape: tuple[int, ...]) -> list[Claim] | None:
        values, head = mention.values, mention.quantity.head
        if values.ndim == 3 and values.shape == shape:
            return self.numbers(step, values, mention)
        if head is None or values.ndim != 2 or values.shape != shape[1:]:
            return None
        position = head - self.placing.base
        if not 0 <= position < shape[0]:
            return None
        return [
            Claim(step, (position, *index), element, None)
            for index, element in np.ndenumerate(values)
            if isinstance(element, Printed)
        ]

    def numbers(self, step: str, values: Array, mention: Mention) -> list[Claim]:
        tree = mention.arithmetic
        arithmetic: Any = tree if isinstance(tree, np.ndarray) and tree.shape == values.shape else None
        return [
            Claim(step, index, element, None if arithmetic is None else arithmetic[index])
            for index, element in np.ndenumerate(values)
            if isinstance(element, Printed)
        ]

    # Positions

    def position(self, name: str, side: str) -> int | None:
        """The row or column that a token or a number names."""
        labels = self.placing.query_labels if side == "query" else self.placing.key_labels
        if name in labels:
            again = f"{name}#{self.placing.occurrence + 1}"
            return list(labels).index(again if side == "query" and again in labels else name)
        if (numbered := _NUMBERED.fullmatch(name)) and f"{numbered[1]}#{numbered[2]}" in labels:
            return list(labels).index(f"{numbered[1]}#{numbered[2]}")
        folded = [label.casefold() for label in labels]
        if name and name.casefold() in folded:
            return folded.index(name.casefold())
        if name.isdigit():
            position = int(name) - self.placing.base
            return position if 0 <= position < len(labels) else None
        return None

    def row(self, mention: Mention) -> int | None:
        """The query that a mention names."""
        for name in (*mention.quantity.indices[:1], *mention.about[:1]):
            found = self.position(name, "query")
            if found is not None:
                return found
        return None

    def element(self, mention: Mention, step: str, shape: tuple[int, ...]) -> list[Claim] | None:
        """One number: of a row and a column, or of the row in focus and a key."""
        (number,) = mention.values.reshape(-1)
        if not isinstance(number, Printed):
            return []
        arithmetic = mention.arithmetic if isinstance(mention.arithmetic, Expression) else None
        indices = mention.quantity.indices
        if step in PER_KEY:
            if len(indices) >= 2:
                row = self.position(indices[0], "query") if indices[0] else self.focused(shape[0])
                column = self.position(indices[1], "key")
            elif len(indices) == 1:
                row, column = self.focused(shape[0]), self.position(indices[0], "key")
                if row is None and mention.about:
                    row = self.position(mention.about[0], "query")
            else:
                return None
            if row is None or column is None:
                return None
            if len(indices) >= 2:
                self.focus = row
            column = self.next_column(step, row, column)
            return [Claim(step, (row, column), number, arithmetic)]
        feature = int(indices[-1]) - self.placing.base if indices and indices[-1].isdigit() else None
        if len(indices) == 1 and step in ("output", "head_outputs"):
            row = self.focused(shape[0])
            if row is not None and feature is not None and 0 <= feature < shape[1]:
                return [Claim(step, (row, feature), number, arithmetic)]
        if len(indices) == 2:
            row = self.position(indices[0], "key" if step in ("key", "value") else "query")
            feature = 0 if indices[1] == "0" else feature
            if row is not None and feature is not None and 0 <= feature < shape[1]:
                return [Claim(step, (row, feature), number, arithmetic)]
        return None

    def next_column(self, step: str, row: int, column: int) -> int:
        """The key that is meant: the second of two equal tokens when the first has had its number."""
        labels = list(self.placing.key_labels)
        label = labels[column]
        while label and (step, row, column) in self.seen:
            again = f"{label.partition('#')[0]}#{int(label.partition('#')[2] or 1) + 1}"
            if again not in labels:
                break
            column, label = labels.index(again), again
        self.seen.add((step, row, column))
        return column

    def focused(self, rows: int) -> int | None:
        """The row that the document is about at this point, if it has said so."""
        return 0 if rows == 1 else self.focus

    def vector(self, mention: Mention, step: str, shape: tuple[int, ...], values: Array) -> list[Claim] | None:
        """A row: of the query it names, of the one in focus, or of the one that it fits."""
        rows, columns = shape
        if step in ("key", "value") and mention.quantity.indices:
            row = self.position(mention.quantity.indices[0], "key")
        else:
            row = self.row(mention)
        if mention.columns and len(mention.columns) == len(values) and step in PER_KEY:
            places = [self.position(name, "key") for name in mention.columns]
            if row is None:
                row = self.focused(rows)
            if row is None and all(place is not None for place in places):
                row = self.fitting(step, values, [place for place in places if place is not None])
            if row is not None and all(place is not None for place in places):
                self.focus = row
                return [
                    Claim(step, (row, place), element)
                    for place, element in zip(places, values, strict=True)
                    if place is not None and isinstance(element, Printed)
                ]
        if len(values) != columns:
            if rows == len(values) == len(self.placing.query_labels) and columns == 1:
                return [Claim(step, (n, 0), e) for n, e in enumerate(values) if isinstance(e, Printed)]
            return self.first_columns(mention, step, values, columns, row)
        focused = self.focused(rows)
        if row is not None and focused is not None and not mention.quantity.indices:
            # The line before names one query, and the text is about another: the numbers tell which is meant.
            row = max(row, focused, key=lambda one: self.score(step, values, one, range(columns)))
        if row is None:
            row = focused
            fitting = self.fitting(step, values, range(columns))
            if fitting is not None and (row is None or self.score(step, values, row, range(columns)) == 0):
                row = fitting
        if row is None:
            return None
        self.focus = row
        arithmetic = mention.arithmetic if isinstance(mention.arithmetic, np.ndarray) else None
        fits = arithmetic is not None and arithmetic.shape == values.shape
        return [
            Claim(step, (row, column), element, arithmetic[column] if fits and arithmetic is not None else None)
            for column, element in enumerate(values)
            if isinstance(element, Printed)
        ]

    def first_columns(
        self, mention: Mention, step: str, values: Array, columns: int, row: int | None
    ) -> list[Claim] | None:
        """Fewer weights than keys: those of the first keys, when a causal row shows no more."""
        if step not in PER_KEY or row is None or len(values) > columns:
            return None
        true = self.placing.true[step][row]
        if len(values) == row + 1 and np.isin(true[len(values) :], (0.0, -np.inf)).all():
            return [Claim(step, (row, n), element) for n, element in enumerate(values) if isinstance(element, Printed)]
        return None

    def fitting(self, step: str, values: Array, places: Sequence[int] | range) -> int | None:
        """The only row that most of a vector fits."""
        scores = [self.score(step, values, row, places) for row in range(self.placing.shapes[step][0])]
        best = max(scores, default=0)
        if best * 2 < len(places) or best == 0 or scores.count(best) > 1:
            return None
        return scores.index(best)

    def score(self, step: str, values: Array, row: int, places: Sequence[int] | range) -> int:
        true = self.placing.true[step][row]
        return sum(
            isinstance(element, Printed) and is_right(element, float(true[place]))
            for place, element in zip(places, values, strict=False)
        )

    def labelled(self, mention: Mention, step: str, values: Array) -> list[Claim] | None:
        """A table with tokens at its rows and columns."""
        row_names, column_names = mention.rows, mention.columns
        if self.placing.transposed:
            row_names, column_names, values = column_names, row_names, values.T
        rows = self.places(row_names, "query", values.shape[0])
        columns = self.places(column_names, "key", values.shape[1])
        if rows is None or columns is None:
            return None
        return [
            Claim(step, (rows[i], columns[j]), element)
            for (i, j), element in np.ndenumerate(values)
            if isinstance(element, Printed)
        ]

    def places(self, names: Sequence[str] | None, side: str, count: int) -> list[int] | None:
        if names is None:
            size = len(self.placing.query_labels if side == "query" else self.placing.key_labels)
            return list(range(count)) if count == size else None
        labels = list(self.placing.query_labels if side == "query" else self.placing.key_labels)
        plain = [label.partition("#")[0] for label in labels]
        if list(names) == plain or (len(names) == len(labels) and not any(labels)):
            return list(range(count))
        found = [self.position(_named(name), side) for name in names]
        if any(place is None for place in found):
            return list(range(count)) if count == len(labels) else None
        return [place for place in found if place is not None]

    # Terms of a weighted sum

    def term(self, mention: Mention) -> list[Claim] | None:
        """`Weighted Sum (sitting, dog) = 0.6×[…]`: the weight of one key, not an output."""
        indices = mention.quantity.indices
        if len(indices) < 2 or indices[1].isdigit():
            return None
        row, column = self.position(indices[0], "query"), self.position(indices[1], "key")
        tree = mention.arithmetic
        if row is None or column is None or not isinstance(tree, np.ndarray) or not tree.size:
            return None
        first = tree.reshape(-1)[0]
        if not isinstance(first, Product) or "weights" not in self.placing.shapes:
            return None
        weight = first.factors[0]
        return [Claim("weights", (row, column), weight)] if isinstance(weight, Printed) else None


def _can_be_weights(values: Array) -> bool:
    """Whether any of the numbers lies between 0 and 1."""
    printed = [element.value for element in values.reshape(-1) if isinstance(element, Printed)]
    return not printed or any(0 <= value <= 1 for value in printed)


def _named(label: str) -> str:
    """A row label such as `q_dog`, `"dog"` or `dog (query)` without its trimmings."""
    cleaned = label.strip().strip("\"“”'‘’`*").strip()
    named = quantity(cleaned)
    if named is not None and named.indices:
        return named.indices[0]
    return cleaned.split(" (")[0] if " (" in cleaned else (mentioned(cleaned) or (cleaned,))[0]
