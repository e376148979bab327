"""What an operation is."""

from __future__ import annotations

from abc import ABC, abstractmethod

from pellucid.arrays import Array
from pellucid.expressions import Expression
from pellucid.operations.pattern import Pattern


class Operation(ABC):
    """One step of the arithmetic, without its operands.

    An operation does not know what its operands are called, which model they come from or how results are
    shown. It runs unchanged on float64, float32 and object arrays of decimals.
    """

    @abstractmethod
    def evaluate(self, *operands: Array) -> Array:
        """The result. Operands are never modified; the result may share memory with one of them."""

    @abstractmethod
    def pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        """How any one element of the result comes about, for operands of these shapes."""

    def live_pattern(self, *shapes: tuple[int, ...]) -> Pattern:
        """The pattern for a place where operands change later, as in a spreadsheet.

        Mathematically equal to `pattern`, but safe for every value that the operands can take.
        """
        return self.pattern(*shapes)

    def written(self, index: tuple[int, ...]) -> Expression | None:
        """How the element was given, when that is more than its number. Only inputs have this."""
        return None

    @property
    def is_copy(self) -> bool:
        """Whether the result is the operand itself, so that there is nothing to show."""
        return False
