"""Arithmetic as it is done on paper: every number that is written down is rounded first."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.derivation import Derivation
from pellucid.operations import Softmax

_NOISE = 1e-9  # in units of the last place; far above the noise of float64, far below what a person could see


def rounded(values: Array, digits: int) -> Array:
    """Every element rounded to `digits` places, halves away from zero; a half that noise has hidden is a half.

    The bulk version of `pellucid.numbers.round_array`, for many float64 candidates at once.
    """
    return np.asarray(np.copysign(np.floor(np.abs(values) * 10.0**digits + 0.5 + _NOISE), values) / 10.0**digits)


def softmax_on_paper(scores: Shaped[Array, "*rows n_k"], digits: int) -> Shaped[Array, "*rows n_k"]:
    """The softmax over exponentials and sums that are rounded too; the quotient is not rounded yet.

    Exponentials that are too large to write down lead to NaN.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        exponentials = rounded(np.exp(scores), digits)
        totals = exponentials.sum(axis=-1, keepdims=True)
        return np.divide(exponentials, totals, out=np.zeros_like(exponentials), where=totals != 0)


def worked_on_paper(derivation: Derivation) -> dict[str, Array]:
    """Every computed step, worked out again from the inputs with each number rounded as the derivation prints it."""
    digits = derivation.notation.digits
    values: dict[str, Array] = {}
    for step in derivation:
        operands = [values[operand.name] for operand in step.operands]
        if step.is_given:
            values[step.name] = step.value
        elif isinstance(step.operation, Softmax):
            values[step.name] = rounded(softmax_on_paper(operands[0], digits), digits)
        else:
            values[step.name] = rounded(step.operation.evaluate(*operands), digits)
    return {name: value for name, value in values.items() if not derivation[name].is_given}


def paper_gap(derivation: Derivation) -> float:
    """The largest difference between a number as printed and as worked on paper, in units of its last place.

    0 when a reader who rounds every number arrives at the printed results; infinite when exponentials become
    too large to work on paper at all.
    """
    ...
