"""Made-up translations that a model learns in seconds: words to copy or to reverse."""

from __future__ import annotations

from string import ascii_lowercase
from typing import Literal

import numpy as np

from pellucid.data.corpora import Pair


def synthetic_pairs(
    task: Literal["copy", "reverse"], count: int, *, letters: int, shortest: int, longest: int, seed: int
) -> list[Pair]:
    """Words of random letters, with what is to be made of them.

    Args:
        task: whether the target is the word or its reverse.
        count: how many pairs.
        letters: of the alphabet, the first so many.
        shortest, longest: letters of a word.
        seed: of the words.
    """
    random = np.random.default_rng(seed)
    alphabet = np.array(list(ascii_lowercase[:letters]))
    words = ["".join(random.choice(alphabet, size=n)) for n in random.integers(shortest, longest + 1, size=count)]
    return [Pair(word, (word if task == "copy" else word[::-1],)) for word in words]
