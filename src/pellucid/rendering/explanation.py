"""From a derivation of attention to the document that explains it, stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.derivation import Derivation, Step
from pellucid.errors import PositionError
from pellucid.expressions import Expression, Number, Quotient, evaluate
from pellucid.expressions.latex import LatexPrinter
from pellucid.expressions.text import TextPrinter
from pellucid.numbers import Exact, Notation, as_decimal
from pellucid.operations import Scale
from pellucid.rendering.document import (
    Beside,
    Block,
    Display,
    Document,
    Formula,
    Grid,
    Grids,
    Inline,
    Line,
    Note,
    Paragraph,
    Section,
    Table,
    Working,
)

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


def explain_attention(derivation: Derivation, selection: Selection = Selection()) -> Document:
    """The document that leads a reader through a derivation of attention.

    Raises:
        PositionError: a token or head of the selection does not exist.
    """
    derivations = (derivation,) if derivation.beside is None else (derivation, derivation.beside)
    explained = [_Explanation(one, selection).sections() for one in derivations]
    sections = explained[0]
    if len(explained) == 2:
        sections = [*_beside(derivations, explained), _difference(derivations, selection)]
    return Document(
        " and ".join(one.title for one in derivations) + (", side by side" if derivation.beside else ""),
        derivation.subject.purpose,
        tuple(sections),
        derivation.notation,
        derivations,
        selection.blanks,
    )


def _beside(derivations: tuple[Derivation, ...], explained: list[list[Section]]) -> list[Section]:
    """Stage by stage, the two derivations in two columns; a stage that only one has stands alone."""
    left, right = explained
    headings = (derivations[0].title, derivations[1].title)
    others = {section.title: section for section in right}
    sections = []
    for section in left:
        other = others.pop(section.title, None)
        sections.append(Section(section.title, (Beside(headings, section.blocks, other.blocks if other else ()),)))
    sections.extend(Section(title, (Beside(headings, (), other.blocks),)) for title, other in others.items())
    return sections


def _difference(derivations: Sequence[Derivation], selection: Selection) -> Section:
    """What sets two derivations apart, in numbers."""
    rows: list[tuple[str, ...]] = []
    for name, words in (("weights", "weights of “{}”"), ("output", "output of “{}”")):
        if name not in selection.blanks and all(name in derivation for derivation in derivations):
            explained = [_Explanation(derivation, selection) for derivation in derivations]
            rows.append((words.format(explained[0].query_label), *(one.row_text(name) for one in explained)))
    sources = [", ".join(derivation["weights"].axes[-1].labels or ("",)) for derivation in derivations]
    shapes = ["×".join(map(str, derivation["weights"].shape)) for derivation in derivations]
    return Section(
        "The difference",
        (
            Table(
                ("", *(derivation.title for derivation in derivations)),
                (("keys and values from", *sources), ("shape of the weights", *shapes), *rows),
            ),
        ),
    )


class _Explanation:
    def __init__(self, derivation: Derivation, selection: Selection) -> None:
        self.derivation = derivation
        self.selection = selection
        weights = derivation["weights"]
        self.several = weights.value.ndim == 3
        self.num_heads = weights.shape[0] if self.several else 1
        self.head = self._head(selection.head)
        query_axis, key_axis = weights.axes[-2:]
        wanted = derivation.subject.focus if selection.query is None else selection.query
        self.query = query_axis.position(query_axis.size - 1 if wanted is None else wanted)
        self.query_label = query_axis.label(self.query)
        self.key = None if selection.key is None else key_axis.position(selection.key)
        self.key_axis = key_axis
        self.keys = self._keys(weights)

    def _head(self, head: int | None) -> int:
        if head is not None and not 0 <= head < self.num_heads:
            raise PositionError(f"head {head} does not exist; there are {self.num_heads}, counted from 0.")
        return head or 0

    def _keys(self, weights: Step) -> list[int]:
        """The keys that are spelled out: the chosen one, or those with the largest weights in their order."""
        if self.key is not None:
            return [self.key]
        if self.key_axis.size <= MOST_LINES:
            return list(range(self.key_axis.size))
        row = weights.value[self._at(self.query)].astype(np.float64)
        return sorted(int(k) for k in np.argsort(-row, kind="stable")[:MOST_LINES])

    def _at(self, *index: int) -> tuple[int, ...]:
        return (self.head, *index) if self.several else index

    def row_text(self, name: str) -> str:
        """The row of a step that is spelled out, as one line."""
        step = self.derivation[name]
        grid = Grid(step, name, self.head if step.value.ndim == 3 else None)
        return "  ".join(grid.text(self.query, column) for column in range(min(grid.shape[1], MOST_LINES)))

    # Stages

    def sections(self) -> list[Section]:
        """Every stage that the derivation has."""
        stages: list[Callable[[], Section | None]] = [
            self.inputs,
            self.projections,
            self.similarity,
            self.scaling,
            self.masking,
            self.softmax,
            self.weighted_sum,
            self.concatenation,
            self.output_projection,
            self.every_digit,
            self.drift,
        ]
        return [section for stage in stages if (section := stage()) is not None]

    def inputs(self) -> Section:
        """Tokens and what is given for them."""
        blocks: list[Block] = [self._settings()]
        given = [
            step
            for step in self.derivation
            if (step.is_given and not step.name.endswith(("_weight", "_bias"))) and step.name != "mask"
        ]
        encoded = [step for step in self.derivation if step.name in ("positions", "x") and not step.is_given]
        blocks.append(Grids(tuple(grid for step in (*given, *encoded) for grid in self._grids(step))))
        if "x" in self.derivation:
            x = self.derivation["x"]
            blocks.append(Paragraph(("Where a token stands is added to what it is: ", _SUM_OF_POSITIONS, ".")))
            blocks.append(self._entries(x, (self.query,)))
        return Section("Input encoding", tuple(blocks))

    def projections(self) -> Section | None:
        """Queries, keys and values from the embeddings."""
        names = ("query", "key", "value")
        made = [
            self.derivation[name] for name in names if name in self.derivation and not self.derivation[name].is_given
        ]
        if not made:
            return None
        projected = [step for step in self.derivation if step.name.startswith("projected_")]
        weights = [
            step
            for step in self.derivation
            if step.is_given and step.name.endswith(("_weight", "_bias")) and not step.name.startswith("output")
        ]
        blocks: list[Block] = []
        if weights:
            blocks += [
                Display(_PROJECTION),
                Grids(tuple(grid for step in weights for grid in self._grids(step))),
            ]
            first = (projected or made)[0]
            blocks.append(self._entries(first, (self.query,)))
        if any(step.operation.is_copy for step in (projected or made)):
            blocks.append(Paragraph(("No weights are given: queries, keys and values are the embeddings themselves.",)))
        if projected and projected[0].shape[-1] > 1 and self.several:
            kv_heads = self.derivation["key"].shape[0]
            width = self.derivation["query"].shape[-1]
            parts: list[Inline] = [f"Each of the {self.num_heads} heads takes its own {width} columns"]
            if kv_heads < self.num_heads:
                parts.append(
                    f"; there are only {kv_heads} key and value head{'s' if kv_heads > 1 else ''}, "
                    f"each shared by {self.num_heads // kv_heads} query heads"
                )
            blocks.append(Paragraph((*parts, ".")))
        if not all(step.operation.is_copy for step in made):
            blocks.append(Grids(tuple(grid for step in made for grid in self._grids(step))))
        return Section("Query, key and value", tuple(blocks))

    def similarity(self) -> Section | None:
        """Dot products of the query with every key."""
        scores = self.derivation["scores"]
        if scores.is_given:
            return None
        return Section(
            "Similarity",
            (
                Paragraph(
                    (
                        f"How well does each key match the query of “{self.query_label}”? A dot product tells: ",
                        _SCORES,
                        ".",
                    )
                ),
                self._keyed(scores, "{query} · {key}"),
                *self._matrix(scores),
            ),
        )

    def scaling(self) -> Section | None:
        """Scores times the factor."""
        scaled = self.derivation["scaled_scores"]
        assert isinstance(scaled.operation, Scale)
        if scaled.operation.is_copy:
            return Section("Scaling", (Paragraph(("The scale is “none”: the scores stay as they are.",)),))
        parts: tuple[Inline, ...] = ("Every score is scaled", *self._scale_words(scaled.operation))
        return Section("Scaling", (Paragraph(parts), self._keyed(scaled, "{query} · {key}"), *self._matrix(scaled)))

    def masking(self) -> Section | None:
        """Scores the query may not see become −∞."""
        masked = self.derivation["masked_scores"]
        if masked.operation.is_copy:
            return None
        mask = self.derivation["mask"]
        blocks: list[Block] = [
            Paragraph(
                (
                    "The mask says which keys a query may attend to (1) and which not (0); where it may not, "
                    "the score becomes ",
                    _MINUS_INFINITY,
                    ", whose weight is zero.",
                )
            ),
            Grids((*self._grids(mask), *self._grids(masked))),
        ]
        blocks += [note for note in (self._empty_rows(mask),) if note]
        return Section("Mask", tuple(blocks))

    def softmax(self) -> Section:
        """Weights that are positive and sum to one."""
        weights = self.derivation["weights"]
        blocks: list[Block] = [
            Paragraph(("The softmax makes weights of the scores: all positive, each row adding up to 1.",)),
            Display(_SOFTMAX),
        ]
        blocks += [self._softmax_working(weights), *self._matrix(weights, heat=True)]
        return Section("Softmax", tuple(blocks))

    def weighted_sum(self) -> Section | None:
        """The weights applied to the values."""
        name = "head_outputs" if "head_outputs" in self.derivation else "output"
        if name not in self.derivation:
            return None
        step = self.derivation[name]
        return Section(
            "Weighted sum",
            (
                Paragraph((f"What “{self.query_label}” takes away: every value, as much of it as its weight says.",)),
                self._entries(step, (self.query,)),
                *self._matrix(step),
            ),
        )

    def concatenation(self) -> Section | None:
        """The heads side by side."""
        if "concatenated" not in self.derivation:
            return None
        step = self.derivation["concatenated"]
        words = f"The outputs of the {self.num_heads} heads are put side by side."
        if self.derivation["output"].operation.is_copy:
            words += " No output weights are given, so this is the output."
        return Section("Concatenation", (Paragraph((words,)), *self._matrix(step)))

    def output_projection(self) -> Section | None:
        """The concatenated heads times the output weights."""
        if "output_weight" not in self.derivation:
            return None
        parameters = [
            self.derivation[f"output_{kind}"] for kind in ("weight", "bias") if f"output_{kind}" in self.derivation
        ]
        output = self.derivation["output"]
        return Section(
            "Output projection",
            (
                Paragraph(("A last matrix mixes what the heads found.",)),
                Grids(tuple(grid for step in parameters for grid in self._grids(step))),
                self._entries(output, (self.query,)),
                *self._matrix(output),
            ),
        )

    def every_digit(self) -> Section | None:
        """In exact mode, the row with every digit that was asked for."""
        numbers = self.derivation.numbers
        names = [
            name for name in ("weights", "output") if name in self.derivation and name not in self.selection.blanks
        ]
        if not isinstance(numbers, Exact) or not names:
            return None
        words = (
            f"Computed with decimals; each of {numbers.digits} significant digits is the correctly rounded true one."
        )
        return Section("Every digit", (Paragraph((words,)), *(self._digits(self.derivation[name]) for name in names)))

    def _digits(self, step: Step) -> Table:
        row = step.value[self._at(self.query) if step.value.ndim == 3 else (self.query,)]
        columns = range(min(len(row), MOST_LINES))
        label = step.axes[-1].label
        return Table(
            (step.axes[-1].name, f"{step.name} of “{self.query_label}”"),
            tuple((label(column), f"{row[column]:f}") for column in columns),
        )

    def drift(self) -> Section | None:
        """What rounding at every step has cost."""
        if self.derivation.reference is None:
            return None
        text = self.derivation.notation
        finer = Notation(text.digits + 2)
        rows = []
        for drift in self.derivation.drift:
            step = self.derivation[drift.step]
            if finer.text(drift.largest, finer.digits).strip("0.") == "":
                continue
            exact = finer.text(drift.exact)
            rows.append((step.label(drift.index), exact, text.text(drift.carried), finer.text(drift.largest)))
        return Section(
            "Drift",
            (
                Paragraph(
                    (
                        f"Every step was computed from the previous one as printed, rounded to {text.digits} places. "
                        "Carried exactly instead, the numbers differ; the largest difference in each step:",
                    )
                ),
                Table(("element", "carried exactly", "carried rounded", "difference"), tuple(rows)),
            ),
        )

    # Blocks

    def _settings(self) -> Block:
        derivation, weights = self.derivation, self.derivation["weights"]
        scaled = derivation["scaled_scores"].operation
        assert isinstance(scaled, Scale)
        tokens = derivation.tokens
        parts: list[Inline] = []
        n_q, n_k = weights.shape[-2:]
        if isinstance(tokens, dict) or n_q != n_k:
            parts.append(f"{n_q} queries attend to {n_k} keys")
        else:
            parts.append(f"{n_q} tokens attend to each other" if n_q > 1 else "1 token")
        parts.append(f"; {self.num_heads} head{'s' if self.num_heads > 1 else ''}")
        if self.several:
            parts.append(f", of which head {self.head} is shown")
        if "query" in derivation:
            parts += ["; ", _symbol("d_k", derivation["query"].shape[-1])]
        if "value" in derivation:
            parts += [", ", _symbol("d_v", derivation["value"].shape[-1])]
        parts.append(".")
        return Paragraph(tuple(parts))

    def _scale_words(self, scale: Scale) -> tuple[Inline, ...]:
        if "query" in self.derivation:
            d_k = self.derivation["query"].shape[-1]
            if scale.is_inverse_root_of(d_k):
                factor = Formula(f"1/√d_k = 1/√{d_k}", rf"1/\sqrt{{d_k}} = 1/\sqrt{{{d_k}}}")
                return (" by ", factor, ", so that long vectors do not make the softmax extreme.")
        text, latex = TextPrinter(self.derivation.notation), LatexPrinter(self.derivation.notation)
        return (" by ", Formula(text(scale.factor), latex(scale.factor)), ".")

    def _empty_rows(self, mask: Step) -> Block | None:
        empty = [int(row) for row in np.flatnonzero(~mask.value.any(axis=1))]
        if not empty:
            return None
        labels = ", ".join(f"“{mask.axes[0].label(row)}”" for row in empty[:MOST_LINES])
        return Note(
            (
                f"{labels} may attend to nothing: every score of the row is ",
                _MINUS_INFINITY,
                ", and a softmax of nothing is undefined. pellucid defines its weights and its output as zero.",
            )
        )

    def _softmax_working(self, weights: Step) -> Block:
        blank = weights.name in self.selection.blanks
        row = weights.operands[0].value[self._at(self.query)].astype(np.float64)
        finite = row[np.isfinite(row)]
        live = bool(finite.size) and float(np.abs(finite).max()) > _OVERFLOWS
        # Carried as printed, the exponent is the printed number; carried exactly, it is shown in full: 0.21/√3.
        through = () if self.derivation.reference else ("masked_scores", "scaled_scores")
        lines = []
        for position, key in enumerate(self.keys):
            entry = weights.at(*self._at(self.query, key))
            spelled = entry.expand(through, live=live)
            if not isinstance(spelled, Quotient):  # a row with nothing to attend to
                lines.append(Line(self._label("{key}", key), (), entry.element, blank))
                continue
            total = self._number(spelled.denominator)
            if position == 0:
                lines.append(Line("sum", (spelled.denominator,), total, blank))
            numerator = self._number(spelled.numerator)
            steps = (Quotient(spelled.numerator, total), Quotient(numerator, total))
            lines.append(Line(self._label("{key}", key), steps, entry.element, blank))
        return Working(tuple(lines), self._left_out(self.key_axis.size, len(self.keys), "keys"))

    def _number(self, expression: Expression) -> Number:
        numbers = self.derivation.numbers
        with numbers.arithmetic():
            return Number(as_decimal(evaluate(expression, numbers)))

    def _label(self, pattern: str, key: int) -> str:
        return pattern.format(query=self.query_label, key=self.key_axis.label(key))

    def _keyed(self, step: Step, label: str) -> Working:
        """One line a key."""
        lines = []
        for key in self.keys:
            entry = step.at(*self._at(self.query, key))
            blank = step.name in self.selection.blanks
            lines.append(Line(self._label(label, key), (entry.expression,), entry.element, blank))
        return Working(tuple(lines), self._left_out(self.key_axis.size, len(self.keys), "keys"))

    def _entries(self, step: Step, row: tuple[int, ...]) -> Working:
        """One line a column of a row."""
        at = self._at(*row) if step.value.ndim == 3 else row
        columns = min(step.shape[-1], MOST_LINES)
        blank = step.name in self.selection.blanks
        lines = []
        for column in range(columns):
            entry = step.at(*at, column)
            lines.append(Line(step.label(entry.index), (entry.expression,), entry.element, blank))
        return Working(tuple(lines), self._left_out(step.shape[-1], columns, "columns"))

    @staticmethod
    def _left_out(size: int, shown: int, noun: str) -> tuple[int, str] | None:
        return (size - shown, noun) if size > shown else None

    def _matrix(self, step: Step, *, heat: bool = False) -> tuple[Block, ...]:
        grids = self._grids(step, heat=heat)
        return (grids[0],) if len(grids) == 1 else (Grids(grids),)

    def _grids(self, step: Step, *, heat: bool = False) -> tuple[Grid, ...]:
        blank = step.name in self.selection.blanks
        marked = self.query if step.axes[0].name == "query" or step.axes[-2:][0].name == "query" else None
        title = step.name.replace("_", " ")
        if step.value.ndim < 3:
            return (Grid(step, title, None, marked, heat, blank),)
        heads = range(step.shape[0])
        if not self.selection.all_heads:
            shared = self.num_heads // step.shape[0]
            heads = range(self.head // shared, self.head // shared + 1)
        return tuple(Grid(step, f"{title}, head {head}", head, marked, heat, blank) for head in heads)


def _symbol(name: str, size: int) -> Formula:
    stem, _, subscript = name.partition("_")
    return Formula(f"{name} = {size}", f"{stem}_{subscript} = {size}")


_SCORES = Formula("scores = query · keyᵀ", r"\text{scores} = Q K^\top")
_PROJECTION = Formula(
    "query = x W_Q + b_Q, and so for key and value",
    r"Q = x W^Q + b^Q,\quad K = x W^K + b^K,\quad V = x W^V + b^V",
)
_SUM_OF_POSITIONS = Formula("x = embeddings + positions", r"x = \text{embeddings} + \text{positions}")
_SOFTMAX = Formula(
    "weight_j = e^(score_j) / Σ_k e^(score_k)",
    r"\text{weight}_j = \frac{e^{\text{score}_j}}{\sum_k e^{\text{score}_k}}",
)
_MINUS_INFINITY = Formula("-∞", r"-\infty")
