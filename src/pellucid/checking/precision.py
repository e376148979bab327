"""Small errors in what a program printed: float32 would excuse them, and the numbers beside them are none of float32's.

The last digits of float32 are noise, so that 0.82826199 is right for 0.82826198. Beside numbers that all agree with
their true values to half a unit of their last digit, which float32 would print so by a rare chance only, it is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.printed import Printed
from pellucid.checking.problem import Claim

_RARE = 2e-4
"""A chance at which float32 is ruled out: that of five numbers above a half."""
_MOST_OFF = 0.2
"""Of the numbers of an array, which may be off."""
_NOISE = 1e-6
"""Of half a unit: what computing in float64 may add."""


def off_in_last_digits(claims: Sequence[Claim], true: Array) -> list[Claim]:
    """The claims of one array that are off by more than half a unit, if so few are that float32 is no excuse.

    Args:
        claims: of one step, all of them within the tolerance of float32.
        true: the true values of the step.
    """
    finite = [claim for claim in claims if np.isfinite(true[claim.index]) and claim.printed.value.is_finite()]
    off = [claim for claim in finite if _is_off(claim.printed, float(true[claim.index]))]
    if not off or len(off) > _MOST_OFF * len(finite):
        return []
    wrong = {id(claim) for claim in off}
    places = {claim.index: claim for claim in finite if id(claim) not in wrong}  # what is printed twice counts once
    chance = 1.0
    for index, claim in places.items():
        chance *= _chance_in_float32(claim.printed, float(true[index]))
    return off if chance < _RARE else []


def _is_off(printed: Printed, true: float) -> bool:
    return not printed.is_open and abs(float(printed.value) - true) > printed.unit / 2 * (1 + _NOISE)


def _chance_in_float32(printed: Printed, true: float) -> float:
    """How likely float32 is to print a number to half a unit of its last digit; 1 where it is no feat."""
    units = true / printed.unit
    if abs(units - round(units)) < _NOISE or float(np.float32(true)) == true:
        return 1.0  # 0.3 and 0.5 are printed so by every type
    return min(1.0, printed.unit / float(np.spacing(np.float32(abs(true)))))
