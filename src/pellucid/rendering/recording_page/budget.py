"""How much a page carries of every head, so that it stays below 15 MB however long the text is.

On the page, compressed and in base 64, a map's cell takes up to half a byte, a listed key up to four, a number of a
whole derivation about four and one of a long row half of that (`benchmarks/recording_page.py` prints what they take).
With more than a thousand heads, what each of them has besides comes on top: about a kilobyte.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_CELLS = 10_100_000
_MOST_LISTED = 1_200_000
_MOST_WHOLE = 2_400_000
_MOST_OF_ROWS = 2_200_000
_SIDES = (256, 224, 192, 160, 128, 96, 64, 48, 32, 24, 16)
_MOST_TOP = 8
_STEPS = 5
"""Numbers of a row for each key: of its scores, scaled scores, mask, masked scores and weights."""


@dataclass(frozen=True)
class Size:
    """How large the heads of one layer are.

    Args:
        heads: how many, of all sequences.
        n_q, n_k: queries and keys.
        features: d_k + d_v.
    """

    heads: int
    n_q: int
    n_k: int
    features: int

    @property
    def numbers(self) -> int:
        """Numbers of the derivations of all heads, whole."""
        return self.heads * ((self.n_q + self.n_k) * self.features + _STEPS * self.n_q * self.n_k)

    def numbers_of_row(self, keys: int) -> int:
        """Numbers of one row of each head, with so many keys and values."""
        return self.heads * (_STEPS * self.n_k + (1 + min(keys, self.n_k)) * self.features)

    def cells(self, side: int) -> int:
        """Cells of the maps of all heads; pooled ones come twice, as the largest and the mean."""
        cells = math.prod(math.ceil(n / math.ceil(n / side)) for n in (self.n_q, self.n_k))
        return self.heads * cells * (1 if max(self.n_q, self.n_k) <= side else 2)


@dataclass(frozen=True)
class Budget:
    """What a page carries of every head.

    Args:
        cells: of a map, at most, along each side.
        top: keys that are listed of a query, those with the largest weights.
        every: keys are listed of every so many queries.
        whole: whether the arithmetic of every row is carried.
        rows: of how many rows it is carried otherwise.
    """

    cells: int
    top: int
    every: int
    whole: bool
    rows: int

    def listed(self, n_q: int) -> list[int]:
        """The queries whose largest weights are listed; the last one is among them."""
        return list(range((n_q - 1) % self.every, n_q, self.every))

    def spread(self, n_q: int) -> list[int]:
        """The rows whose arithmetic is carried where none were asked for: the last one, and others spread evenly."""
        if self.whole or self.rows >= n_q:
            return list(range(n_q))
        if self.rows <= 1:
            return [n_q - 1] * self.rows
        return [position * (n_q - 1) // (self.rows - 1) for position in range(self.rows)]


def budget(sizes: Sequence[Size], keys: int) -> Budget:
    """What fits.

    Args:
        sizes: of every layer of the recording.
        keys: of a row, how many are carried with all their numbers.
    """
    cells = next((side for side in _SIDES if sum(size.cells(side) for size in sizes) <= _MOST_CELLS), _SIDES[-1])
    queries = sum(size.heads * size.n_q for size in sizes)
    top = max(1, min(_MOST_TOP, _MOST_LISTED // max(queries, 1)))
    row = sum(size.numbers_of_row(keys) for size in sizes)
    return Budget(
        cells=cells,
        top=top,
        every=max(1, math.ceil(queries * top / _MOST_LISTED)),
        whole=sum(size.numbers for size in sizes) <= _MOST_WHOLE,
        rows=_MOST_OF_ROWS // max(row, 1),
    )
