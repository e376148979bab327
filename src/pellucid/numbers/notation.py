"""How numbers are printed: so many places after the point, no more than the number has."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import InputError
from pellucid.numbers.rounding import as_decimal, round_places, round_significant

_MOST_PLACES = 1_000
_MOST_ZEROS = 400
_MOST_FAST = 12
_LARGE = Decimal("1e9")
_CERTAIN = {np.dtype(np.float64): (15, 14), np.dtype(np.float32): (7, 7)}
"""Significant digits and places that binary floating point is sure of; what follows is noise."""


@dataclass(frozen=True)
class Notation:
    """Prints numbers with at most `digits` places after the decimal point.

    A number that needs fewer places is printed with fewer: 0.21 for the sum 0.3×0.1 + 0.4×0.3 + 0.1×0.6 even
    when binary floating point holds 0.21000000000000002; and a half that such noise has pushed down is still a
    half: 1.1×1.15 with two places is 1.27. A zero that is exact is "0"; a small number that rounds to zero keeps
    its places: "0.0000". Numbers from 1e9 on are printed with a power of ten.
    """

    digits: int = 4

    def __post_init__(self) -> None:
        if not 0 <= self.digits <= _MOST_PLACES:
            raise InputError(f"--digits is {self.digits}; it can be 0 to {_MOST_PLACES}.")

    def text(self, value: Decimal | int | float | np.generic, places: int | None = None) -> str:
        """`value` rounded and printed; with `places`, exactly so many (an exact zero stays "0")."""
        number = _without_noise(value)
        if number.is_infinite():
            return "-∞" if number < 0 else "∞"
        if number.is_zero():
            return "0"
        places = self._places_of(number) if places is None else places
        rounded = self._rounded(number, places)
        if rounded.copy_abs() >= _LARGE:
            return f"{rounded:.{self._mantissa_places}e}".replace("e+", "e")
        return f"{rounded:.{places}f}"

    def rounded(self, value: Decimal | int | float | np.generic) -> Decimal:
        """`value` as it is printed."""
        return self._rounded(_without_noise(value), self.digits)

    def places(self, array: Array) -> int:
        """The fewest places that print every element as `text` would: the places of a column or matrix."""
        values = array[(array != 0) & (np.abs(array) != np.inf)]
        if values.dtype in _CERTAIN and 0 < self.digits <= _MOST_FAST and _clearly_needs_more(values, self.digits - 1):
            return self.digits
        most = 0
        for value in np.unique(values, return_index=True)[0]:  # without the index it would load numpy.ma
            most = max(most, self._places_of(_without_noise(value)))
            if most == self.digits:
                break
        return most

    @property
    def _mantissa_places(self) -> int:
        return max(self.digits, 1)

    def _rounded(self, number: Decimal, places: int) -> Decimal:
        if number.is_finite() and number.copy_abs() >= _LARGE:
            return round_significant(number, 1 + self._mantissa_places)
        return round_places(number, places)

    def _places_of(self, number: Decimal) -> int:
        """How many of `digits` places the number needs."""
        for places in range(self.digits):
            if round_places(number, places) == number:
                return places
        return self.digits


def every_digit(number: Decimal) -> str:
    """An exact number with all its digits; with a power of ten where hundreds of zeros would stand before them."""
    if abs(number.adjusted()) <= _MOST_ZEROS:
        return f"{number:f}"
    return f"{number:e}".replace("e+", "e")


def _without_noise(value: Decimal | int | float | np.generic) -> Decimal:
    """The decimal that was meant, where binary floating point has come close to one of few places."""
    number = as_decimal(value)
    if isinstance(value, Decimal | int) or not number.is_finite():
        return number
    significant, places = _CERTAIN[np.dtype(np.float32 if isinstance(value, np.float32) else np.float64)]
    return round_places(number, min(places, significant - 1 - number.adjusted())) or number


def _clearly_needs_more(values: Array, places: int) -> bool:
    """Whether a float is far from every decimal of so many places; told fast, for large arrays."""
    rounded = np.round(values, places)
    far = np.abs(rounded - values) > 10.0 ** (1 - _CERTAIN[values.dtype][0]) * np.maximum(1, np.abs(values))
    return bool(np.any(far | (rounded == 0)))
