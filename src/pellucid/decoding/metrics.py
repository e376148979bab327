"""BLEU and chrF, by sacreBLEU (Post 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from pellucid.errors import InputError, MissingExtraError

Tokenization = Literal["none", "13a"]


@dataclass(frozen=True)
class Quality:
    """How close translations are to references.

    Args:
        bleu: BLEU, 0 to 100.
        bleu_signature: sacreBLEU's, which says how it was computed.
        chrf: chrF2, 0 to 100.
        chrf_signature: likewise.
    """

    bleu: float
    bleu_signature: str
    chrf: float
    chrf_signature: str


def quality(
    translations: Sequence[str], references: Sequence[Sequence[str]], tokenize: Tokenization = "13a"
) -> Quality:
    """BLEU and chrF of a whole test set.

    Args:
        translations: one for each source.
        references: of each source one or more.
        tokenize: how BLEU cuts words: "13a", or "none" for texts that are tokenised already.

    Raises:
        InputError: there is nothing to compare, or a source has no reference.
        MissingExtraError: sacreBLEU is not installed.
    """
    sacrebleu = _library()
    if not translations or len(translations) != len(references) or not all(references):
        raise InputError(
            f"{len(translations)} translations and {len(references)} groups of references cannot be compared; "
            "every translation needs at least one reference."
        )
    most = max(map(len, references))
    # sacreBLEU wants the first references of all sources, then the second ones; `None` where there is none.
    columns = [[group[i] if i < len(group) else None for group in references] for i in range(most)]
    bleu, chrf = sacrebleu.BLEU(tokenize=tokenize, force=True), sacrebleu.CHRF()
    bleu_score = bleu.corpus_score(list(translations), columns).score
    chrf_score = chrf.corpus_score(list(translations), columns).score
    return Quality(bleu_score, str(bleu.get_signature()), chrf_score, str(chrf.get_signature()))


def _library() -> ModuleType:
    try:
        import sacrebleu
    except ImportError:
        raise MissingExtraError("sacreBLEU", "torch", "evaluate translations") from None
    return sacrebleu
