"""Building a derivation: the plan of a computation, run in a number type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation.axis import Axis
from pellucid.derivation.derivation import Derivation, Subject
from pellucid.derivation.recorder import Axes, AxesOf, Joined, resolved
from pellucid.derivation.step import Step
from pellucid.errors import InputError
from pellucid.numbers import FLOAT64, Enclosed, Exact, Notation, NumberType, round_significant
from pellucid.operations import Given, Indices, Operation

Carry = Literal["exact", "rounded"]
"""What the next step is computed from: the value itself, or the value as printed (as people do by hand)."""

_GUARD_DIGITS = (15, 30, 60, 120, 240)
_MOST_GUARD_DIGITS = 480


class Builder:
    """Collects the steps of one computation, evaluating each as it is added."""

    def __init__(self, numbers: NumberType, notation: Notation, carry: Carry) -> None:
        self.numbers = numbers
        self.notation = notation
        self.carry = carry
        self.steps: dict[str, Step] = {}
        self._place = ""

    keeps = True

    def enter(self, place: str) -> None:
        """The names of the steps that follow begin with `place`."""
        self._place = place

    def given(self, name: str, entries: Array, axes: Axes, note: str = "") -> Step:
        """An input; `entries` may hold decimals and expressions."""
        return self._given(name, Given(entries), axes, note)

    def indices(self, name: str, entries: Array, axes: Axes) -> Step:
        """An input of whole numbers that point at rows of a table."""
        return self._given(name, Indices(entries), axes, "")

    def _given(self, name: str, operation: Given, axes: Axes, note: str) -> Step:
        return self._add(name, operation, (), resolved(axes), operation.read(self.numbers), note)

    def apply(self, name: str, operation: Operation, *operands: Step, axes: Axes, note: str = "") -> Step:
        """The result of an operation on earlier steps."""
        value = operation.evaluate(*(step.value for step in operands))
        return self._add(name, operation, operands, resolved(axes, *(step.axes for step in operands)), value, note)

    def known(self, name: str, operation: Operation, *operands: Step, value: Callable[[], Array], axes: Axes) -> Step:
        """The same: what is at hand may be of another number type, and is computed anew."""
        return self.apply(name, operation, *operands, axes=axes)

    def products(self, names: tuple[str, ...], x: Step, joined: Joined[Step], axes: Sequence[AxesOf]) -> Sequence[Step]:
        """The results of linear layers that read the same input, one after the other."""
        return [
            self.apply(name, joined.operation, x, *part, axes=its_axes)
            for name, part, its_axes in zip(names, joined.parts, axes, strict=True)
        ]

    def _add(
        self,
        name: str,
        operation: Operation,
        operands: tuple[Step, ...],
        axes: tuple[Axis, ...],
        value: Array,
        note: str,
    ) -> Step:
        name = self._place + name
        assert name not in self.steps, name
        if self.carry == "rounded" and value.dtype == self.numbers.dtype and not operation.is_copy:
            value = self.numbers.rounded(value, self.notation)
        step = Step(name, operation, operands, axes, value, self.notation, note)
        self.steps[name] = step
        return step


Plan = Callable[[Builder], None]
"""Adds the steps of a computation to a builder; it is run once for each number type and precision needed."""


def derive(
    plan: Plan,
    subject: Subject,
    *,
    numbers: NumberType = FLOAT64,
    digits: int = 4,
    carry: Carry = "exact",
) -> Derivation:
    """Run a plan and keep every step.

    In exact mode the plan is run on intervals that hold the true numbers. Where both bounds of every element
    round to the same digits, those are the correctly rounded true ones; otherwise the precision is raised (Ziv's
    strategy, ACM TOMS 17(3), 1991). What then still cannot be told from zero, as √2·√3 − √6, is zero.

    Args:
        plan: what to compute.
        subject: title, purpose and focus.
        numbers: float64, float32 or `Exact(digits)`.
        digits: places after the decimal point when numbers are printed.
        carry: "rounded" computes each step from the previous one as printed.

    Raises:
        InputError: a result overflows.
    """
    notation = Notation(digits)
    steps = _run(plan, numbers, notation, carry)
    reference = _run(plan, numbers, notation, "exact") if carry == "rounded" else None
    return Derivation(subject, steps, numbers, notation, reference)


def _run(plan: Plan, numbers: NumberType, notation: Notation, carry: Carry) -> dict[str, Step]:
    if not isinstance(numbers, Exact):
        return _run_once(plan, numbers, notation, carry)
    for guard in _GUARD_DIGITS:
        with suppress(_UncertainError, InputError):  # even an overflow may come of bounds that are far apart
            return _run_enclosed(plan, numbers.digits, guard, notation, carry)
    return _run_enclosed(plan, numbers.digits, _MOST_GUARD_DIGITS, notation, carry, decides=True)


def _run_enclosed(
    plan: Plan, digits: int, guard: int, notation: Notation, carry: Carry, *, decides: bool = False
) -> dict[str, Step]:
    steps = _run_once(plan, Enclosed(digits + guard, decides=decides), notation, carry)
    values = {name: _certain(step.value, digits, decides=decides) for name, step in steps.items()}
    return _with_values(steps, values)


def _run_once(plan: Plan, numbers: NumberType, notation: Notation, carry: Carry) -> dict[str, Step]:
    builder = Builder(numbers, notation, carry)
    with numbers.arithmetic():
        plan(builder)
    return builder.steps


class _UncertainError(Exception):
    """The bounds of a number do not round to the same digits."""


def _certain(intervals: Array, digits: int, *, decides: bool) -> Array:
    """The true numbers, rounded; where they are not certain, what they must be or `_UncertainError`."""
    if intervals.dtype != object:  # masks and indices
        return intervals
    rounded = np.empty(intervals.shape, dtype=object)
    flat = rounded.reshape(-1)
    for position, interval in enumerate(intervals.reshape(-1)):
        number = interval.certain(digits)
        if number is None and not decides:
            raise _UncertainError
        flat[position] = round_significant(interval.likely(), digits) if number is None else number
    return rounded


def _with_values(steps: dict[str, Step], values: dict[str, Array]) -> dict[str, Step]:
    renewed: dict[str, Step] = {}
    for name, step in steps.items():
        operands = tuple(renewed[operand.name] for operand in step.operands)
        renewed[name] = Step(name, step.operation, operands, step.axes, values[name], step.notation, step.note)
    return renewed
