"""Numbers that are nice to work with: small inputs whose results can be read at two or three digits.

Nice means (`pellucid.exercises.qualities` counts what falls short of it, and weighs it in this order):

- inputs are whole numbers from −1 to 4, or have one decimal (scores that are given are as large as their scale
  wants); scores then have at most two (but sinusoidal positions, where they are added, are irrational);
- no weight is printed as zero unless it is masked, and no row is flat: its largest weight is at least 1½ times
  its smallest;
- scaled scores stay within ±4, so that their exponentials can be written down;
- no vector is dull: nothing but zeros and one other entry, or the same as another token's;
- where the scores of a row differ, so do its printed weights;
- rounding every number that is written down, with or without the exponentials, leads to the printed results.

With d_k of 3 or more, sheets of up to eight tokens nearly always have all of it; with d_k of 1 or 2, some tokens
of longer ones have to share a vector. The longer the sentence, the less of it there is to be had; an exercise
therefore measures what rounding costs on its own numbers, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from pellucid.arrays import Array
from pellucid.examples import Example
from pellucid.exercises.input_arrays import check_room, first_rows, input_arrays, with_input_arrays
from pellucid.exercises.palettes import CODES, STYLES, style_tables
from pellucid.exercises.qualities import count_blemishes, penalty
from pellucid.numbers import FLOAT64
from pellucid.operations import Given

_MOST_NUMBERS = 5_000_000
"""In all candidates of a search together, which bounds its time to about a second."""

_AT_ONCE = 500_000
"""Numbers in the candidates that are evaluated together, which bounds the memory."""

_PER_STYLE, _CHILDREN, _SHORT, _LONG = 16, 128, 8, 60
_MOST_CHANGES = 3


def with_nice_numbers(example: Example, seed: int, digits: int = 2) -> Example:
    """An example of the same structure (tokens, sizes, heads, mask, scale) with fresh numbers.

    The same seed leads to the same numbers in every version of NumPy, for one version of pellucid. An example
    beside it keeps sharing the inputs that the two share.

    Args:
        example: its structure counts, not its numbers.
        seed: 0 or more.
        digits: places to which results will be printed.

    Raises:
        InputError: the structure is too large.
    """
    check_room(sum(array.size for array in input_arrays(example).values()), _scores(example))
    fresh = with_input_arrays(example, _search(example, seed, digits, {}))
    if example.beside is None:
        return fresh
    old, new = input_arrays(example), input_arrays(fresh)
    shared = {
        name: new[name]
        for name, array in input_arrays(example.beside).items()
        if name in old and np.array_equal(array, old[name])
    }
    beside = with_input_arrays(example.beside, _search(example.beside, seed, digits, shared))
    return replace(fresh, beside=beside)


def _scores(structure: Example) -> int:
    n_q, n_k = structure.rows
    return structure.num_heads * n_q * n_k


def _search(structure: Example, seed: int, digits: int, known: Mapping[str, Array]) -> dict[str, Array]:
    free = {name: array for name, array in input_arrays(structure).items() if name not in known}
    return {**known, **(_Search(structure, seed, digits, free, known).best() if free else {})}


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A style, one code for each entry of each free input, and what they cost."""

    style: int
    codes: Array
    penalty: float


class _Search:
    """Looks for inputs with the least penalty, in a bounded number of tries.

    The best candidate with each kind of numbers is improved a little, the simplest numbers first; then the best
    of these as far as the budget goes. The first candidate without a blemish is taken.
    """

    def __init__(
        self, structure: Example, seed: int, digits: int, free: Mapping[str, Array], known: Mapping[str, Array]
    ) -> None:
        self.structure = structure
        self.digits = digits
        self.free = free
        self.known = known
        self.random = np.random.PCG64(seed)  # its raw stream never changes (NEP 19), unlike Generator's methods
        self.tables = style_tables(structure, free)
        self.input_of_entry = np.repeat(np.arange(len(free)), [array.size for array in free.values()])
        self.numbers_each = self.input_of_entry.size + _scores(structure)
        self.budget = _MOST_NUMBERS // self.numbers_each
        self.children = min(_CHILDREN, max(4, self.budget // _CHILDREN))

    def best(self) -> dict[str, Array]:
        """The inputs that were found."""
        starts = self._starts()
        contenders: list[_Candidate] = []
        for start in starts:
            contenders.append(self._improved(start, min(_SHORT, self.budget // (4 * len(starts) * self.children))))
            if contenders[-1].penalty == 0:
                break
        best = min(contenders, key=lambda candidate: candidate.penalty)
        best = self._improved(best, min(_LONG, self.budget // (2 * self.children)))
        return {name: array[0] for name, array in self._inputs(best.codes[np.newaxis], np.array([best.style])).items()}

    def _starts(self) -> list[_Candidate]:
        """The best of some random candidates for each kind of numbers, the simplest kind first."""
        each = max(1, min(_PER_STYLE, self.budget // (4 * len(STYLES))))
        styles = np.repeat(np.arange(len(STYLES)), each)
        codes = self._below(CODES, styles.size, self.input_of_entry.size)
        penalties = self._penalties(codes, styles)
        ranks = np.array([STYLES[style].rank for style in styles])
        places = [int(np.where(ranks == rank, penalties, np.inf).argmin()) for rank in range(ranks[-1] + 1)]
        return [_Candidate(int(styles[place]), codes[place], float(penalties[place])) for place in places]

    def _improved(self, best: _Candidate, generations: int) -> _Candidate:
        """The best of many small changes, again and again."""
        styles = np.full(self.children, best.style)
        for _ in range(generations):
            if best.penalty == 0:
                break
            codes = self._changed(np.repeat(best.codes[np.newaxis], self.children, axis=0))
            penalties = self._penalties(codes, styles)
            least = int(penalties.argmin())
            if penalties[least] <= best.penalty:  # a change that costs nothing may open a way
                best = _Candidate(best.style, codes[least], float(penalties[least]))
        return best

    def _changed(self, codes: Array) -> Array:
        """The candidates, each with one to three entries drawn again."""
        candidates, entries = codes.shape
        changes = 1 + self._below(_MOST_CHANGES, candidates)
        for nth in range(_MOST_CHANGES):
            chosen = np.flatnonzero(changes > nth)
            codes[chosen, self._below(entries, chosen.size)] = self._below(CODES, chosen.size)
        return codes

    def _below(self, end: int, *shape: int) -> Array:
        """Whole numbers from 0 to below `end`."""
        drawn = self.random.random_raw(prod(shape)) % np.uint64(end)
        return np.asarray(drawn.astype(np.uint8 if end <= 256 else np.intp).reshape(shape))

    def _penalties(self, codes: Array, styles: Array) -> Array:
        step = max(1, _AT_ONCE // self.numbers_each)
        parts = [slice(start, start + step) for start in range(0, len(codes), step)]
        return np.concatenate([self._penalties_at_once(codes[part], styles[part]) for part in parts])

    def _penalties_at_once(self, codes: Array, styles: Array) -> Array:
        inputs = self._inputs(codes, styles)
        return penalty(count_blemishes(self.structure, inputs, self.digits))

    def _inputs(self, codes: Array, styles: Array) -> dict[str, Array]:
        """The numbers that codes stand for, beside those that are known."""
        numbers = self.tables[styles[:, np.newaxis], self.input_of_entry, codes]
        inputs = {name: np.broadcast_to(array, (len(codes), *array.shape)) for name, array in self.known.items()}
        query_rows, key_rows = first_rows(self.structure)
        start = 0
        for name, array in self.free.items():
            drawn = numbers[:, start : start + array.size].reshape(-1, *array.shape)
            start += array.size
            if name == "scores":
                drawn = np.where(np.isneginf(Given(array).read(FLOAT64)), -np.inf, drawn)
            elif name in ("embeddings", "memory"):
                drawn = drawn[:, query_rows if name == "embeddings" else key_rows]
            inputs[name] = drawn
        return inputs
