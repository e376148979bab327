"""Exported models run by CTranslate2, with the choices of our own search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pellucid.decoding.ctranslate2.library import ctranslate2_library
from pellucid.errors import InputError
from pellucid.search import Beams, Hypothesis


class FastTranslator:
    """An exported encoder–decoder.

    CTranslate2's beam search follows the same beams as ours with early stopping, and ends at the same step; only its
    length penalty is another, length^p. So all its hypotheses are taken, with their log probabilities, and ranked
    here. When more than num_beams are finished in the last step, it keeps num_beams of them by its own ranking; p is
    α/2, with which lengths around 5 weigh as much as in ours. The best is then among them unless num_beams others
    are better by one ranking and worse by the other; among n best the last may be missing.

    Args:
        directory: written by `export_ctranslate2`.
        eos_id: the model's.
        threads: of one computation.
        compute_type: "default" for that of the stored weights, or any that CTranslate2 knows.

    Raises:
        InputError: the directory cannot be opened.
        MissingExtraError: CTranslate2 is not installed.
    """

    together = True

    def __init__(self, directory: str | Path, *, eos_id: int, threads: int = 0, compute_type: str = "default") -> None:
        library = ctranslate2_library("translate with it")
        try:
            self._engine: Any = library.Translator(str(directory), intra_threads=threads, compute_type=compute_type)
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{directory} cannot be opened by CTranslate2: {reason}.") from None
        vocabulary = Path(directory)
        self._source = _tokens(vocabulary, "source")
        self._target = {token: index for index, token in enumerate(_tokens(vocabulary, "target"))}
        self._eos = eos_id

    def translate(
        self,
        sources: Sequence[Sequence[int]],
        *,
        max_length: int,
        min_length: int = 0,
        num_beams: int = 4,
        length_penalty: float = 0.6,
        n_best: int = 1,
        batch_tokens: int = 0,
    ) -> list[list[Hypothesis]]:
        """The same as `beam_search`, or with one beam as `greedy`.

        Args:
            sources: the ids of each, with eos.
            max_length: new tokens at most, eos included.
            min_length: new tokens at least, eos not counted.
            num_beams: hypotheses that are followed at a time.
            length_penalty: α.
            n_best: hypotheses that are returned for each source.
            batch_tokens: of a batch; 0 for one batch.

        Raises:
            InputError: a number is out of its range.
        """
        # Greedy decoding ranks nothing: its score is the log probability.
        beams = Beams(num_beams, length_penalty if num_beams > 1 else 0.0, n_best=n_best)
        results = self._engine.translate_batch(
            [[self._source[index] for index in source] for source in sources],
            beam_size=num_beams,
            num_hypotheses=num_beams,
            length_penalty=self._exponent(beams.alpha),
            max_decoding_length=max_length,
            min_decoding_length=min_length,
            max_input_length=0,
            return_scores=True,
            return_end_token=True,
            max_batch_size=batch_tokens,
            batch_type="tokens" if batch_tokens else "examples",
        )
        return [self._ranked(result, beams) for result in results]

    def search(
        self, sources: Sequence[Sequence[int]], max_lengths: Sequence[int], beams: Beams
    ) -> list[list[Hypothesis]]:
        """As `pellucid.search.Engine` says; sources of different limits are searched together.

        CTranslate2 has one limit for a batch, here the largest. Hypotheses that end before a source's own limit are
        those that it would have led to; where one is as long, the source is searched again with its own.
        """
        found = self._with_limit(sources, max(max_lengths), beams)
        again: dict[int, list[int]] = {}
        for index, (hypotheses, limit) in enumerate(zip(found, max_lengths, strict=True)):
            if limit < max(max_lengths) and any(each.num_generated >= limit for each in hypotheses):
                again.setdefault(limit, []).append(index)
        for limit, indices in again.items():
            results = self._with_limit([sources[index] for index in indices], limit, beams)
            for index, hypotheses in zip(indices, results, strict=True):
                found[index] = hypotheses
        return [hypotheses[: beams.n_best] for hypotheses in found]

    def _with_limit(self, sources: Sequence[Sequence[int]], limit: int, beams: Beams) -> list[list[Hypothesis]]:
        """All hypotheses."""
        return self.translate(
            sources, max_length=limit, num_beams=beams.num_beams, length_penalty=beams.alpha, n_best=beams.num_beams
        )

    @staticmethod
    def _exponent(alpha: float) -> float:
        """The exponent of its length penalty; with exactly 0 its search would end by another rule."""
        return max(alpha / 2, 1e-6)

    def _ranked(self, result: Any, beams: Beams) -> list[Hypothesis]:
        hypotheses = []
        for tokens, penalised in zip(result.hypotheses, result.scores, strict=True):
            ids = tuple(self._target[token] for token in tokens)
            total = penalised * len(ids) ** self._exponent(beams.alpha)
            ends = bool(ids) and ids[-1] == self._eos
            score = beams.score(total, len(ids))
            hypotheses.append(Hypothesis(ids[:-1] if ends else ids, total, score, "eos" if ends else "length"))
        return sorted(hypotheses, key=lambda hypothesis: -hypothesis.score)[: beams.n_best]


def _tokens(directory: Path, side: str) -> list[str]:
    import msgspec

    for name in ("shared", side):
        path = directory / f"{name}_vocabulary.json"
        if path.is_file():
            return msgspec.json.decode(path.read_bytes(), type=list[str])
    raise InputError(f"{directory} has no {side}_vocabulary.json; export the model again.")
