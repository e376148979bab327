"""What both models share: embeddings, the projection to the vocabulary, the cache they decode with."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the field knows)
from torch import nn

from pellucid.nn.cache import KeyValueCache
from pellucid.nn.stacks import Decoder
from pellucid.nn.tensors import Float, Tensor
from pellucid.transformer import TransformerConfig


class Model(nn.Module):
    """The base of `EncoderDecoder` and `DecoderOnly`.

    No parameter is registered twice: a tied projection and a shared source embedding are read from
    `target_embedding`, so that optimisers, checkpoints and weights files see each matrix once.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.target_embedding = nn.Parameter(torch.empty(config.vocab_size, config.d_model))
        self.decoder = Decoder(config)
        self.output_weight = None if config.tie_embeddings else nn.Parameter(torch.empty_like(self.target_embedding))
        self.output_bias = nn.Parameter(torch.zeros(config.vocab_size)) if config.output_bias else None

    def project(self, hidden: Float[Tensor, "*positions d_model"]) -> Float[Tensor, "*positions vocabulary"]:
        """Logits of hidden states, of whichever positions they are."""
        weight = self.target_embedding if self.output_weight is None else self.output_weight
        return F.linear(hidden, weight, self.output_bias)

    def new_cache(self, batch_size: int, max_length: int = 0, dtype: torch.dtype | None = None) -> KeyValueCache:
        """An empty cache for this model.

        Args:
            batch_size: sequences, each beam counted.
            max_length: tokens of the longest; 0 stands for the model's longest.
            dtype: number type of the keys; `None` for that of the weights. Under autocast give autocast's.
        """
        weight = self.target_embedding
        return KeyValueCache(self.config, batch_size, max_length, dtype=dtype or weight.dtype, device=weight.device)

    @property
    def num_parameters(self) -> int:
        """Numbers that are learned."""
        return sum(parameter.numel() for parameter in self.parameters())
