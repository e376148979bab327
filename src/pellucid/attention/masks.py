"""Masks: boolean, true where a query may attend to a key."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array, Bool


def causal_mask(n: int) -> Bool[Array, "{n} {n}"]:
    """Every token sees itself and the tokens before it (Vaswani et al. 2017, §3.2.3)."""
    return np.tril(np.ones((n, n), dtype=bool))


def window_mask(n: int, window: int, *, causal: bool = True) -> Bool[Array, "{n} {n}"]:
    """Every token sees itself and the `window` − 1 tokens before it (Jiang et al. 2023, Mistral 7B, §2).

    Args:
        n: number of tokens.
        window: at least 1.
        causal: when false, it sees as many tokens after it too.
    """
    distance = np.arange(n)[:, np.newaxis] - np.arange(n)
    near = np.abs(distance) < window
    return np.asarray(near & (distance >= 0) if causal else near)
