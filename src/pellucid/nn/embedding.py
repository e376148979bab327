"""From token ids to vectors: embedding, scale, position, norm, dropout (Vaswani et al. 2017, §3.4, §3.5, §5.4)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the field knows)
from torch import nn

from pellucid.errors import InputError, LengthError
from pellucid.nn.dropout import dropout
from pellucid.nn.normalisation import make_norm
from pellucid.nn.positions import LearnedPositions, RotaryPositions, Rotation, SinusoidalPositions
from pellucid.nn.tensors import Float, Int, Tensor
from pellucid.transformer import TransformerConfig


class Positioning(nn.Module):
    """What a stack does to embeddings before its first layer. The matrix itself belongs to the model: it is shared."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.scale = math.sqrt(config.d_model) if config.scale_embeddings else 1.0
        self.dropout = config.dropout
        self.max_length = config.max_length
        self.positions: SinusoidalPositions | LearnedPositions | None = None
        self.rotary: RotaryPositions | None = None
        if config.positions == "rotary":
            self.rotary = RotaryPositions(config)
        elif config.positions == "learned":
            self.positions = LearnedPositions(config.max_length, config.d_model)
        else:
            self.positions = SinusoidalPositions(config.max_length, config.d_model, config.sinusoidal_layout)
        self.norm = make_norm(config) if config.embedding_norm else None

    def forward(
        self,
        ids: Int[Tensor, "batch n"],
        matrix: Float[Tensor, "vocabulary d_model"],
        start: int = 0,
        positions: Int[Tensor, "batch n"] | None = None,
    ) -> tuple[Float[Tensor, "batch n d_model"], Rotation | None]:
        """The input of the first layer, and the turns for every layer when positions are rotary.

        Args:
            ids: of the tokens.
            matrix: one row for each entry of the vocabulary.
            start: position of the first token.
            positions: of every token, where they do not simply follow each other.

        Raises:
            LengthError: a sequence is empty or goes beyond the longest, or there is no such position.
            InputError: an id is not in the vocabulary.
        """
        n = ids.shape[1]
        if n == 0:
            raise LengthError("a sequence has no token; give at least one.")
        if start + n > self.max_length and positions is None:
            raise LengthError(
                f"a sequence of {start + n} tokens is longer than the model's longest, {self.max_length}; shorten it."
            )
        if positions is not None:
            self._check(positions)
        x = _look_up(ids, matrix)
        if self.scale != 1.0:
            x = x * self.scale
        if self.positions is not None:
            x = x + self.positions(start, n, positions)
        if self.norm is not None:
            x = self.norm(x)
        rotation = None if self.rotary is None else self.rotary(start, n, positions)
        return dropout(x, self.dropout, self.training), rotation

    def _check(self, positions: Tensor) -> None:
        # Elsewhere than on a CPU the question would wait for the device.
        if positions.device.type != "cpu" or torch.compiler.is_compiling():
            return
        lowest, highest = (int(bound) for bound in positions.aminmax())
        if lowest < 0 or highest >= self.max_length:
            wrong = lowest if lowest < 0 else highest
            raise LengthError(f"position {wrong} is none of the model's, which are 0 to {self.max_length - 1}.")


def _look_up(ids: Tensor, matrix: Tensor) -> Tensor:
    if torch.compiler.is_compiling():
        return F.embedding(ids, matrix)
    try:
        return F.embedding(ids, matrix)
    except IndexError:
        known = len(matrix)
        wrong = next(index for index in ids.flatten().tolist() if not 0 <= index < known)
        raise InputError(
            f"token id {wrong} is not in the vocabulary, which has {known} entries (0 to {known - 1}); "
            "encode the text with the model's own tokenizer."
        ) from None
