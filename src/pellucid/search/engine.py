"""What runs an encoder–decoder's search, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pellucid.search.beam import Beams, beam_search
from pellucid.search.hypothesis import Hypothesis
from pellucid.search.one_by_one import Choices, gathered, one_by_one
from pellucid.search.state import State
from pellucid.search.trace import Trace
from pellucid.search.transformer_state import TransformerState
from pellucid.transformer import Transformer


@runtime_checkable
class Engine(Protocol):
    """A model, ready to search.

    Attributes:
        together: whether the sources of a batch are searched at the same time; else a batch gains nothing.
    """

    together: bool

    def search(
        self, sources: Sequence[Sequence[int]], max_lengths: Sequence[int], beams: Beams
    ) -> list[list[Hypothesis]]:
        """The n best hypotheses of each source of one batch.

        Args:
            sources: the ids of each, with eos.
            max_lengths: new tokens at most, eos included, of each.
            beams: how they are ranked; one beam is greedy decoding.
        """


class NumpyEngine:
    """The opened Transformer, which reads one source after the other.

    Args:
        model: the encoder–decoder.
    """

    together = False

    def __init__(self, model: Transformer) -> None:
        self._model = model

    def search(
        self, sources: Sequence[Sequence[int]], max_lengths: Sequence[int], beams: Beams
    ) -> list[list[Hypothesis]]:
        """As `Engine` says."""
        return [self.best(source, limit, beams) for source, limit in zip(sources, max_lengths, strict=True)]

    def best(self, source: Sequence[int], limit: int, beams: Beams, trace: Trace | None = None) -> list[Hypothesis]:
        """The n best hypotheses of one source.

        Args:
            source: its ids, with eos.
            limit: new tokens at most, eos included.
            beams: how they are ranked.
            trace: keeps what the search does; `None` for nothing.
        """
        eos_id = self._model.config.eos_id
        state: State = TransformerState(self._model, source, [], limit)
        if trace is not None:
            state = trace.of(state)
        if beams.num_beams == 1:
            return gathered(one_by_one(state, [[]], Choices([limit], eos_id)))
        (found,) = beam_search(state, [limit], beams, eos_id, watches=None if trace is None else [trace.watch])
        return found
