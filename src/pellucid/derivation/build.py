"""Building a derivation: the plan of a computation, run in a number type."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation.axis import Axis
from pellucid.derivation.derivation import Derivation, Subject
from pellucid.derivation.step import Step
from pellucid.numbers import (
    FLOAT64,
    Exact,
    Notation,
    NumberType,
    round_array,
    round_significant,
)
from pellucid.operations import Given, Operation

Carry = Literal["exact", "rounded"]
"""What the next step is computed from: the value itself, or the value as printed (as people do by hand)."""

_GUARD_DIGITS = 15
_MOST_ATTEMPTS = 5


class Builder:
    """Collects the steps of one computation, evaluating each as it is added."""

    def __init__(self, numbers: NumberType, notation: Notation, carry: Carry) -> None:
        self.numbers = numbers
        self.notation = notation
        self.carry = carry
        self.steps: dict[str, Step] = {}

    def given(self, name: str, entries: Array, axes: tuple[Axis, ...], note: str = "") -> Step:
        """An input; `entries` may hold decimals and expressions."""
        operation = Given(entries)
        return self._add(name, operation, (), axes, operation.read(self.numbers), note)

    def apply(self, name: str, operation: Operation, *operands: Step, axes: tuple[Axis, ...], note: str = "") -> Step:
        """The result of an operation on earlier steps."""
        value = operation.evaluate(*(step.value for step in operands))
        return self._add(name, operation, operands, axes, value, note)

    def _add(
        self,
        name: str,
        operation: Operation,
        operands: tuple[Step, ...],
        axes: tuple[Axis, ...],
        value: Array,
        note: str,
    ) -> Step:
        assert name not in self.steps, name
        if self.carry == "rounded" and value.dtype != bool and not operation.is_copy:
            value = round_array(value, self.notation.digits)
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

    In exact mode the plan is run at two precisions, both beyond the digits asked for. Where the two agree on
    every digit of every element, those digits are the correctly rounded true ones; otherwise the precision is
    raised (Ziv's strategy, ACM TOMS 17(3), 1991).

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
    guard = _GUARD_DIGITS
    coarse = _run_once(plan, Exact(numbers.digits + guard), notation, carry)
    for _ in range(_MOST_ATTEMPTS):
        guard *= 2
        fine = _run_once(plan, Exact(numbers.digits + guard), notation, carry)
        settled = {name: _settled(coarse[name].value, fine[name].value, numbers.digits) for name in fine}
        if all(value is not None for value in settled.values()):
            break
        coarse = fine
    return _with_values(
        fine,
        {
            name: value if value is not None else _rounded(fine[name].value, numbers.digits, guard)
            for name, value in settled.items()
        },
    )


def _run_once(plan: Plan, numbers: NumberType, notation: Notation, carry: Carry) -> dict[str, Step]:
    builder = Builder(numbers, notation, carry)
    with numbers.arithmetic():
        plan(builder)
    return builder.steps


def _settled(coarse: Array, fine: Array, digits: int) -> Array | None:
    """The rounded values when both precisions round alike, else `None`."""
    if fine.dtype == bool:
        return fine
    rounded = np.empty(fine.shape, dtype=object)
    flat = rounded.reshape(-1)
    for position, (one, other) in enumerate(zip(coarse.reshape(-1), fine.reshape(-1), strict=True)):
        flat[position] = round_significant(other, digits)
        if one != other and round_significant(one, digits) != flat[position]:
            return None
    return rounded


def _rounded(value: Array, digits: int, guard: int) -> Array:
    """For what never settles: sums that cancel to zero, whose remainder shrinks with every precision."""
    finite = [abs(element) for element in value.reshape(-1) if element.is_finite()]
    tiny = max(finite, default=Decimal(0)).scaleb(-digits - guard // 2)
    rounded = np.empty(value.shape, dtype=object)
    flat = rounded.reshape(-1)
    for position, element in enumerate(value.reshape(-1)):
        flat[position] = Decimal(0) if abs(element) <= tiny else round_significant(element, digits)
    return rounded


def _with_values(steps: dict[str, Step], values: dict[str, Array]) -> dict[str, Step]:
    renewed: dict[str, Step] = {}
    for name, step in steps.items():
        operands = tuple(renewed[operand.name] for operand in step.operands)
        renewed[name] = Step(name, step.operation, operands, step.axes, values[name], step.notation, step.note)
    return renewed
