"""Tokens behind each other."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import ByParity, Operand, Pattern, Position


class AppendTokens(Operation):
    """The keys or values of earlier tokens, then those of new ones: what a key/value cache holds after a step.

    Operands: earlier (heads, n_before, d), new (heads, n_new, d).
    """

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(
        self, earlier: Shaped[Array, "heads n_before d"], new: Shaped[Array, "heads n_new d"]
    ) -> Shaped[Array, "heads n d"]:
        return np.concatenate((earlier, new), axis=1)

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        before, after = shapes[0][1], shapes[1][1]
        enough = before + after
        head, feature = Position(0), Position(2)
        return ByParity(
            Position(1, plus=enough - before, over=enough),  # 0 for the earlier ones, 1 for the new
            Operand(0, (head, Position(1), feature)),
            Operand(1, (head, Position(1, plus=-before), feature)),
        )
