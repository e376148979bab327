"""Documents packed into rows without padding, with their boundaries remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.arrays import Array, Bool, Shaped
from pellucid.errors import CorpusError


@dataclass(frozen=True)
class PackedBatch:
    """Rows of documents, one after the other.

    Args:
        ids: the tokens to read.
        targets: the tokens to predict; `pad_id` where there is none, as after the end of a document.
        documents: which document of its row a token belongs to, counted from 0.
    """

    ids: Shaped[Array, "rows n"]
    targets: Shaped[Array, "rows n"]
    documents: Shaped[Array, "rows n"]

    @property
    def mask(self) -> Bool[Array, "rows n n"]:
        """True where a token may attend to another: in its own document, and not ahead."""
        n = self.ids.shape[1]
        same = self.documents[:, :, np.newaxis] == self.documents[:, np.newaxis, :]
        return np.asarray(same & np.tril(np.ones((n, n), dtype=bool)))


class PackedDocuments:
    """Documents in a new order each epoch, each between bos and eos, cut into rows of equal length.

    Args:
        documents: the ids of each, without bos and eos.
        context: the tokens of a row.
        batch_size: the rows of a batch.
        seed: of the order.
        bos_id, eos_id, pad_id: special ids.

    Raises:
        CorpusError: the documents do not fill one row.
    """

    def __init__(
        self,
        documents: Sequence[Sequence[int]],
        *,
        context: int,
        batch_size: int,
        seed: int,
        bos_id: int = 1,
        eos_id: int = 2,
        pad_id: int = 0,
    ) -> None:
        self._documents = [np.array([bos_id, *ids, eos_id], dtype=np.int64) for ids in documents]
        total = sum(map(len, self._documents))
        if total < context:
            raise CorpusError(
                f"the documents have {total} tokens together, less than one row of {context}; shorten"
                " training.context or give more text."
            )
        self._context, self._batch_size, self._seed = context, batch_size, seed
        self._pad_id = pad_id
        self._count = total // context
        self._rows: tuple[int, PackedBatch] | None = None

    def count(self, epoch: int = 0) -> int:
        """The number of batches in an epoch, the last one perhaps with fewer rows."""
        return -(-self._count // self._batch_size)

    def batch(self, epoch: int, index: int, rank: int = 0, world_size: int = 1) -> PackedBatch:
        """One batch of an epoch; of several processes each takes every `world_size`-th row."""
        start = index * self._batch_size
        rows = slice(start + rank, start + self._batch_size, world_size)
        packed = self._packed(epoch)
        return PackedBatch(packed.ids[rows], packed.targets[rows], packed.documents[rows])

    def target_tokens(self, epoch: int, index: int) -> int:
        """The number of tokens that a batch teaches, over all processes."""
        return int((self.batch(epoch, index).targets != self._pad_id).sum())

    def in_order(self) -> Iterator[PackedBatch]:
        """All rows of the documents in their own order, for validation."""
        packed = self._pack(np.arange(len(self._documents)))
        for start in range(0, self._count, self._batch_size):
            rows = slice(start, start + self._batch_size)
            yield PackedBatch(packed.ids[rows], packed.targets[rows], packed.documents[rows])

    def _packed(self, epoch: int) -> PackedBatch:
        if self._rows is None or self._rows[0] != epoch:
            random = np.random.default_rng([self._seed, epoch])
            self._rows = epoch, self._pack(random.permutation(len(self._documents)))
        return self._rows[1]

    def _pack(self, order: Shaped[Array, " documents"]) -> PackedBatch:
        chosen = [self._documents[at] for at in order]
        ids = np.concatenate(chosen)
        numbers = np.repeat(np.arange(len(chosen)), [len(document) for document in chosen])
        # What follows a token: within its document the next one, after its last one nothing that could be predicted.
        targets = np.append(ids[1:], self._pad_id)
        targets[np.append(numbers[1:] != numbers[:-1], True)] = self._pad_id
        size = self._count * self._context
        shape = (self._count, self._context)
        documents = numbers[:size].reshape(shape)
        return PackedBatch(ids[:size].reshape(shape), targets[:size].reshape(shape), documents - documents[:, :1])
