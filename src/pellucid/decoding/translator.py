"""From texts to texts: a model with its tokenizers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pellucid.decoding.batching import batches
from pellucid.decoding.beam import beam_search
from pellucid.decoding.generation import greedy
from pellucid.decoding.hypothesis import Hypothesis
from pellucid.errors import LengthError
from pellucid.nn import EncoderDecoder


@runtime_checkable
class TextCodec(Protocol):
    """What is needed of a tokenizer; `pellucid.data.Tokenizer` has it."""

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, without bos and eos."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids."""


@dataclass(frozen=True)
class Translation:
    """A translated text.

    Args:
        source: the text.
        text: its translation.
        hypothesis: the tokens and their score.
    """

    source: str
    text: str
    hypothesis: Hypothesis


class Translator:
    """Translates texts with an encoder–decoder.

    Args:
        model: the encoder–decoder.
        tokenizer: of the target, and of the source unless it has its own.
        source_tokenizer: the source's, where it is another.
    """

    def __init__(self, model: EncoderDecoder, tokenizer: TextCodec, source_tokenizer: TextCodec | None = None) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.source_tokenizer = tokenizer if source_tokenizer is None else source_tokenizer

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The sources as the model reads them: ids with eos.

        Raises:
            LengthError: one is longer than the model's longest sequence; says which.
        """
        encoded = [[*ids, self.model.config.eos_id] for ids in self.source_tokenizer.encode_batch(texts)]
        longest = self.model.config.max_length
        for number, ids in enumerate(encoded, start=1):
            if len(ids) > longest:
                raise LengthError(
                    f"text {number} has {len(ids)} tokens, eos included, but the model reads at most {longest}; "
                    "split it into sentences."
                )
        return encoded

    def translate(
        self,
        texts: Sequence[str],
        *,
        num_beams: int = 4,
        length_penalty: float = 0.6,
        batch_tokens: int = 4096,
        max_length: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[Translation]:
        """The likeliest translation of each text.

        Args:
            texts: what is translated; an empty one stays empty.
            num_beams: 1 for greedy decoding.
            length_penalty: α of the beam search.
            batch_tokens: source tokens of a batch, padding included.
            max_length: new tokens at most; `None` for twice the source's and 20, as far as the model goes.
            progress: told after each batch how many texts it had.

        Raises:
            InputError: a number is out of its range.
            LengthError: a text is longer than the model's longest sequence.
        """
        full = [index for index, text in enumerate(texts) if text.strip()]
        sources = self.encode([texts[index] for index in full])
        found: dict[int, Hypothesis] = {}
        for batch in batches([len(source) for source in sources], batch_tokens):
            chosen = [sources[index] for index in batch]
            for index, hypothesis in zip(
                batch, self._decode(chosen, num_beams, length_penalty, max_length), strict=True
            ):
                found[full[index]] = hypothesis
            if progress is not None:
                progress(len(batch))
        nothing = Hypothesis((), 0.0, 0.0, "eos")
        results = [found.get(index, nothing) for index in range(len(texts))]
        return [
            Translation(text, self.tokenizer.decode(result.ids), result)
            for text, result in zip(texts, results, strict=True)
        ]

    def _decode(
        self, sources: list[list[int]], num_beams: int, length_penalty: float, max_length: int | None
    ) -> list[Hypothesis]:
        longest = default_limits(self.model, sources) if max_length is None else max_length
        return best_hypotheses(self.model, sources, longest, num_beams, length_penalty)


def translate_ids(
    model: EncoderDecoder,
    sources: Sequence[Sequence[int]],
    *,
    num_beams: int = 4,
    length_penalty: float = 0.6,
    batch_tokens: int = 4096,
) -> list[list[int]]:
    """The likeliest translation of each source, in ids.

    Args:
        model: the encoder–decoder.
        sources: ids without eos.
        num_beams: 1 for greedy decoding.
        length_penalty: α of the beam search.
        batch_tokens: source tokens of a batch, padding included.

    Raises:
        LengthError: a source is longer than the model's longest sequence.
    """
    ended = [[*source, model.config.eos_id] for source in sources]
    results: list[list[int]] = [[] for _ in ended]
    for batch in batches([len(source) for source in ended], batch_tokens):
        chosen = [ended[index] for index in batch]
        found = best_hypotheses(model, chosen, default_limits(model, chosen), num_beams, length_penalty)
        for index, hypothesis in zip(batch, found, strict=True):
            results[index] = list(hypothesis.ids)
    return results


def default_limits(model: EncoderDecoder, sources: Sequence[Sequence[int]]) -> list[int]:
    """Twice as many tokens as the source and 20, as far as the model goes: what is longer has run away."""
    return [min(model.config.max_length, 2 * len(source) + 20) for source in sources]


def best_hypotheses(
    model: EncoderDecoder,
    sources: Sequence[Sequence[int]],
    max_length: int | Sequence[int],
    num_beams: int,
    length_penalty: float,
) -> list[Hypothesis]:
    """The likeliest translation of each source of one batch."""
    if num_beams == 1:
        return greedy(model, sources, max_length=max_length)
    found = beam_search(model, sources, max_length=max_length, num_beams=num_beams, length_penalty=length_penalty)
    return [best[0] for best in found]
