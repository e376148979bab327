"""What a model was given for the queries and for the keys of an attention: ids of tokens, and which are padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.capturing.record import Record
from pellucid.capturing.recorder import Pass
from pellucid.nn.tensors import Tensor


@dataclass(frozen=True)
class Given:
    """One sequence as it went in.

    Args:
        ids: of its tokens; `None` where they are not known.
        padding: whether each position is padding by the mask that the model was given; `None` without such a mask.
    """

    ids: list[int] | None
    padding: list[bool] | None


def inputs(passes: Sequence[Pass], record: Record) -> list[tuple[Given, Given]]:
    """The queries' and the keys', for each sequence of the batch.

    Args:
        passes: up to the one of the record; with a cache, earlier tokens come from earlier passes.
        record: whose axes are asked for.
    """
    batch, _, n_q, n_k = record.shape
    last = passes[-1]
    decodes = last.target is not None and "decoder" in record.module
    queries = last.target if decodes else last.source
    past = [entry.target if decodes else entry.source for entry in passes if entry.name == last.name]
    crosses = record.kind == "cross"
    keys = last.source if crosses else None
    if crosses and (last.target is None or keys is None):
        keys = next((entry.source for entry in passes if entry.source is not None), None)
    query_padding = last.target_padding if decodes else last.source_padding
    key_padding = query_padding
    if crosses:  # the mask of what the encoder was given, which a step with a cache is given again
        key_padding = last.source_padding if decodes or last.target is None else None
    found = []
    for sequence in range(batch):
        query_ids, key_ids = _row(queries, sequence), _row(keys, sequence)
        if not crosses:
            history = [token for entry in past for token in _row(entry, sequence) or []]
            key_ids = query_ids if query_ids is not None and len(query_ids) == n_k else history
        padding, keys_padding = _row(query_padding, sequence), _row(key_padding, sequence)
        if padding is not None:  # with a cache the mask is as long as the keys, and the queries come last
            padding = padding[-n_q:]
        found.append((Given(query_ids, _as_long(padding, n_q)), Given(key_ids, _as_long(keys_padding, n_k))))
    return found


def _as_long(padding: list[int] | None, n: int) -> list[bool] | None:
    return [bool(one) for one in padding] if padding is not None and len(padding) == n else None


def _row(matrix: Tensor | None, sequence: int) -> list[int] | None:
    if matrix is None or not len(matrix):
        return None
    chosen: list[int] = matrix[sequence if sequence < len(matrix) else 0].tolist()
    return chosen
