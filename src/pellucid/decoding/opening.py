"""Which state a model is decoded with."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.decoding.context import decoding
from pellucid.decoding.fused_state import FusedState
from pellucid.decoding.state import CachedState
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.search import State


def open_state(
    model: EncoderDecoder | DecoderOnly,
    sources: Sequence[Sequence[int]] | None,
    prompts: Sequence[Sequence[int]],
    max_new: int,
    *,
    fused: bool = True,
) -> State:
    """The batch, its sources and prompts read.

    Args:
        model: an encoder–decoder or a language model.
        sources: for an encoder–decoder, each with eos.
        prompts: what each target begins with.
        max_new: tokens that may follow.
        fused: by `FusedState`; else by `CachedState`, which defines what is right.

    Raises:
        InputError: the model and what it is given do not belong together.
        LengthError: something is longer than the model's longest sequence.
    """
    with decoding(model):
        return (FusedState if fused else CachedState)(model, sources, prompts, max_new)
