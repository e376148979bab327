"""Keys and values of tokens that were already seen, so that a new token costs one step, not all of them again."""

from __future__ import annotations

import torch

from pellucid.errors import LengthError
from pellucid.nn.tensors import Float, Int, Tensor
from pellucid.transformer import TransformerConfig


class KeyValueCache:
    """Room for the keys and values of every decoder layer, taken once.

    One forward pass with a cache takes in all its tokens; `length` says how many are held. Cross-attention's keys
    and values are computed by the first pass and kept.

    Args:
        config: the model's.
        batch_size: sequences, each beam counted.
        max_length: tokens of the longest sequence; 0 stands for the model's longest.
        dtype: number type of the keys, which is that of the model's products.
        device: where the model is.
    """

    def __init__(
        self,
        config: TransformerConfig,
        batch_size: int,
        max_length: int = 0,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        self.max_length = max_length or config.max_length
        self.length = 0
        shape = (batch_size, config.num_key_value_heads, self.max_length, config.d_k)
        layers = range(config.num_decoder_layers)
        self._keys = [torch.zeros(shape, dtype=dtype, device=device) for _ in layers]
        self._values = [torch.zeros(shape, dtype=dtype, device=device) for _ in layers]
        self._cross: list[tuple[Tensor, Tensor] | None] = [None for _ in layers]

    @property
    def batch_size(self) -> int:
        """Sequences that are held."""
        return self._keys[0].shape[0]

    def append(
        self, layer: int, key: Float[Tensor, "batch heads n d_k"], value: Float[Tensor, "batch heads n d_k"]
    ) -> tuple[Float[Tensor, "batch heads n_k d_k"], Float[Tensor, "batch heads n_k d_k"]]:
        """Takes in the keys and values of new tokens; gives back all, those before included.

        Raises:
            LengthError: there is no room for so many tokens, or the batch is of another size.
        """
        end = self.length + key.shape[2]
        if end > self.max_length or key.shape[0] != self.batch_size:
            raise LengthError(
                f"the cache has room for {self.batch_size} sequences of {self.max_length} tokens, not for "
                f"{key.shape[0]} of {end}; make it larger or end the sequences earlier."
            )
        keys, values = self._keys[layer], self._values[layer]
        keys[:, :, self.length : end] = key
        values[:, :, self.length : end] = value
        # An autocast product may be of another type than the room: what is held is read as the product's type.
        return keys[:, :, :end].to(key.dtype), values[:, :, :end].to(value.dtype)

    def advance(self, n: int) -> None:
        """Counts `n` tokens as seen, after every layer has appended them."""
        self.length += n

    def cross(self, layer: int) -> tuple[Tensor, Tensor] | None:
        """The memory's keys and values for that layer, once they are known."""
        return self._cross[layer]

    def set_cross(
        self, layer: int, key: Float[Tensor, "batch heads n_k d_k"], value: Float[Tensor, "batch heads n_k d_k"]
    ) -> tuple[Float[Tensor, "batch heads n_k d_k"], Float[Tensor, "batch heads n_k d_k"]]:
        """Keeps the memory's keys and values, each in one piece."""
        held = (key.contiguous(), value.contiguous())
        self._cross[layer] = held
        return held

    def reorder(self, indices: Int[Tensor, " new_batch"], *, same_source: bool = False) -> None:
        """Row i becomes what row `indices[i]` was; the batch may grow or shrink.

        Args:
            indices: old rows, in their new order; one may come several times (beams) or never (ended sequences).
            same_source: every new row attends to the source of the row in its place, as when beams of one sentence
                change places: cross-attention's keys and values stay as they are.
        """
        for layer, keys in enumerate(self._keys):
            self._keys[layer] = self._select(keys, indices)
            self._values[layer] = self._select(self._values[layer], indices)
        if not same_source:
            self._cross = [
                None if held is None else (held[0].index_select(0, indices), held[1].index_select(0, indices))
                for held in self._cross
            ]

    def _select(self, held: Tensor, indices: Tensor) -> Tensor:
        if len(indices) == len(held):
            # Only what is filled moves, and the room stays the same.
            held[:, :, : self.length] = held[:, :, : self.length].index_select(0, indices)
            return held
        return held.index_select(0, indices)

    def truncate(self, length: int) -> None:
        """Forgets the tokens from `length` on.

        Raises:
            LengthError: fewer are held.
        """
        if not 0 <= length <= self.length:
            raise LengthError(f"the cache holds {self.length} tokens and cannot be cut to {length}.")
        self.length = length
