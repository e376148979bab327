"""Learning to translate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from pellucid.data.batches import PairBatch, PairBatches
from pellucid.data.corpora import Pair, group_references, read_parallel, read_tsv
from pellucid.data.joining import join_pairs
from pellucid.data.rare_words import repeat_rare
from pellucid.data.synthetic import synthetic_pairs
from pellucid.data.tokenizer import Tokenizer
from pellucid.errors import CorpusError
from pellucid.nn import EncoderDecoder, Model
from pellucid.training.loss import cross_entropy
from pellucid.training.recipe import PairData, PairFiles, Recipe, SyntheticData
from pellucid.training.scores import Scorer
from pellucid.training.task import Batch, Place
from pellucid.transformer.config import TransformerConfig


def read_pairs(files: PairFiles) -> list[Pair]:
    """The pairs of the files that a recipe names.

    Raises:
        CorpusError: they cannot be read or do not correspond.
    """
    if files.tsv:
        return read_tsv(files.tsv, reverse=files.reverse)
    return read_parallel(files.source, files.target)


def training_pairs(recipe: Recipe) -> tuple[list[Pair], list[Pair]]:
    """The pairs to learn from and those to validate on.

    Raises:
        CorpusError: as `read_pairs`, or there are none.
    """
    data = recipe.data
    if isinstance(data, SyntheticData):
        size = {"letters": data.letters, "shortest": data.shortest, "longest": data.longest}
        train = synthetic_pairs(data.task, data.train, seed=recipe.seed, **size)
        return train, synthetic_pairs(data.task, data.valid, seed=recipe.seed + 1, **size)
    assert isinstance(data, PairData)
    corpora = data.train if isinstance(data.train, list) else [data.train]
    train = [pair for files in corpora for pair in read_pairs(files)]
    if not train:
        raise CorpusError("data.train names no file with pairs.")
    return train, read_pairs(data.valid)


class Objective(nn.Module):
    """Cross-entropy of the target's real tokens."""

    def __init__(self, model: EncoderDecoder, label_smoothing: float) -> None:
        super().__init__()
        self.model = model
        self.label_smoothing = label_smoothing

    def forward(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Sums of the loss and of the negative log-likelihood."""
        model, pad_id = self.model, self.model.config.pad_id
        source_mask = source != pad_id
        hidden = model.hidden(source, target[:, :-1], None if bool(source_mask.all()) else source_mask)
        wanted = target[:, 1:]
        real = wanted != pad_id
        weight = model.target_embedding if model.output_weight is None else model.output_weight
        smoothing = self.label_smoothing if self.training else 0.0
        return cross_entropy(hidden[real], weight, model.output_bias, wanted[real], smoothing)


class Translation:
    """The task of a recipe for pairs.

    Args:
        recipe: the recipe.
        config: of the model.
        train: the pairs to learn from; every reference is learnt.
        valid: the pairs to validate on.
        tokenizers: "tokenizer.json", and "source_tokenizer.json" where the source has its own.

    Raises:
        CorpusError: a pair is longer than the model or a batch takes.
    """

    def __init__(
        self,
        recipe: Recipe,
        config: TransformerConfig,
        train: Sequence[Pair],
        valid: Sequence[Pair],
        tokenizers: Mapping[str, Tokenizer],
    ) -> None:
        self.config, self.tokenizers, self._recipe = config, tokenizers, recipe
        self.remarks: list[str] = []
        if isinstance(data := recipe.data, PairData):
            repeated = repeat_rare(train, data.rare_words, data.repeat_rare)
            train = [*repeated, *join_pairs(train, data.joined, recipe.seed)]
        self._train = self._batches(train, "training")
        self._valid = self._batches(valid, "validation")
        self._references = group_references(valid)
        self._scorer: Scorer | None = None

    def objective(self, model: Model) -> nn.Module:
        """Smoothed cross-entropy."""
        assert isinstance(model, EncoderDecoder)
        return Objective(model, self._recipe.training.label_smoothing)

    def batch(self, place: Place, rank: int, world_size: int) -> Batch:
        """The batch at a place."""
        batch = self._train.batch(place.epoch, place.batch, rank, world_size)
        return Batch(self._tensors(batch), self._train.target_tokens(place.epoch, place.batch))

    def after(self, place: Place) -> Place:
        """The place behind a batch."""
        if place.batch + 1 < self._train.count(place.epoch):
            return Place(place.epoch, place.batch + 1)
        return Place(place.epoch + 1)

    def validation(self) -> Iterator[Batch]:
        """Every reference of every sentence."""
        for batch in self._valid.in_order():
            yield Batch(self._tensors(batch), int((batch.target[:, 1:] != self.config.pad_id).sum()))

    def scores(self, model: Model) -> dict[str, float]:
        """SacreBLEU and chrF of translations of the validation set."""
        assert isinstance(model, EncoderDecoder)
        if self._scorer is None:
            self._scorer = Scorer(self._references, self.tokenizers, self._recipe.validation)
        return self._scorer(model)

    def _batches(self, pairs: Sequence[Pair], name: str) -> PairBatches:
        config, training = self.config, self._recipe.training
        target = self.tokenizers["tokenizer.json"]
        source = self.tokenizers.get("source_tokenizer.json", target)
        flat = [(pair.source, reference) for pair in pairs for reference in pair.references]
        sources = source.encode_batch([one for one, _ in flat])
        targets = target.encode_batch([one for _, one in flat])
        if training.skip_longer:
            longest = min(config.max_length, training.batch_tokens) - 1
            fitting = [i for i in range(len(flat)) if max(len(sources[i]), len(targets[i])) <= longest]
            if len(fitting) < len(flat):
                self.remarks.append(
                    f"{len(flat) - len(fitting):,} of {len(flat):,} {name} pairs are longer than {longest} tokens"
                    " and left out."
                )
            sources, targets = [sources[i] for i in fitting], [targets[i] for i in fitting]
        return PairBatches(
            sources,
            targets,
            max_tokens=training.batch_tokens,
            max_length=config.max_length,
            seed=self._recipe.seed,
            bos_id=config.bos_id,
            eos_id=config.eos_id,
            pad_id=config.pad_id,
            name=f"{name} pair",
        )

    def _tensors(self, batch: PairBatch) -> tuple[Tensor, Tensor]:
        source, target = torch.from_numpy(batch.source), torch.from_numpy(batch.target)
        if len(source):
            return source, target
        # A process without rows still takes part: one row that teaches nothing.
        return torch.full((1, 1), self.config.eos_id), torch.tensor([[self.config.bos_id, self.config.pad_id]])
