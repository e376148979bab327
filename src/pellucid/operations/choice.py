"""Choosing: which entry of a vocabulary is the likeliest."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Operand, Pattern, Position, PositionOfLargestOver


class ArgMax(Operation):
    """Where the largest element of each row stands, counted from 0; the first where there are several.

    Of probabilities over a vocabulary it is the id of the token that greedy decoding chooses.
    """

    def evaluate(self, *operands: Array) -> Array:
        return self._evaluate(*operands)

    def _evaluate(self, x: Shaped[Array, "*rows entries"]) -> Shaped[Array, "*rows"]:
        return np.asarray(np.argmax(x, axis=-1))

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        *rows, count = shapes[0]
        before = tuple(Position(axis) for axis in range(len(rows)))
        return PositionOfLargestOver("k", count, Operand(0, (*before, Position("k"))))
