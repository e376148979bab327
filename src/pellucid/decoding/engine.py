"""What runs an encoder–decoder's search, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pellucid.decoding.beam import Beams, beam_search
from pellucid.decoding.generation import greedy
from pellucid.decoding.hypothesis import Hypothesis
from pellucid.nn import EncoderDecoder


@runtime_checkable
class Engine(Protocol):
    """A model, ready to search."""

    def search(
        self, sources: Sequence[Sequence[int]], max_lengths: Sequence[int], beams: Beams
    ) -> list[list[Hypothesis]]:
        """The n best hypotheses of each source of one batch.

        Args:
            sources: the ids of each, with eos.
            max_lengths: new tokens at most, eos included, of each.
            beams: how they are ranked; one beam is greedy decoding.
        """


class TorchEngine:
    """A model in PyTorch.

    Args:
        model: the encoder–decoder.
    """

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
