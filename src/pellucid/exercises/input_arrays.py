"""The numbers of an example apart from its structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import InputError
from pellucid.examples import Example

_ARRAYS = ("query", "key", "value", "embeddings", "memory", "positions", "scores")
_PARAMETERS = ("weights", "biases")

_MOST_NUMBERS = 2_000_000


def input_arrays(example: Example) -> dict[str, Array]:
    """The arrays that an example gives, under their names in an example file: "query", "weights.output", …"""
    fields = {name: getattr(example, name) for name in _ARRAYS}
    for group in _PARAMETERS:
        fields |= {f"{group}.{name}": array for name, array in getattr(example, group).items()}
    return {name: array for name, array in fields.items() if isinstance(array, np.ndarray)}


def with_input_arrays(example: Example, arrays: Mapping[str, Array]) -> Example:
    """An example of the same structure with other numbers; what was said about the old ones is dropped."""
    changes: dict[str, Any] = {group: {} for group in _PARAMETERS}
    for name, array in arrays.items():
        group, _, parameter = name.rpartition(".")
        (changes[group] if group else changes)[parameter] = array
    return replace(example, purpose="", layout="rows", claims=(), beside=None, **changes)


def check_room(inputs: int, scores: int) -> None:
    """Whether fresh numbers can be looked for within seconds.

    Args:
        inputs: how many numbers are given.
        scores: how many scores they lead to, in all heads.

    Raises:
        InputError: they are too many.
    """
    if inputs + scores > _MOST_NUMBERS:
        raise InputError(
            f"fresh numbers were asked for {inputs:,} inputs that lead to {scores:,} scores, and there is room for "
            f"{_MOST_NUMBERS:,} in all; use smaller sizes."
        )


def first_rows(example: Example) -> tuple[list[int], list[int]]:
    """For each query and each key, the row of the first token that has the same numbers by what it is.

    The embedding of a word is the same wherever the word stands; queries, keys and values that are given belong
    to their places.
    """
    n_q, n_k = example.rows
    if example.embeddings is None:
        return list(range(n_q)), list(range(n_k))
    return _first(example.query_tokens, n_q), _first(example.key_tokens, n_k)


def _first(tokens: Sequence[str] | None, rows: int) -> list[int]:
    return list(range(rows)) if tokens is None else [tokens.index(token) for token in tokens]
