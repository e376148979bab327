"""Length penalties: what a hypothesis's log probability is divided by, so that longer ones have a chance.

Both count every generated token, eos included, as transformers does.
"""

from __future__ import annotations

import math
from collections.abc import Callable

LengthPenalty = Callable[[int, float], float]
"""From a length and α to a divisor that never falls as the length grows, for α ≥ 0."""


def wu(length: int, alpha: float) -> float:
    """((5 + length) / 6)^α (Wu et al. 2016, eq. 14), as the paper's α of 0.6 is meant (Vaswani et al. 2017, §6.1)."""
    return math.pow((5 + length) / 6, alpha)


def power(length: int, alpha: float) -> float:
    """length^α, as transformers and fairseq have it; with the same α it favours long hypotheses more."""
    return math.pow(length, alpha)
