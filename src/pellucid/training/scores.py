"""What translations are measured by while a model learns: BLEU and chrF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pellucid.data.corpora import Pair
from pellucid.data.tokenizer import Tokenizer
from pellucid.nn import EncoderDecoder
from pellucid.training.recipe import ValidationSection


class Scorer:
    """Translates a validation set and compares.

    Args:
        pairs: the sentences, each once, with all their references.
        tokenizers: those of the task.
        section: of the recipe.
    """

    def __init__(self, pairs: Sequence[Pair], tokenizers: Mapping[str, Tokenizer], section: ValidationSection) -> None:
        self._pairs = pairs[: section.sentences] if section.sentences else pairs
        self._section = section
        self._target = tokenizers["tokenizer.json"]
        source = tokenizers.get("source_tokenizer.json", self._target)
        self._sources = source.encode_batch([pair.source for pair in self._pairs])

    def __call__(self, model: EncoderDecoder) -> dict[str, float]:
        """The scores of a model."""
        from pellucid.decoding import quality, translate_ids  # a training that is measured by its loss needs neither

        translations = translate_ids(model, self._sources, num_beams=self._section.num_beams)
        texts = [self._target.decode(ids) for ids in translations]
        found = quality(texts, [pair.references for pair in self._pairs], self._section.bleu_tokenize)
        return {"bleu": found.bleu, "chrf": found.chrf}
