"""Passes of a model over texts, of which every number can be read: for the next token, and for one training step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pellucid.arrays import Array
from pellucid.data.tokenizer import Tokenizer
from pellucid.derivation import Derivation
from pellucid.errors import InputError, LengthError, no_such
from pellucid.numbers import FLOAT64, NumberType
from pellucid.transformer import Transformer

if TYPE_CHECKING:
    from pellucid.transformer.training_step import TrainingStep

LEARNING_RATE = 0.001
"""Of a training step when none is asked for: a trained model overshoots with more."""


@dataclass(frozen=True)
class Passes:
    """A model's passes over texts.

    Args:
        transformer: the model, in float64.
        tokenizer: of what it writes.
        source_tokenizer: of what it reads; the same unless the source has its own.
        name: what it was called.
        begins_with_bos: of a language model, whether its texts began with bos in training.
    """

    transformer: Transformer
    tokenizer: Tokenizer
    source_tokenizer: Tokenizer
    name: str
    begins_with_bos: bool = True

    def explain(
        self, text: str, target: str | None = None, *, numbers: NumberType = FLOAT64, digits: int = 4
    ) -> Derivation:
        """The forward pass for the next token, whole: from the ids of tokens to the choice.

        Args:
            text: what a translator reads; what a language model goes on from.
            target: what the translator has written so far, nothing by default.
            numbers: float64, float32 or `Exact(digits)`.
            digits: places after the decimal point when numbers are printed.

        Raises:
            InputError: the text is empty, too long or cannot be expressed by the tokenizer, or a target was given to
                a language model.
        """
        reading = self._reading(text, target)
        return self.next_word(reading.source, reading.written, numbers=numbers, digits=digits)

    def train(
        self,
        text: str,
        target: str | None = None,
        *,
        layer: int | None = None,
        head: int = 0,
        rate: float = LEARNING_RATE,
        digits: int = 4,
    ) -> TrainingStep:
        """One step of gradient descent on the loss of the last token that is given: of the target or of the text.

        Args:
            text: what a translator reads; what a language model learns to go on with.
            target: what the translator is to write; its last token is the one that is learned.
            layer: the decoder's layer that is opened; the last by default.
            head: of its attention to the source, or of a language model's to its own tokens.
            rate: of learning.
            digits: places after the decimal point when numbers are printed.

        Raises:
            InputError: as `explain`; or there is no token to learn, or the heads are not opened.
            PositionError: there is no such layer or head.
        """
        config = self.transformer.config
        reading = self._reading(text, target)
        *written, right = reading.written
        if not written:
            what = "give what the translator is to write as the target" if reading.source else "give more text"
            raise InputError(f"there is no token to learn; {what}: the last token is the one that is learned.")
        layers = config.num_decoder_layers
        if layer is not None and not 0 <= layer < layers:
            raise no_such("layer", layer, layers)
        kind = "cross_attention" if config.is_encoder_decoder else "self_attention"
        place = f"decoder.layers.{layers - 1 if layer is None else layer}.{kind}"

        def run(weights: Mapping[str, Array]) -> Derivation:
            return self.next_word(reading.source, written, digits=digits, right=right, weights=weights)

        from pellucid.transformer.training_step import training_step  # with the gradients, which nothing else needs

        return training_step(run, place, head, rate)

    def _reading(self, text: str, target: str | None) -> _Reading:
        config = self.transformer.config
        if not text.strip():
            raise LengthError("the text is empty; give a sentence.")
        if not config.is_encoder_decoder:
            if target is not None:
                raise InputError(
                    f"{self.name} is a language model, which goes on with its text; a target is a translator's."
                )
            return _Reading(None, [*([config.bos_id] if self.begins_with_bos else []), *self.tokenizer.encode(text)])
        source = [*self.source_tokenizer.encode(text), config.eos_id]
        return _Reading(source, [config.bos_id, *self.tokenizer.encode(target or "")])

    def next_word(self, source: Sequence[int] | None, written: Sequence[int], **options: Any) -> Derivation:
        """The pass for the next token after ids.

        Args:
            source: what a translator reads, with eos; `None` for a language model.
            written: what is written so far, from bos on.
            options: of `Transformer.derive`.

        Raises:
            InputError: as `Transformer.derive`.
        """
        words = written[written[0] == self.transformer.config.bos_id :]
        asked = f"after “{self.tokenizer.decode(words)}”" if words else "at the beginning"
        return self.transformer.derive(
            written,
            source,
            labels=self.tokenizer.pieces(written),
            source_labels=None if source is None else self.source_tokenizer.pieces(source),
            vocabulary=self._vocabulary,
            source_vocabulary=self._source_vocabulary,
            chooses=True,
            title=f"{self.name}: the next word {asked}",
            **options,
        )

    @cached_property
    def _vocabulary(self) -> list[str]:
        return _words(self.tokenizer)

    @cached_property
    def _source_vocabulary(self) -> list[str]:
        return self._vocabulary if self.source_tokenizer is self.tokenizer else _words(self.source_tokenizer)


@dataclass(frozen=True)
class _Reading:
    """The ids of what is read and of what is written so far."""

    source: list[int] | None
    written: list[int]


def _words(tokenizer: Tokenizer) -> list[str]:
    return tokenizer.pieces(range(tokenizer.vocab_size))
