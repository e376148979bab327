"""Translations by a model in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.decoding.engine import TorchEngine
from pellucid.nn import EncoderDecoder
from pellucid.search import Beams, Translator
from pellucid.search.text_codec import TextCodec
from pellucid.search.translator import search_in_batches


class TorchTranslator(Translator):
    """Translates texts with an encoder–decoder in PyTorch.

    Args:
        model: the encoder–decoder.
        tokenizer: of the target, and of the source unless it has its own.
        source_tokenizer: the source's, where it is another.
    """

    def __init__(self, model: EncoderDecoder, tokenizer: TextCodec, source_tokenizer: TextCodec | None = None) -> None:
        super().__init__(model.config, TorchEngine(model), tokenizer, source_tokenizer)
        self.model = model


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
    ended = {index: [*source, model.config.eos_id] for index, source in enumerate(sources)}
    beams = Beams(num_beams, length_penalty)
    found = search_in_batches(TorchEngine(model), model.config, ended, beams, batch_tokens)
    return [list(found[index][0].ids) for index in range(len(sources))]
