"""What a model has written, word by word."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from pellucid import presenter
from pellucid.arrays import Array, Shaped
from pellucid.derivation import Axis, Derivation
from pellucid.production.head import mean_over_heads
from pellucid.production.step import ProducedStep, existing, explains
from pellucid.search import Branch, Hypothesis


@dataclass(frozen=True, eq=False)
class Production:
    """A text that a model has written, and how it came to each word.

        translation = pellucid.load("by-hand-translator").translate("The dog is sitting on the mat.")
        translation.steps[2].candidates
        translation.steps[2].cross_attention(layer=0, head=0)

    Args:
        model: what the model is called.
        given: what it read: the source of a translation, the prompt of a text.
        given_tokens: the text of each, with the special ones.
        given_ids: their ids.
        text: what was written.
        tokens: as the vocabulary spells them, without eos.
        hypothesis: their ids, log probability and score.
        steps: one for each token that was written, eos included.
        forced: whether the text was given, and the model was only asked for its probabilities.
        tree: of every step of a beam search its candidates, best first; empty where no beams were followed.
        vocabulary: the text of each id in `tree`.
        others: of n best, those after the first, in falling order.
    """

    model: str
    given: str
    given_tokens: tuple[str, ...]
    given_ids: tuple[int, ...]
    text: str
    tokens: tuple[str, ...]
    hypothesis: Hypothesis
    steps: tuple[ProducedStep, ...]
    forced: bool = False
    tree: tuple[tuple[Branch, ...], ...] = ()
    vocabulary: dict[int, str] = field(default_factory=dict)
    others: tuple[Production, ...] = ()

    @property
    def is_translation(self) -> bool:
        """Whether a translator has written it, which reads what it is given with an encoder."""
        return self.steps[0].source is not None

    @property
    def translation(self) -> str:
        """What was written."""
        return self.text

    @property
    def score(self) -> float:
        """What hypotheses are ranked by: the log probability over the length penalty."""
        return self.hypothesis.score

    @property
    def kind(self) -> str:
        """The attention that tells where the model looked: "cross_attention", or a language model's own."""
        return "cross_attention" if self.is_translation else "self_attention"

    @property
    def written(self) -> Axis:
        """The tokens that were written, eos included."""
        return Axis("written", len(self.steps), tuple(step.token for step in self.steps))

    def step(self, where: int | str) -> ProducedStep:
        """A step by its number from 0 or by its token: "Hund", "der#2".

        Raises:
            PositionError: there is none.
        """
        by_number = isinstance(where, int) or where.isdigit()
        return self.steps[(self.written.renamed("step") if by_number else self.written).position(where)]

    def attention(self, layer: int | None = None, head: int | None = None) -> Derivation:
        """How much each word that was written took from each token: its last step is (words, tokens).

        It is of the attention to the source, or of a language model's to all tokens so far: the rows of the pass for
        the last word, in which those of all words before it stand.

        Args:
            layer: from 0; the last by default.
            head: one head; `None` for the mean of all.

        Raises:
            PositionError: there is no such layer or head.
        """
        last = self.steps[-1]
        config = last.passes.transformer.config
        layer = existing(layer, config.num_decoder_layers, "layer")
        if head is not None:
            existing(head, config.num_heads, "head")
        attention = last.derivation.within(f"decoder.layers.{layer}.{self.kind}")
        who = "the mean of all heads" if head is None else f"head {head}"
        title = f"where the words look: layer {layer}, {who}"
        return mean_over_heads(attention, self.written, len(self.steps[0].before) - 1, head, title)

    def most_telling(
        self, layer: int | None = None, head: int | None = None, step: int | None = None
    ) -> tuple[int, int]:
        """The step and the head that look most sharply at one word: it has their largest weight.

        Tokens without a letter or digit, and special ones, neither count as what looks nor as what is looked at: heads
        often rest there.

        Args:
            layer: from 0; the last by default.
            head: the one head that is asked about; `None` for all.
            step: the one step; `None` for all.

        Raises:
            PositionError: there is no such layer, head or step.
        """
        last = self.steps[-1]
        config = last.passes.transformer.config
        layer = existing(layer, config.num_decoder_layers, "layer")
        made = last.derivation[f"decoder.layers.{layer}.{self.kind}.weights"]
        weights = made.value[:, len(self.steps[0].before) - 1 :].astype(np.float64)
        special = self._special
        words = [_says_something(each.token) and each.id not in special for each in self.steps]
        ids = last.source if last.source is not None else last.before
        labels = made.axes[2].labels or ()
        keys = [_says_something(token) and id_ not in special for token, id_ in zip(labels, ids, strict=True)]
        shown = weights * (np.outer(words, keys) if step is None else np.asarray(keys))
        heads = range(config.num_heads) if head is None else [existing(head, config.num_heads, "head")]
        rows = range(len(self.steps)) if step is None else [existing(step, len(self.steps), "step")]
        sharpest = shown.max(axis=2)[np.ix_(heads, rows)]
        at, row = np.unravel_index(int(sharpest.argmax()), sharpest.shape)
        return rows[int(row)], heads[int(at)]

    @property
    def _special(self) -> set[int]:
        config = self.steps[0].passes.transformer.config
        return {config.bos_id, config.eos_id, config.pad_id}

    @cached_property
    def distances(self) -> Shaped[Array, " steps"]:
        """Of each step, the largest distance between the logits of the search and those in float64, of one pass."""
        last = self.steps[-1]
        transformer = last.passes.transformer
        memory = None if last.source is None else transformer.encode(last.source)
        logits = transformer.logits(last.before, memory)[len(self.steps[0].before) - 1 :]
        return np.array(
            [np.abs(row - step.logits).max() for row, step in zip(logits, self.steps, strict=True)], dtype=np.float64
        )

    @property
    def distance(self) -> float:
        """The largest of `distances`."""
        return float(self.distances.max())

    @property
    def verified(self) -> bool:
        """Whether none is larger than rounding makes it."""
        return all(map(explains, self.distances.tolist(), (step.logits for step in self.steps)))

    def to(self, file_format: str, **options: Any) -> str | bytes:
        """How it was written in a format: "terminal", "markdown", "latex", "html", "xlsx", "json" or "svg".

        Args:
            file_format: its name; "html" is a page to step through word by word.
            options: `layer` and `head`; `step` for one step alone, and its `query`; `fragment=True` leaves out the
                frame of a LaTeX or HTML document.

        Raises:
            OutputError: there is no such format.
            PositionError: a chosen step, token, head or layer does not exist.
        """
        return presenter.present("production", self, file_format, **options)

    def _repr_html_(self) -> str | bytes:
        return self.to("html", fragment=True)

    def __repr__(self) -> str:
        return f"<Production of {self.model}: {self.given!r} → {self.text!r}, {len(self.steps)} steps>"


def _says_something(token: str) -> bool:
    return any(character.isalnum() for character in token)
