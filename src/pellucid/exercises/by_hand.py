"""Arithmetic as it is done on paper: every number that is written down is rounded first."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.derivation import Derivation, Step
from pellucid.operations import Softmax

_NOISE = 1e-9
"""In units of the last place: far above the noise of float64, far below what a reader could see."""

_NO_PLACES = 1e15  # a larger float64 has no places that could be rounded
_FAR = 1e6


def rounded(values: Array, digits: int) -> Array:
    """Every element rounded to `digits` places, halves away from zero; a half that noise has hidden is a half.

    It is `pellucid.numbers.Notation.rounded` in bulk, for float64 only.
    """
    size = np.abs(values)
    with np.errstate(over="ignore"):
        units = np.floor(size * 10.0**digits + (0.5 + _NOISE))
    return np.where(size < _NO_PLACES, np.copysign(units, values) / 10.0**digits, values)


def softmax_on_paper(scores: Shaped[Array, "*rows n_k"], digits: int) -> Shaped[Array, "*rows n_k"]:
    """The softmax over exponentials that are rounded too; its quotients are not rounded yet.

    Rows whose exponentials are all 0.00, or too large for any paper, get no weights: zeros.
    """
    with np.errstate(over="ignore"):
        exponentials = rounded(np.exp(scores), digits)
        totals = exponentials.sum(axis=-1, keepdims=True)
    possible = np.isfinite(totals) & (totals > 0)
    return np.asarray(np.divide(exponentials, totals, out=np.zeros_like(exponentials), where=possible))


def off_by(worked: Array, exact: Array, digits: int) -> Array:
    """How far each number on paper is from the exact one as printed, in units of the last place.

    0 where the number on paper is the exact one rounded (either way, when that is a half), or both are −∞.
    """
    distance = np.zeros(exact.shape)
    np.subtract(worked, exact, out=distance, where=exact > -np.inf)
    units = np.abs(distance.clip(-_FAR, _FAR)) * 10.0**digits
    return np.asarray(np.ceil(units - (0.5 + 1e-6)).clip(min=0))


def paper_gap(derivation: Derivation) -> int:
    """The most that a result worked out on paper is off, in units of the last place printed.

    It is 0 when a reader who rounds every number, with or without the exponentials inside the softmax, arrives
    at the printed results.
    """
    digits = derivation.notation.digits
    gaps = [
        off_by(worked, derivation[name].value, digits).max()
        for rounds_exponentials in (True, False)
        for name, worked in _worked_on_paper(derivation, rounds_exponentials).items()
    ]
    return int(max(gaps))


def _worked_on_paper(derivation: Derivation, rounds_exponentials: bool) -> dict[str, Array]:
    """Every step but the mask, from the inputs as printed, with each number rounded before it is used."""
    digits = derivation.notation.digits
    values: dict[str, Array] = {}
    for step in derivation:
        operands = [values[operand.name] for operand in step.operands]
        if step.is_given:
            values[step.name] = _as_printed(step, digits)
        elif isinstance(step.operation, Softmax) and rounds_exponentials:
            values[step.name] = rounded(softmax_on_paper(operands[0], digits), digits)
        else:
            values[step.name] = rounded(step.operation.evaluate(*operands), digits)
    return {name: value for name, value in values.items() if value.dtype != bool}


def _as_printed(step: Step, digits: int) -> Array:
    """An input as its reader sees it: rounded, but 1/3 is printed as 1/3 and loses nothing."""
    if step.value.dtype == bool:
        return step.value
    printed = rounded(step.value, digits)
    for index in np.argwhere(printed != step.value).tolist():
        if step.operation.written(tuple(index)) is not None:
            printed[tuple(index)] = step.value[tuple(index)]
    return printed
