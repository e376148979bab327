"""How a model is called while it decodes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from pellucid.nn import DecoderOnly, EncoderDecoder


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
