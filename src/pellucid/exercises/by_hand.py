"""Arithmetic as it is done on paper: every number that is written down is rounded first."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.derivation import Derivation
from pellucid.operations import Softmax

_NOISE = 1e-9
"""In units of the last place: far above the noise of float64, far below what a reader could see."""


def rounded(values: Array, digits: int) -> Array:
    """Every element rounded to `digits` places, halves away from zero; a half that noise has hidden is a half.

    `pellucid.numbers.round_array` in bulk, for float64 only.
    """
    units = np.floor(np.abs(values) * 10.0**digits + (0.5 + _NOISE))
    return np.asarray(np.copysign(units, values) / 10.0**digits)


def softmax_on_paper(scores: Shaped[Array, "*rows n_k"], digits: int) -> Shaped[Array, "*rows n_k"]:
    """The softmax over exponentials that are rounded too; its quotients are not rounded yet.

    Exponentials too large to be written down make the row NaN.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        exponentials = rounded(np.exp(scores), digits)
        totals = exponentials.sum(axis=-1, keepdims=True)
        return np.asarray(np.divide(exponentials, totals, out=np.zeros_like(exponentials), where=totals != 0))


def off_by(worked: Array, exact: Array, digits: int) -> Array:
    """How far each number on paper is from the exact one as printed, in units of the last place.

    0 where the number on paper is the exact one rounded (either way when it is a half); infinite for NaN.
    """
    with np.errstate(invalid="ignore"):
        distance = np.abs(worked - exact) * 10.0**digits
    distance[worked == exact] = 0  # also for −∞
    units = np.ceil(np.maximum(distance - (0.5 + 1e-6), 0))
    units[np.isnan(units)] = np.inf
    return np.asarray(units)


def paper_gap(derivation: Derivation) -> float:
    """The most a result worked out on paper is off, in units of the last place printed.

    0 when a reader who rounds every number, with or without the exponentials inside a softmax, arrives at the
    printed results; infinite when the exponentials are too large for paper.
    """
    digits = derivation.notation.digits
    gap = 0.0
    for round_exponentials in (True, False):
        worked = _worked_on_paper(derivation, round_exponentials)
        gap = max(gap, *(off_by(worked[name], derivation[name].value, digits).max(initial=0) for name in worked))
    return gap


def _worked_on_paper(derivation: Derivation, round_exponentials: bool) -> dict[str, Array]:
    """Every step but the mask, worked out again from the inputs with each number rounded as it is printed."""
    digits = derivation.notation.digits
    values: dict[str, Array] = {}
    for step in derivation:
        operands = [values[operand.name] for operand in step.operands]
        if step.is_given:
            values[step.name] = step.value
        elif isinstance(step.operation, Softmax) and round_exponentials:
            values[step.name] = rounded(softmax_on_paper(operands[0], digits), digits)
        else:
            values[step.name] = rounded(step.operation.evaluate(*operands), digits)
    return {name: value for name, value in values.items() if value.dtype != bool}
