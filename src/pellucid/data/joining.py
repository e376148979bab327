"""Longer examples made of short ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.data.corpora import Pair

_MOST = 3  # pairs that are joined


def join_pairs(pairs: Sequence[Pair], share: float, seed: int) -> list[Pair]:
    """Pairs that are two or three others, one behind the other with a space between, drawn by chance.

    Args:
        pairs: to draw from; of several references the first counts.
        share: how many are made, for each of `pairs`.
        seed: of the choice.
    """
    random = np.random.default_rng(seed)
    joined = []
    for size in random.integers(2, _MOST + 1, size=round(share * len(pairs))):
        chosen = [pairs[at] for at in random.integers(0, len(pairs), size=size)]
        joined.append(Pair(" ".join(pair.source for pair in chosen), (" ".join(p.references[0] for p in chosen),)))
    return joined
