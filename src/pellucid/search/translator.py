"""From texts to texts: a model with its tokenizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pellucid.errors import LengthError
from pellucid.search.batching import batches
from pellucid.search.beam import Beams
from pellucid.search.engine import Engine
from pellucid.search.hypothesis import Hypothesis
from pellucid.search.text_codec import TextCodec
from pellucid.transformer import TransformerConfig


@dataclass(frozen=True)
class Translation:
    """A translated text.

    Args:
        source: the text.
        text: its translation.
        tokens: as the vocabulary spells them.
        hypothesis: their ids and score.
        others: of n best, those after the first, in falling order.
    """

    source: str
    text: str
    tokens: tuple[str, ...]
    hypothesis: Hypothesis
    others: tuple[Translation, ...] = ()


class Translator:
    """Translates texts with an encoder–decoder.

    Args:
        config: the model's.
        engine: runs the search.
        tokenizer: of the target, and of the source unless it has its own.
        source_tokenizer: the source's, where it is another.
    """

    def __init__(
        self,
        config: TransformerConfig,
        engine: Engine,
        tokenizer: TextCodec,
        source_tokenizer: TextCodec | None = None,
    ) -> None:
        self.config, self.engine, self.tokenizer = config, engine, tokenizer
        self.source_tokenizer = tokenizer if source_tokenizer is None else source_tokenizer

    def encode(self, texts: Sequence[str], place: str = "text") -> list[list[int]]:
        """The sources as the model reads them: ids with eos, without the space around texts, as in training.

        Args:
            texts: the sources.
            place: what comes before a text's number in messages.

        Raises:
            LengthError: one is longer than the model's longest sequence; says which.
        """
        stripped = [text.strip() for text in texts]
        encoded = [[*ids, self.config.eos_id] for ids in self.source_tokenizer.encode_batch(stripped, place)]
        longest = self.config.max_length
        for number, ids in enumerate(encoded, start=1):
            if len(ids) > longest:
                raise LengthError(
                    f"{place} {number} has {len(ids)} tokens, eos included, but the model reads at most {longest}; "
                    "split it into sentences."
                )
        return encoded

    def translate(
        self,
        texts: Sequence[str],
        *,
        num_beams: int = 4,
        length_penalty: float = 0.6,
        n_best: int = 1,
        batch_tokens: int = 4096,
        max_length: int | None = None,
        place: str = "text",
        progress: Callable[[int], object] | None = None,
    ) -> list[Translation]:
        """The likeliest translation of each text.

        Args:
            texts: what is translated; an empty one stays empty.
            num_beams: 1 for greedy decoding.
            length_penalty: α of the beam search.
            n_best: hypotheses of each text, at most `num_beams`.
            batch_tokens: source tokens of a batch, padding included.
            max_length: new tokens at most; `None` for twice the source's and 20, as far as the model goes.
            place: what comes before a text's number in messages.
            progress: told after each batch how many texts it had; those that are empty come first.

        Raises:
            InputError: a number is out of its range.
            LengthError: a text is longer than the model's longest sequence.
        """
        beams = Beams(num_beams, length_penalty, n_best=n_best)
        sources = self.encode(texts, place)
        full = [index for index, text in enumerate(texts) if text.strip()]
        if progress is not None:
            progress(len(texts) - len(full))
        chosen = {index: sources[index] for index in full}
        found = search_in_batches(self.engine, self.config, chosen, beams, batch_tokens, max_length, progress)
        nothing = [Hypothesis((), 0.0, 0.0, "eos")]
        return [self._translation(text, found.get(index, nothing)) for index, text in enumerate(texts)]

    def _translation(self, source: str, hypotheses: Sequence[Hypothesis]) -> Translation:
        codec = self.tokenizer
        first, *others = (
            Translation(source, codec.decode(each.ids), tuple(codec.tokens(each.ids)), each) for each in hypotheses
        )
        return replace(first, others=tuple(others))


def search_in_batches(
    engine: Engine,
    config: TransformerConfig,
    sources: Mapping[int, Sequence[int]],
    beams: Beams,
    batch_tokens: int,
    max_length: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> dict[int, list[Hypothesis]]:
    """The n best hypotheses of each source, batch by batch.

    Args:
        engine: runs the search.
        config: the model's.
        sources: the ids of each, with eos, by a key of its own.
        beams: how hypotheses are ranked.
        batch_tokens: source tokens of a batch, padding included.
        max_length: new tokens at most; `None` for `default_limits`.
        progress: told after each batch how many sources it had.
    """
    keys = list(sources)
    found: dict[int, list[Hypothesis]] = {}
    lengths = [len(source) for source in sources.values()]
    for batch in batches(lengths, batch_tokens) if engine.together else ([index] for index in range(len(keys))):
        chosen = [sources[keys[index]] for index in batch]
        limits = default_limits(config, chosen) if max_length is None else [max_length] * len(chosen)
        for index, hypotheses in zip(batch, engine.search(chosen, limits, beams), strict=True):
            found[keys[index]] = hypotheses
        if progress is not None:
            progress(len(batch))
    return found


def default_limits(config: TransformerConfig, sources: Sequence[Sequence[int]]) -> list[int]:
    """Twice as many tokens as the source and 20, as far as the model goes: what is longer has run away."""
    return [min(config.max_length, 2 * len(source) + 20) for source in sources]
