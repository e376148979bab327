"""Beginning with the weights of a model that is trained already."""

from __future__ import annotations

from pathlib import Path

import torch

from pellucid.errors import RecipeError
from pellucid.nn import Model
from pellucid.nn.weights import load_model
from pellucid.transformer.config import TransformerConfig
from pellucid.transformer.weights_file import open_model_directory

_OF_TRAINING = {"dropout", "attention_dropout", "activation_dropout"}  # change no weight


def check_start(config: TransformerConfig, folder: str | Path) -> None:
    """Refuse a model of another shape than the recipe's.

    Args:
        config: of the recipe.
        folder: of the model to begin with.

    Raises:
        ConfigError, WeightsError: there is no model in the folder.
        RecipeError: its shape is another; says what differs.
    """
    theirs, _ = open_model_directory(Path(folder))
    differing = [
        f"{name} is {getattr(config, name)} here and {getattr(theirs, name)} there"
        for name in config.__struct_fields__
        if name not in _OF_TRAINING and getattr(config, name) != getattr(theirs, name)
    ]
    if differing:
        raise RecipeError(
            f"training.start names the model in {folder}, which has another shape than [model] and [tokenizer] say:"
            f" {'; '.join(differing)}. Make them equal, or leave training.start out to begin with fresh weights."
        )


def begin_with(model: Model, folder: str | Path) -> None:
    """Give a model the weights of one that lies in a folder, of the same shape.

    Args:
        model: its weights are replaced.
        folder: of the other.

    Raises:
        WeightsError: they are damaged.
    """
    theirs = dict(load_model(folder).named_parameters())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(theirs[name])
