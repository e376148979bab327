"""What translations are measured by: sacreBLEU and chrF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.data.corpora import Pair
from pellucid.data.tokenizer import Tokenizer
from pellucid.errors import MissingExtraError
from pellucid.nn import Model
from pellucid.training.recipe import ValidationSection


def corpus_scores(
    translations: Sequence[str], references: Sequence[Sequence[str]], tokenize: str = "13a"
) -> dict[str, float]:
    """SacreBLEU (Post 2018) and chrF (Popović 2015) of a corpus.

    Args:
        translations: one for each sentence.
        references: of each sentence, one or several.
        tokenize: sacreBLEU's tokenisation; "none" for text that is tokenised already.

    Raises:
        MissingExtraError: sacrebleu is not installed.
    """
    try:
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF
    except ImportError:
        raise MissingExtraError("sacrebleu", "torch", "measure translations") from None
    most = max(map(len, references))
    # sacreBLEU takes the first references of all sentences, then the second, and so on; none stands for missing.
    columns: list[list[Any]] = [[of[n] if n < len(of) else None for of in references] for n in range(most)]
    # "force" silences a warning about text that looks tokenised, which with "none" it is.
    bleu = BLEU(tokenize=tokenize, force=True).corpus_score(list(translations), columns)
    chrf = CHRF().corpus_score(list(translations), columns)
    return {"bleu": bleu.score, "chrf": chrf.score}


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
        self._sources = tokenizers.get("source_tokenizer.json", self._target).encode_batch(
            [pair.source for pair in self._pairs]
        )

    def __call__(self, model: Model) -> dict[str, float]:
        """The scores of a model."""
        from pellucid.decoding import translate_ids

        translations = translate_ids(model, self._sources, num_beams=self._section.num_beams)
        texts = [self._target.decode(ids) for ids in translations]
        return corpus_scores(texts, [pair.references for pair in self._pairs], self._section.bleu_tokenize)
