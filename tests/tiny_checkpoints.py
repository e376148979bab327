"""Checkpoints of transformers in a directory, so small that a test makes them."""

from pathlib import Path
from typing import Any

import torch

from pellucid.data.tokenizer import Tokenizer


def save_checkpoint(model: Any, tokenizer: Tokenizer, folder: Path, gain: float, but: str = "") -> None:
    """Write a model of transformers and a tokenizer of pellucid's.

    Args:
        model: with fresh weights, which make all attention alike.
        tokenizer: for it.
        folder: where to.
        gain: what its weights are multiplied by first.
        but: a part of the names of those that are not; empty for none.
    """
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not but or but not in name:
                parameter.mul_(gain)
    model.save_pretrained(folder)
    tokenizer.save(folder / "tokenizer.json")
