"""The tokens that queries and keys stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.capturing.inputs import inputs
from pellucid.capturing.record import Record
from pellucid.capturing.recorder import Pass

Labels = tuple[str, ...] | None


def labels(passes: Sequence[Pass], record: Record, tokenizer: Any) -> list[tuple[Labels, Labels]]:
    """Tokens of the queries and of the keys, for each sequence of the batch.

    Args:
        passes: up to the one of the record; with a cache, earlier tokens come from earlier passes.
        record: whose axes are to be named.
        tokenizer: pellucid's or transformers'; without one there are no tokens.
    """
    batch, _, n_q, n_k = record.shape
    if tokenizer is None:
        return [(None, None)] * batch
    return [(names(query.ids, n_q, tokenizer), names(key.ids, n_k, tokenizer)) for query, key in inputs(passes, record)]


def names(ids: list[int] | None, n: int, tokenizer: Any) -> Labels:
    """The tokens of `n` ids; `None` where there are not as many."""
    if ids is None or len(ids) != n:
        return None
    if hasattr(tokenizer, "convert_ids_to_tokens"):
        tokens = tokenizer.convert_ids_to_tokens(ids)
        return tuple(_plain(str(token)) for token in tokens)
    return tuple(_plain(token) for token in tokenizer.tokens(ids))


def _plain(token: str) -> str:
    """Without the marks that tokenizers put for a space before a word."""
    stripped = token.removeprefix("Ġ").removeprefix("▁").strip(" ")
    return stripped or token
