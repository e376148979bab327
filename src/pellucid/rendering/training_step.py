"""From a training step to the document that explains it."""

from __future__ import annotations

from pellucid.derivation import Step
from pellucid.rendering.document import (
    Block,
    Display,
    Document,
    Formula,
    Note,
    Paragraph,
    Section,
    Working,
)
from pellucid.rendering.focus import EVERYTHING, Row, Selection
from pellucid.rendering.places import place_titles
from pellucid.transformer.training_step import TrainingStep


def explain_training_step(step: TrainingStep, selection: Selection = EVERYTHING) -> Document:
    """The document that leads a reader from the loss of a token through one head to the new loss.

    Raises:
        PositionError: the token that is to be spelled out does not exist.
    """
    return Document(
        f"{step.before.title}: one training step",
        "The loss, its gradient in one head by the chain rule, the update, and the new loss.",
        tuple(_Telling(step, selection).sections()),
        step.before.notation,
        (step.head,),
    )


class _Telling:
    def __init__(self, step: TrainingStep, selection: Selection) -> None:
        self.step, self.head = step, step.head
        weights = self.head["weights"]
        wanted = weights.axes[0].size - 1 if selection.query is None else selection.query
        self.query = weights.axes[0].position(wanted)
        attended = weights.value[self.query]
        self.key = int(attended.argmax())
        self.selection = selection

    def sections(self) -> list[Section]:
        """All of them."""
        return [
            self.loss(),
            self.to_the_head(),
            self.values(),
            self.weights(),
            self.scores(),
            self.keys(),
            self.update(),
        ]

    def loss(self) -> Section:
        """−ln of the probability of the right word."""
        probabilities = self.head["probabilities"]
        (right,) = self.head["loss"].at(0).operands
        word = probabilities.axes[1].label(right.index[1])
        return Section(
            "The loss",
            (
                Paragraph((f"The right next word is “{word}”. The loss is small when its probability is near 1:",)),
                Display(Formula("loss = -ln(probability)", r"\text{loss} = -\ln(\text{probability})")),
                Row(self.head, self.selection, 0).elements([self.head["loss"]]),
                Row(self.head, self.selection, 0).matrix(probabilities),
            ),
        )

    def to_the_head(self) -> Section:
        """From the loss back to the output of the head."""
        title = place_titles(self.step.before)[f"{self.step.place}.scores"]
        words = (
            "A gradient says how fast the loss grows with a number. The chain rule carries it back through logits, "
            f"norms and sums to the output of head {self.step.number} ({title}), a row for each token:"
        )
        return Section("Back to the head", (Paragraph((words,)), self.matrix("output_gradient")))

    def values(self) -> Section:
        """The gradient of the values."""
        formula = Formula("value gradient = weightsᵀ · output gradient", r"\nabla V = A^\top\, \nabla O")
        return self.section(
            "Values", "What was taken with a weight is changed with that weight", formula, "value_gradient"
        )

    def weights(self) -> Section:
        """The gradient of the attention weights."""
        formula = Formula("weights gradient = output gradient · valueᵀ", r"\nabla A = \nabla O\, V^\top")
        words = "A weight matters as much as its value lies along the gradient"
        return self.section("Weights", words, formula, "weights_gradient")

    def scores(self) -> Section:
        """Through the softmax and the scale."""
        formula = Formula(
            "scaled gradient_j = w_j (g_j - Σ_k w_k g_k)", r"\nabla S_j = w_j \bigl(g_j - \sum_k w_k g_k\bigr)"
        )
        words = "Through the softmax: weights add up to 1, so only what differs from their mean counts"
        blocks = self.section("Scores", words, formula, "scaled_gradient").blocks
        scaled = Paragraph(("The scale is the same on the way back.",))
        return Section("Scores", (*blocks, scaled, self.matrix("scores_gradient")))

    def keys(self) -> Section:
        """Through the dot product."""
        formula = Formula(
            "query gradient = scores gradient · key, key gradient = scores gradientᵀ · query",
            r"\nabla Q = \nabla S\, K,\quad \nabla K = \nabla S^\top Q",
        )
        words = "A dot product grows with the query along the key, and with the key along the query"
        blocks = self.section("Queries and keys", words, formula, "query_gradient").blocks
        return Section("Queries and keys", (*blocks, self.row("key_gradient"), self.matrix("key_gradient")))

    def update(self) -> Section:
        """The new weights and the new loss."""
        blocks: list[Block] = [
            Paragraph(("The gradient of a weight matrix is its input, transposed, times the gradient of its result.",))
        ]
        for name in ("query", "key", "value"):
            change, new = self.head[f"{name}_weight_gradient"], self.head[f"new_{name}_weight"]
            row = Row(self.head, self.selection, 0)
            if name == "query":
                blocks += [
                    row.along_features(change),
                    Paragraph((f"Every weight goes {self.step.rate:g} times its gradient down.",)),
                ]
                blocks.append(row.along_features(new))
            blocks.append(row.side_by_side([self.head[f"{name}_weight"], change, new]))
        words = "All weights of the model take this step, those of other layers too. The pass is then run again:"
        last = Row(self.head, self.selection, 0)
        losses = [self.head[name] for name in ("loss", "new_loss")]
        blocks += [Paragraph((words,)), last.matrix(self.head["new_probabilities"]), last.elements(losses)]
        if losses[1].value[0] > losses[0].value[0]:
            blocks.append(Note(("The loss has grown: the step was too long. A lower learning rate goes less far.",)))
        return Section("The update", tuple(blocks))

    def section(self, title: str, words: str, formula: Formula, name: str) -> Section:
        """A sentence, a formula, the row that is spelled out, and the matrix."""
        return Section(title, (Paragraph((f"{words}:",)), Display(formula), self.row(name), self.matrix(name)))

    def _row(self, step: Step) -> Row:
        row = self.query if step.axes[0].name == "query" else self.key
        return Row(self.head, self.selection, row)

    def row(self, name: str) -> Working:
        """The row of the token, or of the key that it looks at most."""
        return self._row(self.head[name]).along_features(self.head[name])

    def matrix(self, name: str) -> Block:
        """A step, whole."""
        return self._row(self.head[name]).matrix(self.head[name])
