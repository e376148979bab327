"""From a whole forward pass to the document that explains it: from words to the choice of the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np

from pellucid.derivation import Derivation, Step
from pellucid.errors import PositionError, no_such
from pellucid.numbers import Exact, every_digit
from pellucid.operations import Indices
from pellucid.rendering.document import (
    Block,
    Display,
    Document,
    Formula,
    Grid,
    Grids,
    Paragraph,
    Part,
    Section,
    Table,
)
from pellucid.rendering.focus import EVERYTHING, MOST_LINES, Focus, Row, Selection
from pellucid.rendering.places import place_titles
from pellucid.rendering.stages import Stages

_MOST_TOKENS = 20  # that are named where another was asked for
MOST_CANDIDATES = 5
"""Words that are named beside the chosen one."""


def explain_pass(derivation: Derivation, selection: Selection = EVERYTHING, layer: int | None = None) -> Document:
    """The document that leads a reader through a whole pass, sub-layer by sub-layer.

    Args:
        derivation: a whole pass that ends with a choice, from `Transformer.derive`.
        selection: the token whose row is spelled out, of the text that is read or of what is written; the head.
        layer: the layer that is told; `None` for all.

    Raises:
        PositionError: a token, head or layer of the selection does not exist.
    """
    whole = WholePass(derivation, selection, layer)
    return Document(
        derivation.title,
        f"Every number on the way from words to the choice of “{whole.chosen}”.",
        tuple(whole.sections()),
        derivation.notation,
        (derivation,),
    )


class WholePass:
    """Writes the sections about a whole pass.

    Args:
        derivation: the pass.
        selection: what the reader wants spelled out.
        layer: the layer that is told; `None` for all.

    Raises:
        PositionError: a token, head or layer of the selection does not exist.
    """

    def __init__(self, derivation: Derivation, selection: Selection, layer: int | None = None) -> None:
        self.derivation, self.selection = derivation, selection
        self.places = list(dict.fromkeys(step.place for step in derivation if not step.is_given))
        self.layer = layer
        self._check_layer()
        self.ending = Focus(derivation, Selection(), "probabilities", "words")
        self.tokens = {step.place.split(".")[0]: step.axes[0] for step in derivation if _holds_ids(step)}
        self.rows = self._rows()

    def _check_layer(self) -> None:
        layers = {int(place.split(".")[2]) for place in self.places if ".layers." in place}
        if self.layer is not None and self.layer not in layers:
            raise no_such("layer", self.layer, len(layers))

    @property
    def chosen(self) -> str:
        """The word that is chosen."""
        return self.ending.key_axis.word(int(self.derivation["choice"].value[-1]))

    # Which rows are spelled out

    def _rows(self) -> dict[str, int]:
        """The row of each stack: the token asked for where it occurs, else the last that is written; in the encoder
        the one that this looks at most.
        """
        rows = {"decoder": self.tokens["decoder"].size - 1}
        wanted, refused = self.selection.query, []
        for stack, axis in self.tokens.items():
            if wanted is not None:
                try:
                    rows[stack] = axis.position(wanted)
                except PositionError as error:
                    refused.append(error)
        if refused and len(refused) == len(self.tokens):
            raise refused[0] if len(refused) == 1 else self._no_such_token()
        if "encoder" in self.tokens and "encoder" not in rows:
            rows["encoder"] = self._looked_at(rows["decoder"])
        return rows

    def _no_such_token(self) -> PositionError:
        """What is asked for is a token of neither stack."""
        shown = " nor of the ".join(
            f"{stack} ({', '.join((axis.labels or ())[:_MOST_TOKENS])})" for stack, axis in self.tokens.items()
        )
        return PositionError(f"{self.selection.query!r} is no token of the {shown}; give one of these or its number.")

    def _looked_at(self, row: int) -> int:
        focus = self.focus(self.attention("cross_attention"), row)
        return int(focus.row(focus.weights).argmax())

    def attention(self, kind: str) -> str:
        """The place of the decoder's attention of a kind in the layer that is looked at, by default the last."""
        found = [place for place in self.places if place.startswith("decoder.layers.") and place.endswith(f".{kind}")]
        wanted = [place for place in found if self.layer is not None and f".layers.{self.layer}." in place]
        return (wanted or found)[-1]

    def focus(self, place: str, row: int, most: int = MOST_LINES) -> Focus:
        """A row of an attention, of which at most so many keys are spelled out."""
        return Focus(self.derivation.within(place), replace(self.selection, query=row), most=most)

    def row(self, place: str) -> Row:
        """The row that is spelled out of what is no attention."""
        stack = place.split(".")[0]
        return Row(self.derivation, self.selection, self.rows.get(stack, 0))

    # The sections

    def sections(self) -> list[Section]:
        """All of them, in the order of the pass."""
        return [self.words(), *self._sublayers(), *self.every_digit()]

    def _sublayers(self) -> Iterator[Section]:
        titles = place_titles(self.derivation)
        made = [step for step in self.derivation if step.name in titles and self._is_told(step.place)]
        for (title, place), steps in groupby(made, lambda step: (titles[step.name], step.place)):
            yield Section(title, tuple(self._told(place, list(steps))))

    def _is_told(self, place: str) -> bool:
        return self.layer is None or ".layers." not in place or place.split(".")[2] == str(self.layer)

    def _told(self, place: str, steps: list[Step]) -> list[Block]:
        kind = place.rpartition(".")[2]
        telling: dict[str, Callable[[str, list[Step]], list[Block]]] = {
            "embedding": self.embedding,
            "self_attention": self.attention_parts,
            "cross_attention": self.attention_parts,
            "feed_forward": self.feed_forward,
            "": self.end,
        }
        if kind in telling:
            return telling[kind](place, steps)
        return self.norm(place, steps) if kind.endswith("norm") else self.residual(place, steps)

    def words(self) -> Section:
        """The tokens and their ids."""
        ids = [step for step in self.derivation if _holds_ids(step)]
        several = len(ids) > 1
        words = "A model reads numbers: each token has an id, its place in the vocabulary."
        if several:
            words += " The encoder reads the sentence; the decoder reads what is written so far, after a token for"
            words += " the beginning."
        return Section(
            "Words",
            (
                Paragraph((words,)),
                Grids(tuple(Grid(step, f"ids, {step.place.split('.')[0]}") for step in ids)),
                Paragraph(
                    (
                        "Spelled out below: "
                        + " and ".join(
                            f"“{axis.word(self.rows[stack])}” in the {stack}" for stack, axis in self.tokens.items()
                        )
                        + ".",
                    )
                ),
            ),
        )

    def embedding(self, place: str, steps: list[Step]) -> list[Block]:
        """From ids to vectors."""
        row, named = self.row(place), {step.short_name: step for step in steps}
        embeddings = named["embeddings"]
        blocks: list[Block] = [
            Paragraph(("The id of a token is its row in the table of embeddings.",)),
            row.side_by_side([embeddings.operands[1], embeddings]),
        ]
        if "scaled_embeddings" in named:
            scaled = named["scaled_embeddings"]
            blocks += [Paragraph(("Embeddings are scaled, so that positions do not drown them.",))]
            blocks += [row.along_features(scaled), row.matrix(scaled)]
        if "positions" in named:
            positions = named["positions"]
            blocks += [Paragraph(("Where a token stands is a vector, too.",)), row.along_features(positions)]
            table = [operand for operand in positions.operands if operand.is_given]
            blocks += [row.side_by_side([*table, positions])]
        turns = [named[name] for name in ("frequencies", "cosines", "sines") if name in named]
        if turns:
            turns = [*(operand for operand in turns[0].operands if operand.is_given), *turns]
            words = (
                "Where a token stands is how far its queries and keys are turned, each pair of features by an angle."
            )
            blocks += [Paragraph((words,)), row.side_by_side(turns), row.along_features(named["cosines"])]
        if "x" in named:
            blocks += [Paragraph(("The sum of both goes into the first layer.",))]
            blocks += [row.along_features(named["x"]), row.matrix(named["x"])]
        return blocks

    def attention_parts(self, place: str, steps: list[Step]) -> list[Block]:
        """The stages of an attention."""
        stages = Stages(self.focus(place, self.rows[place.split(".")[0]]))
        told = (
            stages.projections,
            stages.similarity,
            stages.scaling,
            stages.masking,
            stages.softmax,
            stages.weighted_sum,
            stages.concatenation,
            stages.output_projection,
        )
        intro = Paragraph((_WHO_LOOKS[place.split(".")[0], place.rpartition(".")[2]],))
        return [intro, *(Part(section.title, section.blocks) for stage in told if (section := stage()))]

    def residual(self, place: str, steps: list[Step]) -> list[Block]:
        """X + Sublayer(x), or the last row alone."""
        row, blocks = self._row_of(steps), list[Block]()
        for step in steps:
            if step.short_name == "last":
                words = "Only the row of the last token goes on: it is the one whose successor is asked for."
                return [Paragraph((words,)), row.matrix(step)]
            words = "What goes into a sub-layer is added to what comes out of it."
            blocks += [Paragraph((words,)), row.along_features(step), row.matrix(step)]
        return blocks

    def norm(self, place: str, steps: list[Step]) -> list[Block]:
        """LayerNorm or RMSNorm."""
        row, named = self._row_of(steps), {step.short_name: step for step in steps}
        parameters = [operand for operand in named["output"].operands if operand.is_given]
        centres = "mean" in named
        words = "Every row by itself: its mean is subtracted; " if centres else "Every row by itself: "
        words += "the root of its mean square divides it; each column then has a weight"
        words += " and a bias." if len(parameters) > 1 else "."
        blocks: list[Block] = [Paragraph((words,))]
        if centres:
            blocks += [row.elements([named["mean"]]), row.matrix(named["mean"])]
            blocks += [row.along_features(named["centred"]), row.matrix(named["centred"])]
        return [
            *blocks,
            row.elements([named["mean_square"]]),
            row.matrix(named["mean_square"]),
            row.along_features(named["normalised"]),
            Grids((*row.grids(named["normalised"]), *(grid for step in parameters for grid in row.grids(step)))),
            row.along_features(named["output"]),
            row.matrix(named["output"]),
        ]

    def _row_of(self, steps: list[Step]) -> Row:
        """The row that is spelled out, or the only one there is: of the last token alone."""
        row = self.row(steps[0].place)
        return row if steps[0].shape[0] > row.query else Row(self.derivation, self.selection, 0)

    def feed_forward(self, place: str, steps: list[Step]) -> list[Block]:
        """Two linear layers with an activation between."""
        row = self.row(place)
        blocks: list[Block] = [
            Paragraph(
                (
                    "Each token by itself, the same for all: a wider layer, an activation, and back to the width of "
                    "the model.",
                )
            )
        ]
        for step in steps:
            parameters = [operand for operand in step.operands if operand.is_given]
            part: list[Block] = [row.side_by_side(parameters)] if parameters else []
            blocks.append(Part(step.short_name.replace("_", " "), (*part, row.along_features(step), row.matrix(step))))
        return blocks

    def end(self, place: str, steps: list[Step]) -> list[Block]:
        """Logits, probabilities and the choice."""
        logits, probabilities, choice = steps
        focus = self.ending
        parameters = [operand for operand in logits.operands[1:] if operand.is_given]
        return [
            Part(
                "Logits",
                (
                    Paragraph(("How well does each word of the vocabulary fit? A dot product with its vector tells.",)),
                    focus.side_by_side(parameters),
                    focus.along_keys(logits),
                    focus.matrix(logits),
                ),
            ),
            Part(
                "Probabilities",
                (
                    Paragraph(("The softmax makes probabilities of the logits.",)),
                    Display(_PROBABILITIES),
                    focus.softmax(),
                    focus.matrix(probabilities, heat=True),
                ),
            ),
            Part("The choice", (*self.candidates(), Row(self.derivation, self.selection, 0).elements([choice]))),
        ]

    def candidates(self) -> list[Block]:
        """The likeliest words, and which one is chosen."""
        text, axis = self.derivation.notation.text, self.ending.key_axis
        logits, probabilities = (self.ending.row(self.derivation[name]) for name in ("logits", "probabilities"))
        rows = [
            (axis.word(word), text(logits[word]), text(probabilities[word]))
            for word in self._likeliest(probabilities.astype(np.float64))
        ]
        return [
            Table(("word", "logit", "probability"), tuple(rows)),
            Paragraph((f"The likeliest is chosen: “{self.chosen}”.",)),
        ]

    @staticmethod
    def _likeliest(probabilities: np.ndarray) -> list[int]:
        return [int(word) for word in np.argsort(-probabilities, kind="stable")[:MOST_CANDIDATES]]

    def every_digit(self) -> list[Section]:
        """In exact mode, the likeliest words with every digit that was asked for."""
        numbers, axis = self.derivation.numbers, self.ending.key_axis
        if not isinstance(numbers, Exact):
            return []
        words = (
            f"Computed with decimals; each of {numbers.digits} significant digits is the correctly rounded true one."
        )
        probabilities = self.ending.row(self.derivation["probabilities"])
        rows = [(axis.word(k), every_digit(probabilities[k])) for k in self._likeliest(probabilities.astype(float))]
        return [Section("Every digit", (Paragraph((words,)), Table(("word", "probability"), tuple(rows))))]


def _holds_ids(step: Step) -> bool:
    return isinstance(step.operation, Indices)


_WHO_LOOKS = {
    ("encoder", "self_attention"): "Every token of the sentence looks at every token of it, also at itself.",
    ("decoder", "self_attention"): "Every token looks at itself and at those before it, never ahead.",
    ("decoder", "cross_attention"): "Every token that is written looks at the sentence, as the encoder leaves it.",
}
_PROBABILITIES = Formula(
    "probability_j = e^(logit_j) / Σ_k e^(logit_k)",
    r"\text{probability}_j = \frac{e^{\text{logit}_j}}{\sum_k e^{\text{logit}_k}}",
)
