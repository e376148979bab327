"""A model in PyTorch that runs its search."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.decoding.beam import beam_search
from pellucid.decoding.generation import greedy
from pellucid.nn import EncoderDecoder
from pellucid.search import Beams, Hypothesis


class TorchEngine:
    """A `pellucid.search.Engine`: a model in PyTorch.

    Args:
        model: the encoder–decoder.
    """

    together = True

    def __init__(self, model: EncoderDecoder) -> None:
        self._model = model

    def search(
        self, sources: Sequence[Sequence[int]], max_lengths: Sequence[int], beams: Beams
    ) -> list[list[Hypothesis]]:
        """As `Engine` says."""
        if beams.num_beams == 1:
            return [[best] for best in greedy(self._model, sources, max_length=max_lengths)]
        return beam_search(
            self._model,
            sources,
            max_length=max_lengths,
            num_beams=beams.num_beams,
            length_penalty=beams.alpha,
            penalty=beams.penalty,
            n_best=beams.n_best,
            early_stopping=beams.early_stopping,
        )
