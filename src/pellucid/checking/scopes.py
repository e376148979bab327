"""Worked examples in a document: which inputs and which results belong together.

Inputs that are given again with other numbers begin another example; inputs that differ in a few numbers only are a
restatement with a slip in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.floats import NoValueError, float_of
from pellucid.checking.mention import FOCUS, INFERRED, SECTION, UNNAMED, Mention
from pellucid.checking.naming import NO_STEPS
from pellucid.checking.printed import Printed
from pellucid.expressions import Expression

INPUTS = (
    "embeddings",
    "memory",
    "positions",
    "query",
    "key",
    "value",
    "mask",
    *(f"{kind}.{name}" for kind in ("weights", "biases") for name in ("query", "key", "value", "output")),
)
_PER_TOKEN = ("query", "key", "value", "embeddings")
_OF_MEMORY = re.compile(r"(?<!\w)M\s*[·×*@]?\s*W[_^{]?")
"""K = M W_K: M is what keys and values come from, not a mask."""


@dataclass(eq=False)
class Given:
    """One input, as a matrix or token by token.

    Args:
        matrix: its trees, (rows, columns); `None` while it is given token by token.
        rows: the vector of each token.
        labels: of the rows of a table.
        mentions: where it was given.
        program: whether a program printed it.
    """

    matrix: Array | None = None
    rows: dict[str, Array] = field(default_factory=dict)
    labels: tuple[str, ...] | None = None
    mentions: list[Mention] = field(default_factory=list)
    program: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been given."""
        return self.matrix is None and not self.rows


@dataclass(eq=False)
class Scope:
    """One worked example.

    Args:
        given: its inputs, by role.
        claims: mentions of results, in reading order.
        restated: inputs that are given again, with the mention that differs.
        inherited: roles that come from the example before.
        head: which head of several it is; `None` where it is the whole.
    """

    given: dict[str, Given] = field(default_factory=dict)
    claims: list[Mention] = field(default_factory=list)
    restated: list[tuple[str, str | None, Mention]] = field(default_factory=list)
    inherited: set[str] = field(default_factory=set)
    head: int | None = None

    @property
    def is_worth_checking(self) -> bool:
        """Whether it has anything to be compared."""
        trivial = {FOCUS} if "query" in self.given and "key" in self.given else {FOCUS, INFERRED}
        return bool(self.restated) or any(claim.quantity.step not in trivial for claim in self.claims)


def scopes_of(mentions: Sequence[Mention], tokens: Sequence[str], *, renews: bool = False) -> list[Scope]:
    """The worked examples of a document.

    Args:
        mentions: in reading order.
        tokens: those that the document declares.
        renews: whether inputs that differ a little begin another example too, as in “Example 2”.
    """
    projects_memory = any(_OF_MEMORY.search(mention.label) for mention in mentions)
    splitter = _Splitter(tokens, renews, projects_memory)
    for mention in mentions:
        splitter.add(mention)
    splitter.share_groups()
    return [scope for scope in splitter.scopes if scope.given or scope.claims]


class _Splitter:
    def __init__(self, tokens: Sequence[str], renews: bool, projects_memory: bool) -> None:
        self.tokens = tuple(tokens)
        self.projects_memory = projects_memory
        self.renews = renews
        self.scopes = [Scope()]
        self.last_index: tuple[str, ...] = ()
        self.last_role = ""
        self.section: int | None = None  # the head that headings say the text is about
        self.by_head: dict[int | None, int] = {None: 0}
        self.at = 0

    @property
    def scope(self) -> Scope:
        return self.scopes[self.at]

    def add(self, mention: Mention) -> None:
        step = mention.quantity.step
        if step in (*NO_STEPS, UNNAMED):
            return
        if step == SECTION:
            self.section = mention.quantity.head
            self.enter(self.section)
            return
        if mention.quantity.head is not None and mention.values.ndim < 3:
            self.enter(mention.quantity.head, opens=step in _PER_TOKEN)
        if step == FOCUS:
            self.scope.claims.append(mention)
            return
        if step not in INPUTS:
            if mention.values.size or mention.computed is not None:
                self.scope.claims.append(mention)
            return
        if not mention.values.size or mention.values.ndim == 0:
            return
        if step == "mask" and (self.projects_memory or not _holds_mask(mention.values)):
            step = "memory"  # what M stands for where it holds no mask
        if mention.computed is not None and step in _PER_TOKEN[:3] and self.has_projections():
            self.scope.claims.append(mention)
            return
        values = mention.values
        if values.ndim == 3 and values.shape[0] == 1:
            values = values[0]  # a batch of one
        indices = mention.quantity.indices
        is_of_head = self.section is not None and indices == (str(self.section),)  # Q_1 under “Head 1”
        if values.ndim == 2 and 1 in values.shape and not is_of_head and (indices or self.is_indexed(step)):
            values = values.reshape(-1)  # a column
        if values.ndim == 1 and step in _PER_TOKEN:
            self.vector(step, mention, values)
        else:
            self.matrix(step, mention, values)

    def has_results(self) -> bool:
        return any(claim.quantity.step not in (FOCUS, INFERRED) for claim in self.scope.claims)

    def has_projections(self) -> bool:
        given = self.scope.given
        return "embeddings" in given and any(role.startswith("weights.") for role in given)

    def is_indexed(self, step: str) -> bool:
        given = self.scope.given.get(step)
        return given is not None and bool(given.rows)

    # One vector

    def vector(self, step: str, mention: Mention, values: Array) -> None:
        indices = mention.quantity.indices
        if not indices:
            # "dog": Query = …, Key = …, Value = …: the token stands before the first of them.
            indices = self.last_index if step != self.last_role else ()
            if not indices:
                indices = mention.quantity.indices or mention.about
        label = indices[0] if indices else ""
        self.last_index, self.last_role = (label,) if label else (), step
        given = self.writable(step)
        if label not in given.rows:
            label = self.alias(label, given)
        known = given.rows.get(label)
        if step in self.scope.inherited and (known is None or not _same(known, values)):
            self.begin(step)
            given, known = self.writable(step), None
        if known is None and given.matrix is not None:
            known = self.row_of(given, label)
            if known is None:
                return
        if known is None:
            given.rows[label] = values
            given.mentions.append(mention)
            given.program |= mention.program
            return
        if _same(known, values):
            return
        again = f"{label}#2"
        if (
            label in self.tokens
            and list(self.tokens).count(label) > 1
            and again not in given.rows
            and (_differ(known, values) > 0.5 or not self.has_results())  # in one list, the second of two equal tokens
        ):
            given.rows[again] = values
            self.last_index = (again,)
            given.mentions.append(mention)
            return
        if not self.renews and known.shape == values.shape and _differ(known, values) <= 0.5 and self.scope.claims:
            self.scope.restated.append((step, label, mention))
            return
        self.begin(step)
        self.writable(step).rows[label] = values
        self.writable(step).mentions.append(mention)

    def alias(self, label: str, given: Given) -> str:
        """The other name of a token under which a row is known: its number, or its word."""
        if label in self.tokens:
            number = str(list(self.tokens).index(label) + ("0" not in given.rows))
            return number if number in given.rows else label
        if label.isdigit():
            position = int(label) - ("0" not in given.rows)
            if 0 <= position < len(self.tokens) and self.tokens[position] in given.rows:
                return self.tokens[position]
        return label

    def row_of(self, given: Given, label: str) -> Array | None:
        """The row of a matrix that a label means."""
        assert given.matrix is not None
        names = list(given.labels or self.tokens)
        row = names.index(label) if label in names else int(label) - 1 if label.isdigit() else -1
        return np.asarray(given.matrix[row]) if 0 <= row < len(given.matrix) else None

    # A matrix

    def matrix(self, step: str, mention: Mention, values: Array) -> None:
        self.last_index, self.last_role = (), step
        given = self.writable(step)
        if values.ndim == 1:
            if step in ("mask",) or step.startswith("weights."):
                return
            values = values[np.newaxis] if step.startswith("weights") else values
        if any(element is None for element in values.reshape(-1)):
            return
        if given.is_empty:
            given.matrix, given.labels = values, mention.rows
            given.mentions.append(mention)
            given.program |= mention.program
            return
        if given.matrix is None:
            rows = list(given.rows.values())
            if values.ndim == 2 and len(rows) == len(values) and all(row.shape == values[0].shape for row in rows):
                wrong = [n for n, row in enumerate(rows) if not _same(row, values[n])]
                if not wrong:
                    return
                if len(wrong) <= len(rows) / 2 and not self.renews:
                    self.scope.restated.append((step, None, mention))
                    return
            elif (
                values.ndim == 2
                and values.T.shape[0] == len(rows)
                and all(_same(row, values.T[n]) for n, row in enumerate(rows))
            ):
                return
        else:
            known = given.matrix
            if step in self.scope.inherited and not _same(known, values) and not _same(known, values.T):
                self.begin(step)
                self.writable(step).matrix = values
                self.writable(step).labels = mention.rows
                self.writable(step).mentions.append(mention)
                return
            if known.shape == values.shape:
                share = _differ(known, values)
                if share == 0:
                    return
                if share <= 0.34 and not self.renews:
                    self.scope.restated.append((step, None, mention))
                    return
            if values.ndim == 2 and known.ndim == 2 and known.shape == values.T.shape and _same(known, values.T):
                return
            if step in _PER_TOKEN and mention.computed is not None:
                return
        self.begin(step)
        self.writable(step).matrix = values
        self.writable(step).labels = mention.rows
        self.writable(step).mentions.append(mention)

    # Scopes

    def writable(self, step: str) -> Given:
        return self.scope.given.setdefault(step, Given())

    def begin(self, step: str) -> None:
        """An input that is given anew: of the same example if it was inherited, else of a new one."""
        scope = self.scope
        if step in scope.inherited:
            scope.inherited.discard(step)
            scope.given[step] = Given()
            return
        inherited = {role: given for role, given in scope.given.items() if role != step}
        if step == "embeddings":
            inherited.pop("positions", None)  # x = embeddings + positions: they are in it
        self.open(Scope(given=inherited, inherited=set(inherited), head=scope.head))
        head = next((head for head, place in self.by_head.items() if self.scopes[place] is scope), None)
        if head is None:
            self.by_head.clear()  # another example, with heads of its own
        self.by_head[head] = self.at

    def open(self, scope: Scope) -> None:
        """Add a scope, and go on in it."""
        self.scopes.append(scope)
        self.at = len(self.scopes) - 1

    def share_groups(self) -> None:
        """Grouped-query attention: where fewer heads have keys than queries, each key serves a group of queries."""
        heads = {head: self.scopes[place] for head, place in sorted(self.by_head.items(), key=str) if head is not None}
        with_keys = [scope for scope in heads.values() if "key" in scope.given]
        queries = [scope for scope in heads.values() if "query" in scope.given]
        if not with_keys or len(with_keys) >= len(queries) or len(queries) % len(with_keys):
            return
        owned = [(scope.given.get("key"), scope.given.get("value")) for scope in with_keys]
        for place, scope in enumerate(queries):
            key, value = owned[place * len(with_keys) // len(queries)]
            scope.given |= {role: given for role, given in (("key", key), ("value", value)) if given is not None}

    def enter(self, head: int | None, *, opens: bool = True) -> None:
        """Go on in the part of the example that is about a head; with `opens`, begin it where there is none yet.

        A head has queries, keys and values of its own; it shares embeddings.
        """
        if head not in self.by_head and opens:
            common = self.scopes[self.by_head.get(None, self.at)]
            shared = {
                role: given
                for role, given in common.given.items()
                if role in ("embeddings", "memory", "positions", "mask")
            }
            self.open(Scope(given=shared, inherited=set(shared), head=head))
            self.by_head[head] = self.at
        elif head in self.by_head:
            self.at = self.by_head[head]


def as_floats(trees: Array) -> Array:
    """The values of trees; NaN for what is not printed or has no value."""
    result = np.full(trees.shape, np.nan)
    for position, element in np.ndenumerate(trees):
        if isinstance(element, Expression):
            try:
                result[position] = float_of(element)
            except NoValueError:
                continue
    return result


def _holds_mask(trees: Array) -> bool:
    return bool(np.isin(as_floats(trees), (0.0, 1.0, -np.inf, -1e9)).all())


def _same(first: Array, second: Array) -> bool:
    return first.shape == second.shape and not any(map(_parts, first.reshape(-1), second.reshape(-1)))


def _differ(first: Array, second: Array) -> float:
    """The share of elements that differ, beyond how they are rounded."""
    if first.shape != second.shape:
        return 1.0
    return sum(map(_parts, first.reshape(-1), second.reshape(-1))) / first.size if first.size else 0.0


def _parts(first: object, second: object) -> bool:
    """Whether two elements differ, beyond how they are rounded; what has no value differs from nothing."""
    if isinstance(first, Printed) and isinstance(second, Printed) and first.value == second.value:
        return False
    if not (isinstance(first, Expression) and isinstance(second, Expression)):
        return False
    try:
        return abs(float_of(first) - float_of(second)) > _unit(first, second) / 2 + 1e-9
    except NoValueError:
        return False


def _unit(first: object, second: object) -> float:
    """The coarser of the units of two numbers, where they have different precisions."""
    if isinstance(first, Printed) and isinstance(second, Printed) and first.places != second.places:
        return max(first.unit, second.unit)
    return 0.0


def differing(known: Array, restated: Array) -> Iterator[tuple[tuple[int, ...], Any, Any]]:
    """Where a restatement differs: position, what was given first, what is given now."""
    for position in np.ndindex(*known.shape):
        first, second = known[position], restated[position]
        if _differ(np.array([first], dtype=object), np.array([second], dtype=object)):
            yield tuple(position), first, second
