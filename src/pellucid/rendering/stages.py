"""The stages of attention, from the inputs to the output, each as a section of a document."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.derivation import Step
from pellucid.expressions.latex import LatexPrinter
from pellucid.expressions.text import TextPrinter
from pellucid.numbers import Exact, Notation
from pellucid.operations import Scale
from pellucid.rendering.document import (
    Block,
    Display,
    Formula,
    Inline,
    Note,
    Paragraph,
    Section,
    Table,
)
from pellucid.rendering.focus import MOST_LINES, Focus


class Stages:
    """Writes the sections about a derivation of attention.

    Args:
        focus: the derivation, and what its reader looks at.
    """

    def __init__(self, focus: Focus) -> None:
        self.focus = focus
        self.derivation = focus.derivation

    def sections(self) -> list[Section]:
        """Every stage that the derivation has."""
        stages: list[Callable[[], Section | None]] = [
            self.inputs,
            self.projections,
            self.similarity,
            self.scaling,
            self.capping,
            self.adding,
            self.masking,
            self.softmax,
            self.changing,
            self.weighted_sum,
            self.concatenation,
            self.output_projection,
            self.every_digit,
            self.drift,
        ]
        return [section for stage in stages if (section := stage()) is not None]

    def gist(self) -> list[Block]:
        """The row that is looked at, from dot products to the weighted sum, without matrices."""
        return [
            Paragraph(("The score of a token is query · key:",)),
            self.focus.along_keys(self.derivation["scores"]),
            Paragraph(("The scores are divided by ", _ROOT, ", and the softmax makes weights of them:")),
            self.focus.softmax(),
            Paragraph(("The weights say how much of every value is taken:",)),
            self.focus.along_features(
                self.derivation["head_outputs" if self.focus.several else "output"], _GIST_FEATURES
            ),
        ]

    def inputs(self) -> Section:
        """Tokens and what is given for them."""
        blocks: list[Block] = [self._settings()]
        given = [
            step
            for step in self.derivation
            if step.is_given
            and not step.short_name.endswith(("_weight", "_bias"))
            and step.short_name not in _WITH_THEIR_STAGE
        ]
        encoded = [step for step in self.derivation if step.short_name in ("positions", "x") and not step.is_given]
        blocks.append(self.focus.side_by_side([*given, *encoded]))
        if "x" in self.derivation:
            x = self.derivation["x"]
            blocks.append(Paragraph(("Where a token stands is added to what it is: ", _SUM_OF_POSITIONS, ".")))
            blocks.append(self.focus.along_features(x))
        return Section("Input encoding", tuple(blocks))

    def projections(self) -> Section | None:
        """Queries, keys and values from the embeddings."""
        names = ("query", "key", "value")
        made = [
            self.derivation[name] for name in names if name in self.derivation and not self.derivation[name].is_given
        ]
        if not made:
            return None
        projected = [step for step in self.derivation if step.short_name.startswith("projected_")]
        weights = [
            step
            for step in self.derivation
            if step.is_given
            and step.short_name.endswith(("_weight", "_bias"))
            and not step.short_name.startswith("output")
        ]
        blocks: list[Block] = []
        if weights:
            blocks += [
                Display(_PROJECTION_WITH_BIAS if any(w.short_name.endswith("_bias") for w in weights) else _PROJECTION),
                self.focus.side_by_side(weights),
            ]
            first = (projected or made)[0]
            blocks.append(self.focus.along_features(first))
        if any(step.operation.is_copy for step in (projected or made)):
            blocks.append(Paragraph(("No weights are given: queries, keys and values are the embeddings themselves.",)))
        if projected:
            if self.focus.selection.all_heads and not projected[0].is_given:
                blocks.append(self.focus.side_by_side(projected))
            blocks.append(self._sharing())
        turned = [f"unturned_{name}" for name in names if f"unturned_{name}" in self.derivation]
        if turned:
            blocks.append(self.focus.side_by_side([self.derivation[name] for name in turned]))
            blocks.append(Paragraph(("Queries and keys are turned by where their tokens stand (rotary positions).",)))
            blocks.append(self.focus.along_features(self.derivation["query"]))
        if not all(step.operation.is_copy for step in made):
            blocks.append(self.focus.side_by_side(made))
        return Section("Query, key and value", tuple(blocks))

    def _sharing(self) -> Paragraph:
        """How columns and keys are shared among heads."""
        key = self.derivation["key"]
        key_value_heads, _, width = key.shape
        words = f"Each of the {self.focus.num_heads} heads takes its own {width} columns"
        if key_value_heads < self.focus.num_heads:
            noun = "head" if key_value_heads == 1 else "heads"
            shared = self.focus.num_heads // key_value_heads
            words += f"; there are only {key_value_heads} key and value {noun}, each shared by {shared} query heads"
        return Paragraph((f"{words}.",))

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
                        f"How well does each key match the query of “{self.focus.query_label}”? A dot product tells: ",
                        _SCORES,
                        ".",
                    )
                ),
                self.focus.along_keys(scores),
                self.focus.matrix(scores),
            ),
        )

    def scaling(self) -> Section | None:
        """Scores times the factor."""
        scaled = self.derivation["scaled_scores"]
        assert isinstance(scaled.operation, Scale)
        if scaled.operation.is_copy:
            return Section("Scaling", (Paragraph(("The scale is “none”: the scores stay as they are.",)),))
        parts: tuple[Inline, ...] = ("Every score is scaled", *self._scale_words(scaled.operation))
        return Section("Scaling", (Paragraph(parts), self.focus.along_keys(scaled), self.focus.matrix(scaled)))

    def capping(self) -> Section | None:
        """Scores kept between two bounds."""
        if "capped_scores" not in self.derivation:
            return None
        capped = self.derivation["capped_scores"]
        blocks = (Paragraph(("A soft cap keeps every score within bounds: ", _SOFT_CAP, ".")),)
        return Section("Soft cap", (*blocks, self.focus.along_keys(capped), self.focus.matrix(capped)))

    def adding(self) -> Section | None:
        """What the model adds to scores, such as a bias for how far a key is away."""
        if "biased_scores" not in self.derivation:
            return None
        biased = self.derivation["biased_scores"]
        return Section(
            "Bias",
            (
                Paragraph(("The model adds a number of its own to every score.",)),
                self.focus.side_by_side([self.derivation["bias"]]),
                self.focus.along_keys(biased),
                self.focus.matrix(biased),
            ),
        )

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
            self.focus.side_by_side([mask, masked]),
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
        if "sink" in self.derivation:
            blocks.append(Paragraph(("A sink takes part: it has a score and takes its share, but has no value.",)))
            blocks.append(self.focus.side_by_side([self.derivation["sink"]]))
        blocks += [self.focus.softmax(), self.focus.matrix(weights, heat=True)]
        return Section("Softmax", tuple(blocks))

    def changing(self) -> Section | None:
        """What the model multiplies weights by, such as a dropout."""
        if "changed_weights" not in self.derivation:
            return None
        changed = self.derivation["changed_weights"]
        return Section(
            "Changed weights",
            (
                Paragraph(("The model multiplies every weight by a factor.",)),
                self.focus.side_by_side([self.derivation["factor"]]),
                self.focus.along_keys(changed),
                self.focus.matrix(changed, heat=True),
            ),
        )

    def weighted_sum(self) -> Section | None:
        """The weights applied to the values."""
        name = "head_outputs" if "head_outputs" in self.derivation else "output"
        if name not in self.derivation:
            return None
        step = self.derivation[name]
        return Section(
            "Weighted sum",
            (
                Paragraph(
                    (f"What “{self.focus.query_label}” takes away: every value, as much of it as its weight says.",)
                ),
                self.focus.along_features(step),
                self.focus.matrix(step),
            ),
        )

    def concatenation(self) -> Section | None:
        """The heads side by side."""
        if "concatenated" not in self.derivation:
            return None
        step = self.derivation["concatenated"]
        words = f"The outputs of the {self.focus.num_heads} heads are put side by side."
        if self.derivation["output"].operation.is_copy:
            words += " No output weights are given, so this is the output."
        return Section("Concatenation", (Paragraph((words,)), self.focus.matrix(step)))

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
                self.focus.side_by_side(parameters),
                self.focus.along_features(output),
                self.focus.matrix(output),
            ),
        )

    def every_digit(self) -> Section | None:
        """In exact mode, the row with every digit that was asked for."""
        numbers = self.derivation.numbers
        shown = [self.derivation[name] for name in ("weights", "output") if name in self.derivation]
        shown = [step for step in shown if not self.focus.is_blank(step)]
        if not isinstance(numbers, Exact) or not shown:
            return None
        words = (
            f"Computed with decimals; each of {numbers.digits} significant digits is the correctly rounded true one."
        )
        return Section("Every digit", (Paragraph((words,)), *map(self.focus.row_digits, shown)))

    def drift(self) -> Section | None:
        """What rounding at every step has cost."""
        if self.derivation.reference is None or self.focus.selection.blanks:
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

    def _settings(self) -> Block:
        derivation, weights = self.derivation, self.derivation["weights"]
        scaled = derivation["scaled_scores"].operation
        assert isinstance(scaled, Scale)
        tokens = derivation.tokens
        parts: list[Inline] = []
        n_q, n_k = weights.shape[-2:]
        if isinstance(tokens, dict) or n_q != n_k:
            queries = f"{n_q} queries attend" if n_q > 1 else "1 query attends"
            parts.append(f"{queries} to {n_k} key{'s' if n_k > 1 else ''}")
        else:
            parts.append(f"{n_q} tokens attend to each other" if n_q > 1 else "1 token")
        parts.append(f"; {self.focus.num_heads} head{'s' if self.focus.num_heads > 1 else ''}")
        if self.focus.several:
            verb = "spelled out" if self.focus.selection.all_heads else "shown"
            parts.append(f", of which head {self.focus.head} is {verb}")
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


def _symbol(name: str, size: int) -> Formula:
    stem, _, subscript = name.partition("_")
    return Formula(f"{name} = {size}", f"{stem}_{subscript} = {size}")


_WITH_THEIR_STAGE = ("mask", "bias", "sink", "factor")
"""Inputs that are shown where they are used."""
_SOFT_CAP = Formula("cap · tanh(score / cap)", r"\text{cap} \cdot \tanh(\text{score} / \text{cap})")
_SCORES = Formula("scores = query · keyᵀ", r"\text{scores} = Q K^\top")
_PROJECTION = Formula(
    "query = x W_Q, and so for key and value",
    r"Q = x W^Q,\quad K = x W^K,\quad V = x W^V",
)
_PROJECTION_WITH_BIAS = Formula(
    "query = x W_Q + b_Q, and so for key and value",
    r"Q = x W^Q + b^Q,\quad K = x W^K + b^K,\quad V = x W^V + b^V",
)
_GIST_FEATURES = 3
_ROOT = Formula("√d_k", r"\sqrt{d_k}")
_SUM_OF_POSITIONS = Formula("x = embeddings + positions", r"x = \text{embeddings} + \text{positions}")
_SOFTMAX = Formula(
    "weight_j = e^(score_j) / Σ_k e^(score_k)",
    r"\text{weight}_j = \frac{e^{\text{score}_j}}{\sum_k e^{\text{score}_k}}",
)
_MINUS_INFINITY = Formula("-∞", r"-\infty")
