"""A batch in the middle of being decoded: what it has read, and the logits of its next tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch

from pellucid.decoding.padding import pad_left, pad_right
from pellucid.errors import InputError, LengthError
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.nn.mask import padding_mask
from pellucid.nn.tensors import Bool, Float, Int, Tensor


@runtime_checkable
class State(Protocol):
    """What the searches need of a model.

    Attributes:
        logits: of the next token of every row; after rows were changed, only once the next tokens were taken in.
    """

    logits: Tensor

    def advance(self, tokens: Int[Tensor, " rows"]) -> None:
        """Take in one token a row; `logits` are then those after it."""

    def expand(self, beams: int) -> None:
        """Every row becomes so many rows, one after the other."""

    def select(self, rows: Int[Tensor, " new_rows"], sources: Int[Tensor, " new_sources"] | None = None) -> None:
        """Row i becomes what row `rows[i]` was.

        Args:
            rows: old rows, in their new order.
            sources: the sources that stay; `None` when each row keeps the source of its place.
        """


class CachedState:
    """A model with its key/value cache, through the model's own forward pass.

    Args:
        model: an encoder–decoder or a language model, in evaluation mode.
        sources: the ids of each source, with eos, for an encoder–decoder; `None` for a language model.
        prompts: what each target begins with, after bos; for a language model the text so far, bos included where
            the model was trained with it. An empty prompt of a language model becomes bos.
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
        starts = beginnings(model, sources, prompts)
        longest = max(map(len, starts))
        check_room(model, longest, max_new)
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
        self.logits = self._read(ids)

    def advance(self, tokens: Int[Tensor, " rows"]) -> None:
        """Take in one token a row; `logits` are then those after it."""
        self._count(len(tokens))
        self.logits = self._read(tokens[:, None])

    def expand(self, beams: int) -> None:
        """Every row becomes so many rows, one after the other."""
        rows = torch.arange(self.cache.batch_size, device=self.logits.device).repeat_interleave(beams)
        self.select(rows, rows)

    def select(self, rows: Int[Tensor, " new_rows"], sources: Int[Tensor, " new_sources"] | None = None) -> None:
        """Row i becomes what row `rows[i]` was."""
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


def beginnings(
    model: EncoderDecoder | DecoderOnly,
    sources: Sequence[Sequence[int]] | None,
    prompts: Sequence[Sequence[int]],
) -> list[list[int]]:
    """What the decoder reads before it writes.

    Raises:
        InputError: there is nothing to decode, or the model and what it is given do not belong together.
    """
    bos = model.config.bos_id
    if not prompts:
        raise InputError("there is no sequence to decode; give at least one.")
    if not isinstance(model, EncoderDecoder):
        if sources is not None:
            raise InputError("a language model has no encoder to read a source; give the text as a prompt.")
        return [list(prompt) or [bos] for prompt in prompts]
    if sources is None:
        raise InputError("an encoder–decoder needs sources; a prompt alone is for a language model.")
    if len(sources) != len(prompts):
        raise InputError(f"{len(sources)} sources and {len(prompts)} prompts do not make pairs.")
    return [[bos, *prompt] for prompt in prompts]


def check_room(model: EncoderDecoder | DecoderOnly, longest: int, max_new: int) -> None:
    """Raises:
    LengthError: a prompt with what may follow is longer than the model's longest sequence.
    """
    room = room_after(model, longest)
    if max_new < 1:
        raise LengthError(f"at least 1 token must be asked for, not {max_new}.")
    if max_new > room:
        raise LengthError(
            f"{longest} tokens to begin with and {max_new} new ones are more than the model's longest sequence of "
            f"{model.config.max_length}; " + (f"ask for at most {room}." if room > 0 else "shorten the beginning.")
        )


def limits(max_length: int | Sequence[int], count: int) -> list[int]:
    """How many new tokens each sequence may have.

    Raises:
        InputError: there is not one limit for each.
    """
    if isinstance(max_length, int):
        return [max_length] * count
    if len(max_length) != count:
        raise InputError(f"{len(max_length)} limits are given for {count} sequences; give one for each, or one number.")
    return list(max_length)


def room_after(model: EncoderDecoder | DecoderOnly, longest: int) -> int:
    """How many tokens may follow `longest` ones; the last is written and not read again."""
    return model.config.max_length - longest + 1


def _rows_for_queries(keep: Bool[Tensor, "rows n_k"], n_q: int) -> Bool[Tensor, "rows n_q n_k"]:
    return keep[:, None, :].expand(-1, n_q, -1)
