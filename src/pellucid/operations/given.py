"""Inputs: what is given, not computed."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array
from pellucid.expressions import Expression, Number, evaluate
from pellucid.numbers import NumberType
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Pattern


class Given(Operation):
    """Numbers as they were given.

    Args:
        entries: a numeric array, or an object array of `decimal.Decimal` and expressions such as 1/3.
    """

    def __init__(self, entries: Array) -> None:
        self.entries = entries

    @property
    def holds_expressions(self) -> bool:
        """Whether an entry is more than a number, such as 1/3."""
        return self.entries.dtype == object and any(isinstance(entry, Expression) for entry in self.entries.reshape(-1))

    def read(self, numbers: NumberType) -> Array:
        """The entries in a number type; booleans stay booleans."""
        if self.entries.dtype == bool:
            return self.entries
        if self.entries.dtype != object:
            return numbers.array(self.entries)
        values = np.empty(self.entries.shape, dtype=numbers.dtype)
        flat = values.reshape(-1)
        for position, entry in enumerate(self.entries.reshape(-1)):
            flat[position] = evaluate(entry, numbers) if isinstance(entry, Expression) else numbers.number(entry)
        return values

    def evaluate(self, *operands: Array) -> Array:
        raise TypeError("an input has no operands; `read` gives its numbers")

    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        raise TypeError("an input has no pattern; it is given")

    def written(self, index: tuple[int, ...]) -> Expression | None:
        if self.entries.dtype != object:
            return None
        entry = self.entries[index]
        return entry if isinstance(entry, Expression) and not isinstance(entry, Number) else None


class Indices(Given):
    """Whole numbers that point at rows of a table; they are the same in every number type."""

    def read(self, numbers: NumberType) -> Array:
        return self.entries
