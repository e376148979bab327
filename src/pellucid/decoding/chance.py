"""Random choices that depend on nothing but a sequence's own seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch

from pellucid.nn.tensors import Float, Int, Tensor


class Chance:
    """A stream of random numbers for each sequence.

    A sequence draws one number a token from its own stream, so its text does not depend on which others stand beside
    it in a batch, nor on when those end.

    Args:
        seeds: one for each sequence; `None` for one that cannot be foreseen.
    """

    def __init__(self, seeds: Sequence[int | None]) -> None:
        self._streams = [random.Random(seed) for seed in seeds]

    def draw(self, logits: Float[Tensor, "rows vocabulary"], sequences: Sequence[int]) -> Int[Tensor, " rows"]:
        """One token a row, each with the probability that softmax gives it.

        Args:
            logits: −∞ excludes a token.
            sequences: which sequence each row is.
        """
        uniform = torch.tensor([self._streams[index].random() for index in sequences], dtype=torch.float64)
        cumulative = logits.double().softmax(dim=1).cumsum(dim=1)
        # Inverse of the cumulative distribution; its end is 1 but for rounding.
        threshold = uniform.to(cumulative.device)[:, None] * cumulative[:, -1:]
        # The first token whose cumulative probability exceeds the threshold has a probability above 0.
        return torch.searchsorted(cumulative, threshold, right=True).squeeze(1)
