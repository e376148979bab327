"""More of what is rare: pairs with words that hardly occur are given several times."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pellucid.data.corpora import Pair

_WORD = re.compile(r"\w+")


def repeat_rare(pairs: Sequence[Pair], below: int, times: int) -> list[Pair]:
    """The pairs in their order, those with a rare word several times.

    A model that met a word twice in an epoch says the nearest common one in its place.

    Args:
        pairs: to learn from.
        below: a word is rare that stands in the sources of fewer pairs than this, upper or lower case.
        times: that a pair with a rare word in its source is given.
    """
    words = [set(_WORD.findall(pair.source.lower())) for pair in pairs]
    counts = Counter(word for own in words for word in own)
    repeated = []
    for pair, own in zip(pairs, words, strict=True):
        is_rare = any(counts[word] < below for word in own)
        repeated += [pair] * (times if is_rare else 1)
    return repeated
