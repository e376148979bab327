"""Where two runs part: the steps of two derivations, number against number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation.derivation import Derivation
from pellucid.derivation.step import Entry, Step
from pellucid.errors import InputError
from pellucid.numbers import FLOAT32, as_decimal
from pellucid.operations import ArgMax, Indices

TOLERANCE, TOLERANCE_OF_SINGLES = 1e-9, 1e-5
"""What rounding explains, as a share of the largest number of a step: in float64 and exact decimals; in float32."""

_MOST_SPELLED = 1_000_000
"""Numbers of a step; of larger ones float32's own rounding, 6·10⁻⁸, is left in: to spell them takes seconds."""


@dataclass(frozen=True, eq=False)
class StepDifference:
    """How far a step of one run lies from the same step of the other.

    Args:
        a: the step of one run.
        b: the step of the other.
        largest: the largest absolute difference of two numbers; ∞ where only one of them is −∞, 1 where ids are not
            the same, `None` where the steps have different shapes and no number stands against another.
        index: where the largest difference is; `None` with it.
        allowed: the largest difference that does not count.
    """

    a: Step
    b: Step
    largest: float | None
    index: tuple[int, ...] | None
    allowed: float

    @property
    def name(self) -> str:
        """The step's name."""
        return self.a.name

    @property
    def parts(self) -> bool:
        """Whether the difference counts."""
        return self.largest is None or not self.largest <= self.allowed

    @property
    def of_ids(self) -> bool:
        """Whether both hold ids of tokens: names, which are the same or others, not nearer or farther."""
        return holds_ids(self.a) and holds_ids(self.b)

    @property
    def entries(self) -> tuple[Entry, Entry] | None:
        """The two numbers that differ most; `None` where shapes differ."""
        return None if self.index is None else (Entry(self.a, self.index), Entry(self.b, self.index))


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two runs, step by step.

    Args:
        a: one run.
        b: the other.
        tolerance: the largest difference that does not count, as a share of the largest number of a step, or of 1
            where its numbers are smaller.
        steps: those that both have, in the order of `a`.
        only_a: names of the steps that only `a` has.
        only_b: names of the steps that only `b` has.
    """

    a: Derivation
    b: Derivation
    tolerance: float
    steps: tuple[StepDifference, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]

    @cached_property
    def first(self) -> StepDifference | None:
        """The first step, in reading order, at which the runs part; `None` where they do not."""
        return next((step for step in self if step.parts), None)

    @property
    def same(self) -> bool:
        """Whether no step that both runs have differs by more than the tolerance."""
        return self.first is None

    def __iter__(self) -> Iterator[StepDifference]:
        return iter(self.steps)


def compare(a: Derivation, b: Derivation, tolerance: float | None = None) -> Comparison:
    """Every step of a run against the step of that name in another run.

    Runs may be of different models, inputs or number types, and may have been read from files
    (`pellucid.derivation.written`).

    Args:
        a: one run; its order is the reading order.
        b: the other.
        tolerance: the largest difference that does not count, as a share of the largest number of a step, or of 1
            where its numbers are smaller; 0 for none. By default what rounding explains: 10⁻⁹, and 10⁻⁵ where a run
            was computed in float32.

    Raises:
        InputError: the runs have no step in common, or the tolerance is no number from 0 on.
    """
    if tolerance is None:
        single = FLOAT32 in (a.numbers, b.numbers)
        tolerance = TOLERANCE_OF_SINGLES if single else TOLERANCE
    if not 0 <= tolerance < float("inf"):
        raise InputError(f"the tolerance is {tolerance:g}; it must be a number from 0 on, such as 1e-6.")
    common = [name for name in a.steps if name in b.steps]
    if not common:
        raise InputError(
            f"{a.title!r} and {b.title!r} have no step in common: one has {_some(a)}, the other {_some(b)}; "
            "give two runs of the same kind."
        )
    return Comparison(
        a,
        b,
        tolerance,
        tuple(_difference(a[name], b[name], tolerance) for name in common),
        tuple(name for name in a.steps if name not in b.steps),
        tuple(name for name in b.steps if name not in a.steps),
    )


def _some(derivation: Derivation) -> str:
    names = list(derivation.steps)
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def holds_ids(step: Step) -> bool:
    """Whether the numbers of a step are ids of tokens."""
    return isinstance(step.operation, Indices | ArgMax)


def _difference(a: Step, b: Step, tolerance: float) -> StepDifference:
    if a.shape != b.shape:
        return StepDifference(a, b, None, None, 0.0)
    if not a.value.size:
        return StepDifference(a, b, 0.0, None, 0.0)
    one, other = a.value, b.value
    if holds_ids(a) and holds_ids(b):
        one, other, tolerance = one != other, np.zeros(a.shape, dtype=bool), 0.0
    elif one.dtype == object or other.dtype == object:
        one, other = _decimals(one), _decimals(other)
    elif one.dtype != bool or other.dtype != bool:
        mixed = one.dtype != other.dtype
        one, other = (_doubles(array, mixed) for array in (one, other))
    far = _absolute_differences(one, other)
    place = int(far.argmax())
    index = tuple(int(i) for i in np.unravel_index(place, far.shape))
    return StepDifference(a, b, float(far.flat[place]), index, tolerance * max(1.0, _largest(one), _largest(other)))


def _absolute_differences(one: Array, other: Array) -> Array:
    """|one − other|, 0 where both are the same infinity or no number, ∞ where only one of them is."""
    if one.dtype == bool and other.dtype == bool:
        return np.asarray(one != other, dtype=np.float64)
    same = np.asarray((one == other) | ((one != one) & (other != other)), dtype=bool)
    far = np.zeros(one.shape)
    comparable = _finite(one) & _finite(other)
    far[comparable] = np.abs(one[comparable] - other[comparable]).astype(np.float64)
    far[~comparable & ~same] = np.inf
    return far


def _largest(array: Array) -> float:
    finite = np.abs(array[_finite(array)]) if array.dtype != bool else array
    return float(finite.max()) if finite.size else 0.0


def _finite(array: Array) -> Array:
    if array.dtype == object:
        return np.asarray([number.is_finite() for number in array.reshape(-1)], dtype=bool).reshape(array.shape)
    return np.isfinite(array)


def _doubles(array: Array, mixed: bool) -> Array:
    """Floats in float64; beside another type a float32 stands for its shortest decimal: 0.53, not 0.5299999714."""
    if mixed and array.dtype == np.float32 and array.size <= _MOST_SPELLED:
        return array.astype(str).astype(np.float64)
    return array.astype(np.float64)


def _decimals(array: Array) -> Array:
    return array if array.dtype == object else np.frompyfunc(as_decimal, 1, 1)(array)
