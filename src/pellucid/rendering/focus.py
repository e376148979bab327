"""What a reader is led through: one row of one head; and the blocks that spell it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation import Derivation, Entry, Step
from pellucid.errors import no_such
from pellucid.expressions import Expression, Number, Quotient, evaluate
from pellucid.numbers import as_decimal, every_digit
from pellucid.operations import Softmax
from pellucid.rendering.document import Block, Grid, Grids, Line, Table, Working

MOST_LINES = 12
"""Lines of a working; of more keys, those with the largest weights are spelled out."""

_OVERFLOWS = 700  # e^710 is beyond float64


@dataclass(frozen=True)
class Selection:
    """What a reader wants spelled out.

    Args:
        query: token or number of the row; `None` for the example's focus, else the last.
        key: one key only; `None` for all.
        head: from 0.
        all_heads: whether matrices of every head are shown, not of `head` alone.
        blanks: names of steps whose numbers are to be filled in.
    """

    query: int | str | None = None
    key: int | str | None = None
    head: int | None = None
    all_heads: bool = False
    blanks: frozenset[str] = frozenset()


EVERYTHING = Selection()
"""Nothing chosen: the example's own focus, all its keys, head 0."""


class Row:
    """One row of the steps of a derivation, as its reader looks at it.

    Args:
        derivation: the steps.
        selection: what the reader wants spelled out.
        query: the row, from 0.
        head: of steps with heads, the head, from 0.
        num_heads: how many there are.
    """

    rows = "token"
    """The axis whose rows are looked at."""

    def __init__(
        self, derivation: Derivation, selection: Selection, query: int, head: int = 0, num_heads: int = 1
    ) -> None:
        self.derivation = derivation
        self.selection = selection
        self.query = query
        self.head = head
        self.num_heads = num_heads

    def index(self, step: Step, *rest: int) -> tuple[int, ...]:
        """The index of the row in a step, of the head where it has heads, and what follows."""
        return (self.head, self.query, *rest) if step.value.ndim == 3 else (self.query, *rest)

    def row(self, step: Step) -> Array:
        """The row's numbers in a step."""
        return np.asarray(step.value[self.index(step)])

    def is_blank(self, step: Step) -> bool:
        """Whether the reader is to fill the step in."""
        return step.name in self.selection.blanks

    # Matrices

    def grids(self, step: Step, *, heat: bool = False) -> tuple[Grid, ...]:
        """The matrices of a step: of the head that is looked at, or of every head."""
        marked = self.query if len(step.axes) > 1 and step.axes[-2].name == self.rows else None
        caption = step.short_name.replace("_", " ")
        if step.value.ndim < 3:
            return (Grid(step, caption, None, marked, heat, self.is_blank(step)),)
        heads = range(step.shape[0])
        if not self.selection.all_heads:
            own = self.head // (self.num_heads // step.shape[0])
            heads = range(own, own + 1)
        return tuple(Grid(step, f"{caption}, head {h}", h, marked, heat, self.is_blank(step)) for h in heads)

    def side_by_side(self, steps: Iterable[Step]) -> Grids:
        """The matrices of several steps."""
        return Grids(tuple(grid for step in steps for grid in self.grids(step)))

    def matrix(self, step: Step, *, heat: bool = False) -> Block:
        """The matrices of one step."""
        grids = self.grids(step, heat=heat)
        return grids[0] if len(grids) == 1 else Grids(grids)

    # Workings

    def along_features(self, step: Step, most: int = MOST_LINES) -> Working:
        """The row of a step spelled out, one line a column; at most so many."""
        entries = [step.at(*self.index(step, column)) for column in range(min(step.shape[-1], most))]
        lines = [self._line(_label(entry), entry, entry.expression) for entry in entries]
        return self._working(lines, step.shape[-1], "columns")

    def elements(self, steps: Iterable[Step]) -> Working:
        """Of each step that has one number a row, that of the row."""
        entries = [step.at(self.query) for step in steps]
        return Working(tuple(self._line(_label(entry), entry, entry.expression) for entry in entries))

    def _line(self, label: str, entry: Entry, *expressions: Expression) -> Line:
        shown = () if self._hides(entry.step) else expressions
        return Line(label, shown, entry.element, self.is_blank(entry.step))

    def _hides(self, step: Step) -> bool:
        """Whether spelling a step out would give away numbers that are to be filled in: its own or its operands'."""
        return self.is_blank(step) or any(map(self.is_blank, step.operands))

    def _working(self, lines: list[Line], size: int, noun: str) -> Working:
        return Working(tuple(lines), (size - len(lines), noun) if size > len(lines) else None)


class Focus(Row):
    """A derivation of attention as its reader looks at it; or of another softmax, the one over the vocabulary.

    Args:
        derivation: of attention.
        selection: what the reader wants spelled out.
        weights: the step that the softmax makes.
        noun: what its columns are.
        most: of so many, those with the largest weights are spelled out.

    Raises:
        PositionError: a token or head of the selection does not exist.
    """

    rows = "query"

    def __init__(
        self,
        derivation: Derivation,
        selection: Selection,
        weights: str = "weights",
        noun: str = "keys",
        most: int = MOST_LINES,
    ) -> None:
        self.most = most
        self.weights = derivation[weights]
        self.noun = noun
        self.several = self.weights.value.ndim == 3
        num_heads = self.weights.shape[0] if self.several else 1
        if selection.head is not None and not 0 <= selection.head < num_heads:
            raise no_such("head", selection.head, num_heads)
        query_axis, self.key_axis = self.weights.axes[-2:]
        wanted = derivation.subject.focus if selection.query is None else selection.query
        query = query_axis.position(query_axis.size - 1 if wanted is None else wanted)
        super().__init__(derivation, selection, query, selection.head or 0, num_heads)
        self.query_label = query_axis.word(self.query)
        self.keys = self._keys(selection.key)

    def _keys(self, wanted: int | str | None) -> list[int]:
        """The keys that are spelled out: the chosen one, or those with the largest weights in their order.

        While the weights are to be filled in, which ones are the largest is not told: then the first keys.
        """
        if wanted is not None:
            return [self.key_axis.position(wanted)]
        if self.key_axis.size <= self.most or self.is_blank(self.weights):
            return list(range(min(self.key_axis.size, self.most)))
        row = self.row(self.weights).astype(np.float64)
        return sorted(int(key) for key in np.argsort(-row, kind="stable")[: self.most])

    def row_text(self, step: Step) -> str:
        """The row of a step as one line of numbers."""
        grid = Grid(step, step.name, self.head if step.value.ndim == 3 else None)
        return "  ".join(grid.text(self.query, column) for column in range(min(grid.shape[1], MOST_LINES)))

    def row_digits(self, step: Step) -> Table:
        """The row of a step of exact decimals with every digit."""
        label, row = step.axes[-1].label, self.row(step)
        columns = range(min(len(row), MOST_LINES))
        return Table(
            (step.axes[-1].name, f"{step.short_name} of “{self.query_label}”"),
            tuple((label(column), every_digit(row[column])) for column in columns),
        )

    def _of_keys(self, lines: list[Line]) -> Working:
        """Lines of keys, and how many are left out; of one key that was asked for, nothing is."""
        left_out = 0 if self.selection.key is not None else self.key_axis.size - len(self.keys)
        return Working(tuple(lines), (left_out, self.noun) if left_out else None)

    def along_keys(self, step: Step) -> Working:
        """The row of a step spelled out, one line a key."""
        lines = []
        for key in self.keys:
            entry = step.at(*self.index(step, key))
            label = f"{self.query_label} · {self.key_axis.word(key)}"
            lines.append(self._line(label, entry, entry.expression))
        return self._of_keys(lines)

    def softmax(self) -> Working:
        """The row of weights spelled out: the sum of the exponentials, then each one's share of it."""
        operation = self.weights.operation
        assert isinstance(operation, Softmax)
        scores = np.concatenate([self.row(step) for step in self.weights.operands])  # those of a sink, too
        finite = scores[scores != -np.inf]
        live = bool(finite.size and np.abs(finite).max() > _OVERFLOWS)
        # Carried as printed, the exponent is the printed number; carried exactly, it is shown in full: 0.21/√3.
        names = () if self.derivation.reference else ("masked_scores", "scaled_scores")
        through = [self.derivation[name] for name in names if name in self.derivation]
        scores_step = self.derivation.steps.get("scores")
        if any(map(self.is_blank, through)) or (scores_step is not None and self.is_blank(scores_step)):
            through = []
        lines: list[Line] = []
        with self.derivation.numbers.arithmetic():
            total = Number(as_decimal(operation.denominator(scores, shifted=live)))
            for key in self.keys:
                entry = self.weights.at(*self.index(self.weights, key))
                spelled = entry.expand([step.name for step in through], live=live)
                label = self.key_axis.word(key)
                if not isinstance(spelled, Quotient):  # a row with nothing to attend to
                    lines.append(self._line(label, entry))
                    continue
                if not lines and not self._hides(self.weights):
                    lines.append(Line("sum", (spelled.denominator,), total))
                numerator = Number(as_decimal(evaluate(spelled.numerator, self.derivation.numbers)))
                steps = (Quotient(spelled.numerator, total), Quotient(numerator, total))
                lines.append(self._line(label, entry, *steps))
        return self._of_keys(lines)


def _label(entry: Entry) -> str:
    """What an element is called where its place is known."""
    return entry.step.label(entry.index)[len(entry.step.name) - len(entry.step.short_name) :]
