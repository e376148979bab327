"""The tokens that queries and keys stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.capturing.record import Record
from pellucid.capturing.recorder import Pass
from pellucid.nn.tensors import Tensor

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
    last = passes[-1]
    in_decoder = "decoder" in record.module
    decodes = last.target is not None and in_decoder
    names_queries = tokenizer if in_decoder or source_tokenizer is None else source_tokenizer
    names_keys = source_tokenizer if record.kind == "cross" and source_tokenizer is not None else names_queries
    queries = last.target if decodes else last.source
    past = [entry.target if decodes else entry.source for entry in passes if entry.name == last.name]
    keys = last.source if record.kind == "cross" else None
    if record.kind == "cross" and (last.target is None or keys is None):
        keys = next((entry.source for entry in passes if entry.source is not None), None)
    found = []
    for sequence in range(batch):
        query_ids = _ids(queries, sequence)
        key_ids = _ids(keys, sequence)
        if record.kind != "cross":
            history = [token for entry in past for token in _ids(entry, sequence) or []]
            key_ids = query_ids if query_ids is not None and len(query_ids) == n_k else history
        found.append((_tokens(query_ids, n_q, names_queries), _tokens(key_ids, n_k, names_keys)))
    return found


def _ids(ids: Tensor | None, sequence: int) -> list[int] | None:
    if ids is None or not len(ids):
        return None
    chosen: list[int] = ids[sequence if sequence < len(ids) else 0].tolist()
    return chosen


def _tokens(ids: list[int] | None, n: int, tokenizer: Any) -> Labels:
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
