"""Keys and values of tokens that were already seen, so that a new token costs one step, not all of them again."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.errors import LengthError
from pellucid.transformer.config import TransformerConfig


class KeyValueCache:
    """Room for the keys and values of every decoder layer, taken once.

    What a recorded step has seen of it stays as it was: rows are written once, and what goes back makes a copy.

    Args:
        config: the model's.
        max_length: tokens of the longest sequence; 0 stands for the model's longest.
        sequences: how many are decoded side by side, all of one length; 0 for one without an axis of its own.
        dtype: number type of the keys.
    """

    def __init__(
        self,
        config: TransformerConfig,
        max_length: int = 0,
        sequences: int = 0,
        dtype: np.dtype[Any] = np.dtype(np.float32),  # noqa: B008  (a constant)
    ) -> None:
        self.max_length = max_length or config.max_length
        self.length = 0
        room = (self.max_length, config.d_k)
        shape = (*((sequences,) if sequences else ()), config.num_key_value_heads, *room)
        layers = range(config.num_decoder_layers)
        self._keys = [np.empty(shape, dtype) for _ in layers]
        self._values = [np.empty(shape, dtype) for _ in layers]
        self.cross: list[tuple[Array, Array, Array, Array] | None] = [None for _ in layers]
        """For every layer, once they are known, the memory's keys and values: of all heads side by side, then of each
        head. They are the same for all sequences."""

    def before(self, layer: int) -> tuple[Array, Array]:
        """The keys and values that are held, (heads, n, d_k) each."""
        return self._keys[layer][..., : self.length, :], self._values[layer][..., : self.length, :]

    def append(
        self, layer: int, key: Shaped[Array, "*heads n d_k"], value: Shaped[Array, "*heads n d_k"]
    ) -> tuple[Shaped[Array, "*heads n_k d_k"], Shaped[Array, "*heads n_k d_k"]]:
        """Takes in the keys and values of new tokens; gives back all, those before included.

        Raises:
            LengthError: there is no room for so many tokens.
        """
        start = self.length
        end = start + key.shape[-2]
        if end > self.max_length:
            raise LengthError(
                f"the cache has room for {self.max_length} tokens, not for {end}; make it larger or end earlier."
            )
        keys, values = self._keys[layer], self._values[layer]
        keys[..., start:end, :] = key
        values[..., start:end, :] = value
        return keys[..., :end, :], values[..., :end, :]

    def advance(self, n: int) -> None:
        """Counts `n` tokens as seen, after every layer has appended them."""
        self.length += n

    def truncate(self, length: int) -> None:
        """Forgets the tokens from `length` on.

        Raises:
            LengthError: fewer are held.
        """
        if not 0 <= length <= self.length:
            raise LengthError(f"the cache holds {self.length} tokens and cannot be cut to {length}.")
        self.length = length
        self._keys, self._values = ([array.copy() for array in held] for held in (self._keys, self._values))

    def select(self, rows: list[int]) -> None:
        """Sequence i becomes what sequence `rows[i]` was; there may be more or fewer of them.

        The cache of one sequence without an axis becomes one of as many sequences as there are rows.
        """
        n = self.length
        for held in (self._keys, self._values):
            for layer, array in enumerate(held):
                many = array if array.ndim == 4 else array[np.newaxis]
                chosen = np.empty((len(rows), *many.shape[1:]), array.dtype)
                chosen[..., :n, :] = many[rows, :, :n]
                held[layer] = chosen
