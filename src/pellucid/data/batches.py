"""Batches of pairs: as many tokens in each, of lengths that are alike.

The order of an epoch follows from the seed and the epoch's number alone, so that a training can be taken up at any
batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.errors import CorpusError

_JITTER = 2.0  # tokens by which lengths are blurred, so that an epoch's batches are not those of the one before


@dataclass(frozen=True)
class PairBatch:
    """Sentences and their translations, padded on the right.

    Args:
        source: ids, with eos at the end.
        target: ids, with bos at the beginning and eos at the end.
    """

    source: Shaped[Array, "batch n_source"]
    target: Shaped[Array, "batch n_target"]


class PairBatches:
    """Pairs of ids, in batches of about as many tokens each.

    Args:
        sources: the ids of each source, without bos and eos.
        targets: the ids of each target, without bos and eos.
        max_tokens: the most tokens on the longer side of a batch, padding included.
        max_length: the longest sequence the model takes; bos and eos count.
        seed: of the order.
        bos_id, eos_id, pad_id: special ids.
        name: of the pairs in messages, such as "training pair".

    Raises:
        CorpusError: there is no pair, one is longer than `max_length`, or the sides do not correspond.
    """

    def __init__(
        self,
        sources: Sequence[Sequence[int]],
        targets: Sequence[Sequence[int]],
        *,
        max_tokens: int,
        max_length: int,
        seed: int,
        bos_id: int = 1,
        eos_id: int = 2,
        pad_id: int = 0,
        name: str = "pair",
    ) -> None:
        if len(sources) != len(targets):
            raise CorpusError(f"there are {len(sources)} sources and {len(targets)} targets; they must correspond.")
        if not sources:
            raise CorpusError(f"there is no {name} that could be used.")
        self._sources = [np.array([*ids, eos_id], dtype=np.int64) for ids in sources]
        self._targets = [np.array([bos_id, *ids, eos_id], dtype=np.int64) for ids in targets]
        self._source_lengths = np.array([len(ids) for ids in self._sources])
        self._target_lengths = np.array([len(ids) for ids in self._targets])
        longest = np.maximum(self._source_lengths, self._target_lengths - 1)
        if (at := int(longest.argmax())) >= 0 and longest[at] > min(max_length, max_tokens):
            raise CorpusError(
                f"{name} {at + 1} has {longest[at]} tokens; the model takes {max_length} and a batch {max_tokens}."
                " Raise them, or leave long pairs out (training.skip_longer = true)."
            )
        self._max_tokens, self._seed, self._pad_id = max_tokens, seed, pad_id
        self._plan: tuple[int, list[Array]] | None = None

    def __len__(self) -> int:
        """The number of pairs."""
        return len(self._sources)

    def count(self, epoch: int) -> int:
        """The number of batches in an epoch."""
        return len(self._rows(epoch))

    def batch(self, epoch: int, index: int, rank: int = 0, world_size: int = 1) -> PairBatch:
        """One batch of an epoch.

        Args:
            epoch: from 0.
            index: from 0.
            rank: of `world_size` processes that share the batch, whose rows this one takes.
            world_size: how many there are.
        """
        return self.pad(self._rows(epoch)[index][rank::world_size])

    def target_tokens(self, epoch: int, index: int) -> int:
        """The number of tokens that a batch teaches, over all processes."""
        return int((self._target_lengths[self._rows(epoch)[index]] - 1).sum())

    def in_order(self) -> Iterator[PairBatch]:
        """All pairs once, unshuffled but for the lengths, for validation."""
        order = np.lexsort((self._source_lengths, self._target_lengths))
        for rows in self._cut(order):
            yield self.pad(rows)

    def pad(self, rows: Shaped[Array, " rows"]) -> PairBatch:
        """The pairs of some rows, as one batch."""
        return PairBatch(
            _padded([self._sources[row] for row in rows], self._pad_id),
            _padded([self._targets[row] for row in rows], self._pad_id),
        )

    def _rows(self, epoch: int) -> list[Array]:
        if self._plan is None or self._plan[0] != epoch:
            random = np.random.default_rng([self._seed, epoch])
            blur = random.uniform(0, _JITTER, size=(2, len(self)))
            order = np.lexsort((self._source_lengths + blur[0], np.floor(self._target_lengths + blur[1])))
            batches = self._cut(order)
            self._plan = epoch, [batches[i] for i in random.permutation(len(batches))]
        return self._plan[1]

    def _cut(self, order: Shaped[Array, " pairs"]) -> list[Array]:
        """Batches of successive pairs, each with as many as the longest of them allows."""
        batches, start, longest = [], 0, 0
        for end, row in enumerate(order):
            length = max(int(self._source_lengths[row]), int(self._target_lengths[row]) - 1)
            if max(longest, length) * (end - start + 1) > self._max_tokens:
                batches.append(order[start:end])
                start, longest = end, 0
            longest = max(longest, length)
        return [*batches, order[start:]]


def _padded(rows: Sequence[Array], pad_id: int) -> Shaped[Array, "rows longest"]:
    padded = np.full((len(rows), max((len(row) for row in rows), default=1)), pad_id, dtype=np.int64)
    for at, row in enumerate(rows):
        padded[at, : len(row)] = row
    return padded
