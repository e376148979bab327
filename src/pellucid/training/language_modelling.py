"""Learning to continue a text: random windows of one long text, or packed documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from pellucid.arrays import Array, Shaped
from pellucid.data.packing import PackedBatch, PackedDocuments
from pellucid.data.tokenizer import Tokenizer
from pellucid.data.windows import Windows
from pellucid.nn import DecoderOnly, Model
from pellucid.training.loss import cross_entropy
from pellucid.training.recipe import Recipe
from pellucid.training.task import Batch, Place
from pellucid.transformer.config import TransformerConfig

_VALIDATION_ROWS = 64


class Objective(nn.Module):
    """Cross-entropy of every token that follows."""

    def __init__(self, model: DecoderOnly, label_smoothing: float) -> None:
        super().__init__()
        self.model = model
        self.label_smoothing = label_smoothing

    def forward(self, ids: Tensor, targets: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Sums of the loss and of the negative log-likelihood.

        Args:
            ids: the tokens to read.
            targets: what follows each.
            mask: with one, `targets` are the padding's id where there is nothing to predict.
        """
        model = self.model
        hidden = model.hidden(ids, mask=mask)
        weight = model.target_embedding if model.output_weight is None else model.output_weight
        smoothing = self.label_smoothing if self.training else 0.0
        if mask is None:
            return cross_entropy(hidden.flatten(0, 1), weight, model.output_bias, targets.flatten(), smoothing)
        real = targets != model.config.pad_id
        return cross_entropy(hidden[real], weight, model.output_bias, targets[real], smoothing)


class _LanguageTask:
    """What both ways share."""

    def __init__(self, recipe: Recipe, config: TransformerConfig, tokenizers: Mapping[str, Tokenizer]) -> None:
        self.config, self.tokenizers, self._recipe = config, tokenizers, recipe
        self.remarks: list[str] = []

    def objective(self, model: Model) -> nn.Module:
        """Cross-entropy."""
        assert isinstance(model, DecoderOnly)
        return Objective(model, self._recipe.training.label_smoothing)

    def scores(self, model: Model) -> dict[str, float]:
        """None: a language model is measured by its loss."""
        return {}


class WindowTask(_LanguageTask):
    """Random windows of one text.

    Args:
        recipe: the recipe.
        config: of the model.
        train: the ids of the text to learn.
        valid: the ids of the text to validate on.
        tokenizers: "tokenizer.json".

    Raises:
        CorpusError: a text is shorter than a window.
    """

    def __init__(
        self,
        recipe: Recipe,
        config: TransformerConfig,
        train: Shaped[Array, " n"],
        valid: Shaped[Array, " m"],
        tokenizers: Mapping[str, Tokenizer],
    ) -> None:
        super().__init__(recipe, config, tokenizers)
        context = recipe.training.context
        self._train = Windows(train, context=context, seed=recipe.seed)
        self._valid = Windows(valid, context=context, seed=recipe.seed)

    def batch(self, place: Place, rank: int, world_size: int) -> Batch:
        """The batch at a place."""
        size = self._recipe.training.batch_size
        return self._batch(self._train.batch(place.batch, size, rank, world_size), size)

    def after(self, place: Place) -> Place:
        """The place behind a batch; there are no epochs."""
        return Place(0, place.batch + 1)

    def validation(self) -> Iterator[Batch]:
        """The whole text in windows that follow each other, or as many random batches as the recipe says."""
        size, count = self._recipe.training.batch_size, self._recipe.validation.batches
        if count:
            yield from (self._batch(self._valid.batch(index, size), size) for index in range(count))
        else:
            yield from (self._batch(rows, len(rows)) for rows in self._valid.in_order(_VALIDATION_ROWS))

    def _batch(self, rows: Shaped[Array, "rows n"], size: int) -> Batch:
        tensor = torch.from_numpy(rows)
        return Batch((tensor[:, :-1].contiguous(), tensor[:, 1:].contiguous()), size * (rows.shape[1] - 1))


class PackedTask(_LanguageTask):
    """Documents packed into rows; none attends to another.

    Args:
        recipe: the recipe.
        config: of the model.
        train: the documents to learn.
        valid: the documents to validate on.
        tokenizers: "tokenizer.json".

    Raises:
        CorpusError: the documents do not fill one row.
    """

    def __init__(
        self,
        recipe: Recipe,
        config: TransformerConfig,
        train: list[list[int]],
        valid: list[list[int]],
        tokenizers: Mapping[str, Tokenizer],
    ) -> None:
        super().__init__(recipe, config, tokenizers)
        self._train, self._valid = self._pack(train), self._pack(valid)

    def batch(self, place: Place, rank: int, world_size: int) -> Batch:
        """The batch at a place."""
        packed = self._train.batch(place.epoch, place.batch, rank, world_size)
        return Batch(self._tensors(packed), self._train.target_tokens(place.epoch, place.batch))

    def after(self, place: Place) -> Place:
        """The place behind a batch."""
        if place.batch + 1 < self._train.count(place.epoch):
            return Place(place.epoch, place.batch + 1)
        return Place(place.epoch + 1)

    def validation(self) -> Iterator[Batch]:
        """All rows."""
        for packed in self._valid.in_order():
            yield Batch(self._tensors(packed), int((packed.targets != self.config.pad_id).sum()))

    def _pack(self, documents: list[list[int]]) -> PackedDocuments:
        config, training = self.config, self._recipe.training
        return PackedDocuments(
            documents,
            context=training.context,
            batch_size=training.batch_size,
            seed=self._recipe.seed,
            bos_id=config.bos_id,
            eos_id=config.eos_id,
            pad_id=config.pad_id,
        )

    def _tensors(self, packed: PackedBatch) -> tuple[Tensor, ...]:
        if len(packed.ids):
            return tuple(torch.from_numpy(np.ascontiguousarray(a)) for a in (packed.ids, packed.targets, packed.mask))
        nothing = torch.full((1, 1), self.config.pad_id)
        return torch.full((1, 1), self.config.bos_id), nothing, torch.ones(1, 1, 1, dtype=torch.bool)
