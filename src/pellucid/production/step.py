"""One step of a production: the token that was written, its candidates, and the pass that led to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.derivation import Derivation
from pellucid.errors import InputError, no_such
from pellucid.pretrained.passes import Passes
from pellucid.production.head import head_of

MOST_CANDIDATES = 10
"""Of `ProducedStep.candidates`; `likeliest` gives any number."""

TOLERANCE = 2e-5
"""How far the search's logits, in float32, may be from those in float64, as a share of the largest of them."""


@dataclass(frozen=True)
class Candidate:
    """A token that could have been written.

    Args:
        token: its text, with the space before a word.
        id: its number there.
        logit: the model's, as the search had it.
        probability: the softmax of the logits.
        drawn: the probability with which sampling draws it, after temperature and filters; `None` where nothing is
            left to chance.
        rank: how many are likelier.
        written: whether it was written.
    """

    token: str
    id: int
    logit: float
    probability: float
    drawn: float | None
    rank: int
    written: bool


@dataclass(frozen=True, eq=False)
class ProducedStep:
    """A step of a production.

    Args:
        number: from 0.
        token: the text of what was written, with the space before a word.
        id: its number there.
        logits: of the next token, as the model computed them for the search.
        sampled: the logits after temperature and filters, −∞ for what was excluded; `None` where nothing is left to
            chance.
        before: ids of what was written so far, from bos on.
        source: ids of what a translator reads, with eos; `None` for a language model.
        passes: opens the model.
    """

    number: int
    token: str
    id: int
    logits: Shaped[Array, " vocabulary"]
    sampled: Shaped[Array, " vocabulary"] | None
    before: tuple[int, ...]
    source: tuple[int, ...] | None
    passes: Passes

    # What could have been written

    @cached_property
    def _probabilities(self) -> Array:
        return _softmax(self.logits)

    @cached_property
    def _drawn(self) -> Array | None:
        return None if self.sampled is None else _softmax(self.sampled)

    @property
    def probability(self) -> float:
        """Of the token that was written, under the model itself."""
        return float(self._probabilities[self.id])

    @property
    def log_probability(self) -> float:
        """Its natural logarithm; −∞ where the probability is too small for a float."""
        with np.errstate(divide="ignore"):
            return float(np.log(self._probabilities[self.id]))

    @property
    def rank(self) -> int:
        """How many tokens were likelier than the one that was written."""
        return self._rank(self.id)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The ten likeliest tokens, and the one that was written if it is not among them."""
        return self.likeliest(MOST_CANDIDATES)

    def likeliest(self, count: int) -> tuple[Candidate, ...]:
        """The likeliest tokens, and last the one that was written if it is not among them.

        Args:
            count: how many.
        """
        likeliest = np.argsort(-self.logits, kind="stable")[:count].tolist()
        ids = likeliest if self.id in likeliest else [*likeliest, self.id]
        drawn = self._drawn
        return tuple(
            Candidate(
                token,
                id_,
                float(self.logits[id_]),
                float(self._probabilities[id_]),
                None if drawn is None else float(drawn[id_]),
                self._rank(id_),
                id_ == self.id,
            )
            for token, id_ in zip(self.passes.tokenizer.pieces(ids), ids, strict=True)
        )

    def _rank(self, id_: int) -> int:
        return int((self.logits > self.logits[id_]).sum())

    # How the model came to it

    @cached_property
    def derivation(self) -> Derivation:
        """The complete pass of this step, from the ids of tokens to the choice of the likeliest, in float64."""
        return self.passes.next_word(self.source, self.before)

    @property
    def distance(self) -> float:
        """The largest distance between the derivation's logits and those that the search had."""
        return float(np.abs(self.derivation["logits"].value[-1] - self.logits).max())

    @property
    def verified(self) -> bool:
        """Whether the derivation explains what the model computed: it is no farther away than rounding leads."""
        return explains(self.distance, self.logits)

    def cross_attention(self, layer: int | None = None, head: int | None = None) -> Derivation:
        """The decoder's attention to the source, of all tokens so far; the last row is this step's.

        Args:
            layer: from 0; the last by default.
            head: one head alone, from its queries, keys and values on; `None` for the chain of all heads, from the
                embeddings to the output.

        Raises:
            InputError: the model is a language model, which reads no source.
            PositionError: there is no such layer or head.
        """
        if self.source is None:
            raise InputError("a language model has no cross-attention; look at its self-attention.")
        return self._attention("cross_attention", layer, head)

    def self_attention(self, layer: int | None = None, head: int | None = None) -> Derivation:
        """The decoder's attention to what is written so far; the last row is this step's.

        Args:
            layer, head: as in `cross_attention`.

        Raises:
            PositionError: there is no such layer or head.
        """
        return self._attention("self_attention", layer, head)

    def _attention(self, kind: str, layer: int | None, head: int | None) -> Derivation:
        config = self.passes.transformer.config
        layer = existing(layer, config.num_decoder_layers, "layer")
        attention = self.derivation.within(f"decoder.layers.{layer}.{kind}")
        if head is None:
            return attention
        existing(head, config.num_heads, "head")
        words = f"{kind.replace('_', '-')}, layer {layer}, head {head}"
        return head_of(attention, head, f"{self.number} {self.token}: {words}")

    def __repr__(self) -> str:
        rest = ", ".join(f"{other.token!r} {other.probability:.4f}" for other in self.likeliest(3) if not other.written)
        return f"<ProducedStep {self.number}: {self.token!r} {self.probability:.4f}; {rest}>"


def existing(place: int | None, count: int, noun: str) -> int:
    """The place, or the last one for `None`.

    Raises:
        PositionError: it does not exist.
    """
    if place is None:
        return count - 1
    if not 0 <= place < count:
        raise no_such(noun, place, count)
    return place


def explains(distance: float, logits: Shaped[Array, " vocabulary"]) -> bool:
    """Whether logits in float64 are no farther from those of a search than rounding leads."""
    return distance <= TOLERANCE * float(np.abs(logits).max())


def _softmax(logits: Shaped[Array, " vocabulary"]) -> Shaped[Array, " vocabulary"]:
    wide = logits.astype(np.float64)
    exponentials = np.exp(wide - wide.max())
    return np.asarray(exponentials / exponentials.sum())
