"""What a trainer needs to know of the thing that is learnt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from pellucid.data.tokenizer import Tokenizer
from pellucid.nn import Model
from pellucid.transformer.config import TransformerConfig


@dataclass(frozen=True)
class Place:
    """Where in its data a training stands.

    Args:
        epoch: passes over the data that are done.
        batch: batches of this pass that are done.
    """

    epoch: int = 0
    batch: int = 0


@dataclass(frozen=True)
class Batch:
    """What one forward and backward pass works on.

    Args:
        tensors: what the objective takes; this process's rows of the batch.
        tokens: how many the batch teaches, over all processes.
    """

    tensors: tuple[Tensor, ...]
    tokens: int


@runtime_checkable
class Task(Protocol):
    """Data and objective; `pellucid.training.tasks` makes one of a recipe."""

    config: TransformerConfig
    tokenizers: Mapping[str, Tokenizer]
    """By the name of their file in a model's folder."""
    remarks: list[str]
    """What the user should know about the data, as sentences."""

    def objective(self, model: Model) -> nn.Module:
        """A module that takes a batch's tensors and gives the loss and the negative log-likelihood, as sums."""

    def batch(self, place: Place, rank: int, world_size: int) -> Batch:
        """The batch at a place."""

    def after(self, place: Place) -> Place:
        """The place behind a batch."""

    def validation(self) -> Iterator[Batch]:
        """The batches of the validation set."""

    def scores(self, model: Model) -> dict[str, float]:
        """What translation is measured by, "bleu" and "chrf"; nothing for language models."""
