"""What follows from printed numbers: steps computed on from those that a document prints, rounded or wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.alternatives import variants
from pellucid.checking.problem import CHAIN, Problem, compute

_MOST_VARIANTS = 64


class Carried:
    """Computes on from printed numbers.

    Args:
        problem: inputs and choices.
        printed: the printed values of steps, NaN where nothing is printed.
    """

    def __init__(self, problem: Problem, printed: Mapping[str, Array]) -> None:
        self.problem = problem
        self.printed = printed

    def earlier(self, step: str) -> list[str]:
        """The printed steps before a step."""
        return [name for name in CHAIN[: CHAIN.index(step)] if name in self.printed and name not in self.problem.inputs]

    def results(self, step: str) -> Iterable[Array]:
        """The step computed on from printed numbers, for every choice of which printed steps were carried on."""
        earlier = self.earlier(step)
        count = 0
        for size in range(len(earlier), 0, -1):
            for chosen in combinations(earlier, size):
                for values in variants(self.problem, step, self.mixed(chosen)):
                    yield values
                    count += 1
                    if count >= _MOST_VARIANTS:
                        return
        yield from variants(self.problem, step, {})

    def mixed(self, chosen: Iterable[str]) -> dict[str, Array]:
        """Values of the chosen steps as printed; what is not printed follows from the printed steps before."""
        known: dict[str, Array] = {}
        for name in sorted(chosen, key=CHAIN.index):
            computed = compute(self.problem, known)[name]
            known[name] = np.where(np.isnan(self.printed[name]), computed, self.printed[name])
        return known

    def starting_points(self, step: str) -> Iterable[dict[str, Array]]:
        """Values that the author may have had before the step: the true ones, and the printed ones."""
        yield {}
        earlier = self.earlier(step)
        if earlier:
            yield self.mixed(earlier)
            for name in reversed(earlier):
                if len(earlier) > 1:
                    yield self.mixed([name])
