"""Random choices that depend on nothing but a sequence's own seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from pellucid.search.rows import RowMath, Rows


class Chance:
    """A stream of random numbers for each sequence.

    A sequence draws one number a token from its own stream, so its text does not depend on which others stand beside
    it in a batch, nor on when those end.

    Args:
        seeds: one for each sequence; `None` for one that cannot be foreseen.
    """

    def __init__(self, seeds: Sequence[int | None]) -> None:
        self._streams = [random.Random(seed) for seed in seeds]

    def draw(self, maths: RowMath, logits: Rows, sequences: Sequence[int]) -> Rows:
        """One token a row, (rows,), each with the probability that softmax gives it.

        Args:
            maths: of the logits' library.
            logits: −∞ excludes a token.
            sequences: which sequence each row is.
        """
        uniform = maths.numbers([[self._streams[index].random()] for index in sequences])
        cumulative = maths.cumulative(logits)
        # Inverse of the cumulative distribution; its end is 1 but for rounding.
        threshold = uniform * cumulative[:, -1:]
        # The first token whose cumulative probability exceeds the threshold has a probability above 0.
        return (cumulative <= threshold).sum(-1)
