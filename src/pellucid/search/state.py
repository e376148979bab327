"""A batch in the middle of being decoded: what it has read, and the logits of its next tokens."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from pellucid.errors import InputError, LengthError
from pellucid.search.rows import RowMath, Rows
from pellucid.transformer import TransformerConfig


@runtime_checkable
class State(Protocol):
    """What the searches need of a model: one row for each sequence, or for each beam of it.

    Attributes:
        logits: of the next token of every row; after rows were changed, only once the next tokens were taken in.
        maths: computes with them.
    """

    logits: Rows
    maths: RowMath

    def computing(self) -> AbstractContextManager[None]:
        """The context in which everything here is called and logits are computed with."""

    def advance(self, tokens: Sequence[int]) -> None:
        """Take in one token a row; `logits` are then those after it."""

    def expand(self, beams: int) -> None:
        """Every row becomes so many rows, one after the other."""

    def select(self, rows: Sequence[int], sources: Sequence[int] | None = None) -> None:
        """Row i becomes what row `rows[i]` was.

        Args:
            rows: old rows, in their new order.
            sources: the sources that stay; `None` when each row keeps the source of its place.
        """


def beginnings(
    config: TransformerConfig, sources: Sequence[Sequence[int]] | None, prompts: Sequence[Sequence[int]]
) -> list[list[int]]:
    """What the decoder reads before it writes.

    Args:
        config: of the model.
        sources: the ids of each source, with eos, for an encoder–decoder; `None` for a language model.
        prompts: what each target begins with, after bos; for a language model the text so far, bos included where
            the model was trained with it. An empty prompt of a language model becomes bos.

    Raises:
        InputError: there is nothing to decode, or the model and what it is given do not belong together.
    """
    if not prompts:
        raise InputError("there is no sequence to decode; give at least one.")
    if not config.is_encoder_decoder:
        if sources is not None:
            raise InputError("a language model has no encoder to read a source; give the text as a prompt.")
        return [list(prompt) or [config.bos_id] for prompt in prompts]
    if sources is None:
        raise InputError("an encoder–decoder needs sources; a prompt alone is for a language model.")
    if len(sources) != len(prompts):
        raise InputError(f"{len(sources)} sources and {len(prompts)} prompts do not make pairs.")
    return [[config.bos_id, *prompt] for prompt in prompts]


def check_room(config: TransformerConfig, longest: int, max_new: int) -> None:
    """Raises:
    LengthError: a prompt with what may follow is longer than the model's longest sequence.
    """
    room = room_after(config, longest)
    if max_new < 1:
        raise LengthError(f"at least 1 token must be asked for, not {max_new}.")
    if max_new > room:
        raise LengthError(
            f"{longest} tokens to begin with and {max_new} new ones are more than the model's longest sequence of "
            f"{config.max_length}; " + (f"ask for at most {room}." if room > 0 else "shorten the beginning.")
        )


def room_after(config: TransformerConfig, longest: int) -> int:
    """How many tokens may follow `longest` ones; the last is written and not read again."""
    return config.max_length - longest + 1


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
