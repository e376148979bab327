"""Sequences sorted by length into batches of about equally many tokens, so that little is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pellucid.errors import InputError


def batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """The indices of each batch, longest sequences first: what needs most memory is tried at once.

    Args:
        lengths: of the sequences.
        batch_tokens: tokens of a batch at most, padding included; a longer sequence is a batch of its own.

    Raises:
        InputError: batch_tokens is not positive.
    """
    if batch_tokens < 1:
        raise InputError(f"a batch must have room for at least 1 token, not {batch_tokens}.")
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    batch: list[int] = []
    for index in order:
        if batch and (len(batch) + 1) * lengths[batch[0]] > batch_tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
