"""Beam search with models in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid import search
from pellucid.decoding.opening import open_state
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.search import Beams, Hypothesis
from pellucid.search.length_penalty import LengthPenalty, wu
from pellucid.search.state import limits


def beam_search(
    model: EncoderDecoder | DecoderOnly,
    sources: Sequence[Sequence[int]] | None = None,
    *,
    prompts: Sequence[Sequence[int]] | None = None,
    max_length: int | Sequence[int],
    min_length: int = 0,
    num_beams: int = 4,
    length_penalty: float = 0.6,
    penalty: LengthPenalty = wu,
    n_best: int = 1,
    early_stopping: bool = True,
    fused: bool = True,
) -> list[list[Hypothesis]]:
    """The likeliest continuations of each sequence that a beam search finds.

    Args:
        model: an encoder–decoder or a language model.
        sources: for an encoder–decoder: the ids of each, with eos.
        prompts: what each output begins with; it is not part of the result.
        max_length: new tokens at most, eos included; one number, or one for each sequence.
        min_length: new tokens at least, eos not counted.
        num_beams: hypotheses that are followed at a time.
        length_penalty: α; 0 for none.
        penalty: the formula of the length penalty.
        n_best: hypotheses that are returned for each sequence, best first.
        early_stopping: see `Beams`.
        fused: see `open_state`.

    Raises:
        InputError: a number is out of its range, or the model and what it is given do not belong together.
        LengthError: something is longer than the model's longest sequence.
    """
    beams = Beams(num_beams, length_penalty, penalty, n_best, early_stopping)
    if prompts is None:
        prompts = [[] for _ in sources or ()]
    longest = limits(max_length, len(prompts))
    state = open_state(model, sources, prompts, max(longest, default=1), fused=fused)
    return search.beam_search(state, longest, beams, model.config.eos_id, min_length)
