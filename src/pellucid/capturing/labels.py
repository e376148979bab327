"""The tokens that queries and keys stand for."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from pellucid.capturing.inputs import inputs
from pellucid.capturing.record import Record
from pellucid.capturing.recorder import Pass
from pellucid.data.pieces import reader_of

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
    """The tokens of `n` ids as the texts that they stand for; `None` where there are not as many."""
    return None if ids is None or len(ids) != n else written(ids, tokenizer)


def written(ids: Sequence[int], tokenizer: Any) -> tuple[str, ...]:
    """Tokens as the texts that they stand for, without the space before a word.

    Args:
        ids: of the tokens.
        tokenizer: pellucid's or transformers'.
    """
    if hasattr(tokenizer, "convert_ids_to_tokens"):
        read = _reader(tokenizer)
        pieces = [read(str(token)) for token in tokenizer.convert_ids_to_tokens(list(ids))]
    else:
        pieces = tokenizer.pieces(ids)
    return tuple(piece.strip(" ") or piece for piece in pieces)


def _reader(tokenizer: Any) -> Callable[[str], str]:
    """What makes text of a token of transformers'; those in Python alone say nothing of the marks that they put."""
    decoder = getattr(getattr(tokenizer, "backend_tokenizer", None), "decoder", None)
    if decoder is None:
        return lambda token: token.replace("▁", " ").replace("Ġ", " ")
    return reader_of({"decoder": json.loads(decoder.__getstate__())})
