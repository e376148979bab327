"""A batch in the middle of being decoded by PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import torch

from pellucid.decoding.context import decoding
from pellucid.decoding.padding import pad_left, pad_right
from pellucid.decoding.rows import TorchRows
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.nn.mask import padding_mask
from pellucid.nn.tensors import Bool, Float, Int, Tensor
from pellucid.search.rows import RowMath, Rows
from pellucid.search.state import beginnings, check_room


class CachedState:
    """A `State`: a model with its key/value cache, through the model's own forward pass.

    Args:
        model: an encoder–decoder or a language model, in evaluation mode.
        sources: the ids of each source, with eos, for an encoder–decoder; `None` for a language model.
        prompts: what each target begins with; see `beginnings`.
        max_new: tokens that may follow, so that room is taken once.

    Raises:
        InputError: the model and what it is given do not belong together.
        LengthError: a source, or a prompt with what may follow, is longer than the model's longest.
    """

    def __init__(
        self,
        model: EncoderDecoder | DecoderOnly,
        sources: Sequence[Sequence[int]] | None,
        prompts: Sequence[Sequence[int]],
        max_new: int,
    ) -> None:
        self.model = model
        device = model.target_embedding.device
        starts = beginnings(model.config, sources, prompts)
        longest = max(map(len, starts))
        check_room(model.config, longest, max_new)
        self.cache = model.new_cache(len(starts), longest + max_new - 1)  # the last new token is not read again
        self.memory: Tensor | None = None
        self.source_mask: Tensor | None = None
        if isinstance(model, EncoderDecoder):
            assert sources is not None
            source, mask = pad_right(sources, model.config.pad_id, device)
            self.source_mask = None if bool(mask.all()) else mask
            self.memory = model.encode(source, self.source_mask)
        ids, keep = pad_left(starts, model.config.pad_id, device)
        # Which tokens of the cache are not padding; `None` when all rows are of one length.
        self.keep: Tensor | None = None if bool(keep.all()) else keep
        self.positions = (keep.cumsum(1) - 1).clamp_(min=0)
        self.maths: RowMath = TorchRows(device)
        self.logits: Rows = self._read(ids)

    def computing(self) -> AbstractContextManager[None]:
        return decoding(self.model)

    def advance(self, tokens: Sequence[int]) -> None:
        """Take in one token a row; `logits` are then those after it."""
        self._count(len(tokens))
        self.logits = self._read(self._indices(tokens)[:, None])

    def expand(self, beams: int) -> None:
        """Every row becomes so many rows, one after the other."""
        rows = [row for row in range(self.cache.batch_size) for _ in range(beams)]
        self.select(rows, rows)

    def select(self, rows: Sequence[int], sources: Sequence[int] | None = None) -> None:
        """Row i becomes what row `rows[i]` was."""
        self._select(self._indices(rows), None if sources is None else self._indices(sources))

    def _indices(self, indices: Sequence[int]) -> Int[Tensor, " n"]:
        return torch.tensor(indices, device=self.logits.device)

    def _select(self, rows: Int[Tensor, " new_rows"], sources: Int[Tensor, " new_sources"] | None) -> None:
        self.cache.reorder(rows, same_source=sources is None)
        if self.keep is not None:
            self.keep = self.keep.index_select(0, rows)
            self.positions = self.positions.index_select(0, rows)
        if sources is not None:
            if self.memory is not None:
                self.memory = self.memory.index_select(0, rows)
            if self.source_mask is not None:
                self.source_mask = self.source_mask.index_select(0, rows)

    def _count(self, rows: int) -> None:
        """One more token a row, which is no padding."""
        if self.keep is not None:
            self.keep = torch.cat((self.keep, self.keep.new_ones(rows, 1)), dim=1)
            self.positions = self.positions[:, -1:] + 1

    def _read(self, ids: Int[Tensor, "rows n"]) -> Float[Tensor, "rows vocabulary"]:
        """The logits after the last of these tokens, which the cache takes in."""
        mask, positions = None, None
        if self.keep is not None:
            mask, positions = _rows_for_queries(self.keep, ids.shape[1]), self.positions
        hidden = self.model.decoder(
            ids,
            self.model.target_embedding,
            mask,
            positions,
            self.memory,
            padding_mask(self.source_mask),
            self.cache,
        )
        logits: Tensor = self.model.project(hidden[:, -1])
        return logits.float()


def _rows_for_queries(keep: Bool[Tensor, "rows n_k"], n_q: int) -> Bool[Tensor, "rows n_q n_k"]:
    return keep[:, None, :].expand(-1, n_q, -1)
