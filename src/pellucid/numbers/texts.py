"""The texts of whole arrays, fast."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array
from pellucid.numbers.notation import Notation

_MOST_PLACES = 12
_LARGEST = 1e8
_TOLERANCE = {np.dtype(np.float64): 1e-13, np.dtype(np.float32): 1e-6}
"""Relative; wider than what separates a float from the decimal that `Notation` takes it for."""


def texts(notation: Notation, array: Array, places: int | None = None) -> list[str]:
    """`notation.text` of every element, row by row: the same strings.

    Most floats of a computation are far from every number of fewer places and from every half that could be
    rounded either way; those are rounded in float64 all at once. Each of the others goes through decimals, once
    for all elements that share its value.
    """
    values = array.reshape(-1)
    if values.dtype not in _TOLERANCE:
        return [notation.text(value, places) for value in values]
    printed = np.full(values.shape, "", dtype=object)
    for special, text in ((0.0, "0"), (np.inf, "∞"), (-np.inf, "-∞")):
        printed[values == special] = text
    count = notation.digits if places is None else places
    ordinary = np.flatnonzero((printed == "") & (np.abs(values) < _LARGEST) & (count <= _MOST_PLACES))
    rounded, clear = _rounded(values[ordinary], count)
    if places is None and count > 0:
        clear &= _needs_more(values[ordinary], count - 1)
    printed[ordinary[clear]] = list(map(f"{{:.{count}f}}".format, rounded[clear].tolist()))
    others = np.flatnonzero(printed == "")
    distinct, which = np.unique(values[others], return_inverse=True)
    spelled = np.array([notation.text(value, places) for value in distinct], dtype=object)
    printed[others] = spelled[which]
    result: list[str] = printed.tolist()
    return result


def _rounded(values: Array, places: int) -> tuple[Array, Array]:
    """Every float rounded, and where that is clear: away from halves."""
    scaled = np.abs(values.astype(np.float64)) * 10.0**places
    whole = np.floor(scaled)
    fraction = scaled - whole
    clear = np.abs(fraction - 0.5) > _tolerance(values) * 10.0**places
    rounded = np.copysign((whole + (fraction > 0.5)) / 10.0**places, values)
    return rounded + 0.0, clear  # adding 0 makes no "-0.00"


def _needs_more(values: Array, places: int) -> Array:
    """Where a float clearly is no decimal of so many places; a small one that rounds to zero is none either."""
    rounded, clear = _rounded(values, places)
    return np.asarray(clear & ((np.abs(values - rounded) > _tolerance(values)) | (rounded == 0)))


def _tolerance(values: Array) -> Array:
    return np.asarray(_TOLERANCE[values.dtype] * np.maximum(1, np.abs(values.astype(np.float64))))
