"""How numbers are printed: so many places after the point, no more than the number has."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import InputError
from pellucid.numbers.rounding import as_decimal, round_places

_MOST_PLACES = 1_000
_LARGE = Decimal("1e9")
_FLOAT_NOISE = {np.dtype(np.float64): 1e-14, np.dtype(np.float32): 1e-6}

# Within these bounds float64 decides as decimals do; `texts` leaves the rest to `text`.
_MOST_FAST_PLACES = 12
_LARGEST_FAST = 1e8
_RELATIVE_ERROR = {np.dtype(np.float64): 2.0**-50, np.dtype(np.float32): 2.0**-22}


@dataclass(frozen=True)
class Notation:
    """Prints numbers with at most `digits` places after the decimal point.

    A number that needs fewer places is printed with fewer: 0.21 for the sum 0.3×0.1 + 0.4×0.3 + 0.1×0.6 even
    when binary floating point holds 0.21000000000000002. A zero that is exact is "0"; a small number that
    rounds to zero keeps its places: "0.0000".
    """

    digits: int = 4

    def __post_init__(self) -> None:
        if not 0 <= self.digits <= _MOST_PLACES:
            raise InputError(f"--digits is {self.digits}; it can be 0 to {_MOST_PLACES}.")

    def text(self, value: Decimal | float | np.generic, places: int | None = None) -> str:
        """`value` rounded and printed; with `places`, exactly so many (an exact zero stays "0")."""
        number = as_decimal(value)
        if number.is_infinite():
            return "-∞" if number < 0 else "∞"
        if number.is_zero():
            return "0"
        if places is None:
            places = self._places_of(number, _noise(value))
        if abs(number) >= _LARGE:
            return f"{number:.{max(self.digits, 1)}e}".replace("e+", "e")
        return f"{round_places(number, places):f}"

    def texts(self, array: Array, places: int | None = None) -> list[str]:
        """`text` of every element, row by row: the same strings, much faster for large arrays of floats."""
        values = array.reshape(-1)
        most = self.digits if places is None else places
        if values.dtype not in _FLOAT_NOISE or most > _MOST_FAST_PLACES:
            return [self.text(value, places) for value in values]
        texts = np.full(values.shape, "", dtype=object)
        specials = {"0": values == 0, "∞": np.isposinf(values), "-∞": np.isneginf(values)}
        for special, chosen in specials.items():
            texts[chosen] = special
        ordinary = (texts == "") & (np.abs(values) < _LARGEST_FAST)
        places_of = self._fast_places(values, ordinary) if places is None else np.where(ordinary, places, _UNDECIDED)
        for count in range(most + 1):
            chosen = np.flatnonzero(places_of == count)
            rounded, certain = _round_fast(values[chosen], count)
            texts[chosen[certain]] = [f"{number:.{count}f}" for number in rounded[certain].tolist()]
        for position in np.flatnonzero(texts == ""):
            texts[position] = self.text(values[position], places)
        printed: list[str] = texts.tolist()
        return printed

    def places(self, array: Array) -> int:
        """The fewest places that print every element as `text` would: the places of a column or matrix."""
        if array.dtype == object:
            most = 0
            for value in array.reshape(-1):
                number = as_decimal(value)
                if number.is_finite():
                    most = max(most, self._places_of(number, Decimal(0)))
                if most == self.digits:
                    break
            return most
        finite = array[np.isfinite(array)]
        noise = _FLOAT_NOISE.get(array.dtype, 0.0)
        for places in range(self.digits):
            rounded = np.round(finite, places)
            near = np.abs(rounded - finite) <= noise * np.maximum(1, np.abs(finite))
            if np.all(near & ((rounded != 0) | (finite == 0))):
                return places
        return self.digits

    def _fast_places(self, values: Array, ordinary: Array) -> Array:
        """`_places_of` for every element; `_UNDECIDED` where only decimals can tell."""
        places_of = np.where(ordinary, self.digits, _UNDECIDED)
        pending = np.flatnonzero(ordinary)
        for places in range(self.digits):
            chosen = values[pending]
            bound = _FLOAT_NOISE[values.dtype] * np.maximum(1, np.abs(chosen.astype(np.float64)))
            rounded, certain = _round_fast(chosen, places)
            off = np.abs(rounded - chosen)
            doubtful = (np.abs(off - bound) <= bound / 4) | (~certain & (off <= 2 * bound))
            near = ~doubtful & (off <= bound) & (rounded != 0)
            places_of[pending[near]] = places
            places_of[pending[doubtful]] = _UNDECIDED
            pending = pending[~near & ~doubtful]
        return places_of

    def _places_of(self, number: Decimal, noise: Decimal) -> int:
        bound = noise * max(Decimal(1), abs(number))
        for places in range(self.digits):
            rounded = round_places(number, places)
            if rounded and abs(rounded - number) <= bound:
                return places
        return self.digits


_UNDECIDED = -1


def _round_fast(values: Array, places: int) -> tuple[Array, Array]:
    """Floats rounded in float64, and where that is certain to round as decimals do: away from halves."""
    scaled = np.abs(values.astype(np.float64)) * 10.0**places
    whole = np.floor(scaled)
    fraction = scaled - whole
    certain = np.abs(fraction - 0.5) > _RELATIVE_ERROR[values.dtype] * np.maximum(1, scaled)
    certain &= scaled < 2.0**50
    rounded = np.copysign((whole + (fraction > 0.5)) / 10.0**places, values)
    return rounded + 0.0, certain  # adding 0 makes no "-0.00"


def _noise(value: Decimal | float | np.generic) -> Decimal:
    if isinstance(value, np.float32):
        return Decimal("1e-6")
    return Decimal(0) if isinstance(value, Decimal | int) else Decimal("1e-14")
