"""The tokens that queries and keys stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.capturing.inputs import inputs
from pellucid.capturing.record import Record
from pellucid.capturing.recorder import Pass

Labels = tuple[str, ...] | None


def labels(
    passes: Sequence[Pass], record: Record, tokenizer: Any, source_tokenizer: Any = None
) -> list[tuple[Labels, Labels]]:
    """Tokens of the queries and of the keys, for each sequence of the batch.

    Args:
        passes: up to the one of the record; with a cache, earlier tokens come from earlier passes.
        record: whose axes are to be named.
        tokenizer: pellucid's or transformers'; without one there are no tokens.
        source_tokenizer: of what an encoder reads, where that is another one.
    """
    batch, _, n_q, n_k = record.shape
    if tokenizer is None:
        return [(None, None)] * batch
    of_queries, of_keys = tokenizers(record, tokenizer, source_tokenizer)
    given = inputs(passes, record)
    return [(names(query.ids, n_q, of_queries), names(key.ids, n_k, of_keys)) for query, key in given]


def tokenizers(record: Record, tokenizer: Any, source_tokenizer: Any) -> tuple[Any, Any]:
    """The tokenizer of the queries and that of the keys."""
    if source_tokenizer is None:
        return tokenizer, tokenizer
    of_queries = tokenizer if "decoder" in record.module else source_tokenizer
    return of_queries, source_tokenizer if record.kind == "cross" else of_queries


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
