"""More of what is rare: pairs with words that hardly occur are given several times."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pellucid.data.corpora import Pair

_WORD = re.compile(r"\w+")
_MOST = 8  # times that one pair is given: its other words, and its mistakes, are repeated with it


def repeat_rare(pairs: Sequence[Pair], least: int) -> list[Pair]:
    """The pairs in their order, those with a rare word several times.

    A model that met a word three times in an epoch says the nearest common one in its place.

    Args:
        pairs: to learn from.
        least: a pair is repeated until the rarest word of its source stands in so many, but given eight times at most;
            0 leaves all as they are.
    """
    words = [set(_WORD.findall(pair.source.lower())) for pair in pairs]
    counts = Counter(word for own in words for word in own)
    repeated = []
    for pair, own in zip(pairs, words, strict=True):
        rarest = min((counts[word] for word in own), default=least)
        repeated += [pair] * min(_MOST, max(1, -(-least // max(rarest, 1))))
    return repeated
