"""What a step of a recording comes from: files hold numbers, and attention's own are made in one way each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation.derivation import Derivation
from pellucid.derivation.step import Step
from pellucid.expressions import Number, Quotient, SquareRoot
from pellucid.operations import Copy, Mask, MatMul, Operation, Scale, Softmax

_ROUNDED_TO_AT_MOST = 6  # places, of runs that carry each step as it is printed
_SINGLES = 1e-5  # as a share of the largest number: what float32 may have rounded away


def with_arithmetic(derivation: Derivation, step: Step) -> Step:
    """A given step with the operation and the operands that yield its numbers; itself where none are known to.

    The steps of attention from "scores" to the weighted sum are known by their names. What is recorded counts as
    computed so where it is the result to within the rounding of float32, or to half of its own last place.

    Args:
        derivation: the run it is a step of, as `pellucid.derivation.written` reads it.
        step: of it.
    """
    if not step.is_given:
        return step
    ways = list(_ways(derivation, step))
    if not ways:
        return step
    distances = [_distance(step, *way) for way in ways]
    nearest = int(np.argmin(distances))
    operation, operands = ways[nearest]
    fits = distances[nearest] <= _allowed(step.value)
    return replace(step, operation=operation, operands=operands) if fits else step


def _ways(derivation: Derivation, step: Step) -> Iterator[tuple[Operation, tuple[Step, ...]]]:
    """How a step of this name may be made from others of its place that the run has."""

    def of(name: str) -> Step | None:
        full = f"{step.place}.{name}" if step.place else name
        return derivation.steps.get(full)

    query, key, value, mask = of("query"), of("key"), of("value"), of("mask")
    scores, scaled, masked, weights = of("scores"), of("scaled_scores"), of("masked_scores"), of("weights")
    match step.short_name:
        case "scores" if query and key:
            yield MatMul(transpose=True), (query, key)
        case "scaled_scores" if scores:
            yield Copy(), (scores,)
            if query:
                width = Number(Decimal(query.shape[-1]))
                for divisor in (SquareRoot(width), width):
                    yield Scale(Quotient(Number(Decimal(1)), divisor), {}), (scores,)
        case "masked_scores" if scaled:
            yield (Mask(), (scaled, mask)) if mask else (Copy(), (scaled,))
        case "weights" if masked:
            yield Softmax(), (masked,)
        case "output" | "head_outputs" if weights and value and weights.value.ndim == value.value.ndim:
            yield MatMul(), (weights, value)


def _distance(step: Step, operation: Operation, operands: tuple[Step, ...]) -> float:
    """The largest difference between a step and what an operation makes of operands; ∞ where they do not fit."""
    try:
        with np.errstate(all="ignore"):
            made = operation.evaluate(*(_floats(operand.value) for operand in operands))
    except (ValueError, IndexError):  # of other shapes
        return np.inf
    recorded = _floats(step.value)
    if made.shape != recorded.shape:
        return np.inf
    same = made == recorded  # −∞ among them
    return float(np.abs(np.where(same, 0.0, made - np.where(same, 0.0, recorded))).max(initial=0.0))


def _floats(array: Array) -> Array:
    return array if array.dtype == bool else array.astype(np.float64)


def _allowed(value: Array) -> float:
    finite = _floats(value)[np.isfinite(_floats(value))]
    for places in range(1, _ROUNDED_TO_AT_MOST + 1):
        if np.array_equal(np.round(finite, places), finite):
            return 0.5001 * 10.0**-places
    return _SINGLES * max(1.0, float(np.abs(finite).max(initial=0.0)))
