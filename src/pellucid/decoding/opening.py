"""Which state a model is decoded with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch

from pellucid.decoding.fused_state import FusedState
from pellucid.decoding.state import CachedState, State
from pellucid.nn import DecoderOnly, EncoderDecoder


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
        model: in evaluation mode.
        sources: for an encoder–decoder, each with eos.
        prompts: what each target begins with.
        max_new: tokens that may follow.
        fused: by `FusedState`; else by `CachedState`, which defines what is right.

    Raises:
        InputError: the model and what it is given do not belong together.
        LengthError: something is longer than the model's longest sequence.
    """
    return (FusedState if fused else CachedState)(model, sources, prompts, max_new)


@contextlib.contextmanager
def decoding(model: EncoderDecoder | DecoderOnly) -> Iterator[None]:
    """No gradients, no dropout; the model is as before afterwards."""
    training = model.training
    if training:  # setting it walks through all modules, which for small models costs as much as a step
        model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        if training:
            model.train()
