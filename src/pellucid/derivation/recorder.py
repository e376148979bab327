"""What a computation is told its steps by: one that only computes, one that keeps every step, or a `Builder`.

A computation that is written over a `Recorder` runs in all three. Axes are given as functions of the operands' axes,
which are called when somebody reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation.axis import Axis
from pellucid.operations import Given, Indices, Linear, Operation

AxesOf = Callable[..., tuple[Axis, ...]]
"""From the axes of every operand to those of the result."""

Axes = tuple[Axis, ...] | AxesOf


@runtime_checkable
class Value(Protocol):
    """An array, or a step that holds one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""


V = TypeVar("V", bound=Value)


@dataclass(frozen=True, eq=False)
class Joined(Generic[V]):
    """Linear layers that read the same input, so that they can be one product.

    Args:
        parts: the weight of each and, if it has one, its bias.
        operation: what each of them is.
        weight: all weights side by side, (d_in, Σ d_out); `None` where steps are computed one by one.
        bias: all biases, likewise; `None` for none.
        borders: where each part lies in the product.
    """

    parts: tuple[tuple[V, ...], ...]
    operation: Linear
    weight: Array | None = None
    bias: Array | None = None
    borders: tuple[slice, ...] = ()


@runtime_checkable
class Recorder(Protocol[V]):
    """Takes in the steps of a computation and gives back their values."""

    keeps: bool
    """Whether anybody will ask what a step was."""

    def enter(self, place: str) -> None:
        """The names of the steps that follow begin with `place`."""

    def given(self, name: str, entries: Array, axes: Axes, note: str = "") -> V:
        """An input."""

    def indices(self, name: str, entries: Array, axes: Axes) -> V:
        """An input of whole numbers that point at rows of a table."""

    def apply(self, name: str, operation: Operation, *operands: V, axes: Axes, note: str = "") -> V:
        """The result of an operation on earlier steps."""

    def known(self, name: str, operation: Operation, *operands: V, value: Callable[[], Array], axes: Axes) -> V:
        """The same, where the result is at hand already, in a table or a cache."""

    def products(self, names: tuple[str, ...], x: V, joined: Joined[V], axes: Sequence[AxesOf]) -> Sequence[V]:
        """The results of linear layers that read the same input."""


class Computing:
    """Only computes."""

    keeps = False

    def enter(self, place: str) -> None:
        """Nothing is named."""

    def given(self, name: str, entries: Array, axes: Axes, note: str = "") -> Array:
        return entries

    def indices(self, name: str, entries: Array, axes: Axes) -> Array:
        return entries

    def apply(self, name: str, operation: Operation, *operands: Array, axes: Axes, note: str = "") -> Array:
        return operation.evaluate(*operands)

    def known(self, name: str, operation: Operation, *operands: Array, value: Callable[[], Array], axes: Axes) -> Array:
        return value()

    def products(
        self, names: tuple[str, ...], x: Array, joined: Joined[Array], axes: Sequence[AxesOf]
    ) -> Sequence[Array]:
        product = _LINEAR.evaluate(x, joined.weight, *(() if joined.bias is None else (joined.bias,)))  # type: ignore[arg-type]  # arrays are joined
        return [product] if len(names) == 1 else [product[..., part] for part in joined.borders]


_LINEAR = Linear()


def joined_arrays(parts: Sequence[tuple[Array, ...]], operation: Linear) -> Joined[Array]:
    """The linear layers of these weights and biases, laid out so that a row times them is quickest.

    Args:
        parts: the weight of each, (d_in, d_out) or transposed, as the operation has it; and its bias.
        operation: what each of them is.
    """
    plain = [part[0].T if operation.transpose else part[0] for part in parts]
    weight = np.ascontiguousarray(np.concatenate(plain, axis=1))
    bias = np.concatenate([part[1] for part in parts]) if len(parts[0]) == 2 else None
    borders, start = [], 0
    for matrix in plain:
        borders.append(slice(start, start + matrix.shape[1]))
        start += matrix.shape[1]
    if operation.transpose:
        return Joined(tuple(parts), operation, weight, bias, tuple(borders))
    shared = [
        (weight[:, border], *(() if bias is None else (bias[border],))) for border in borders
    ]  # views: nothing is held twice
    return Joined(tuple(shared), operation, weight, bias, tuple(borders))


class Record(NamedTuple):
    """A step as it is noted while computing: nothing is looked at or named yet."""

    place: str
    name: str
    operation: Operation
    operands: tuple[Array, ...]
    value: Array
    axes: Axes
    note: str


class Noting(Computing):
    """Computes the same and notes every step."""

    keeps = True

    def __init__(self) -> None:
        # All fields of all records in one list: what Python's collector need not look at costs nothing to keep.
        self._notes: list[Any] = []
        self._place = ""

    @property
    def records(self) -> list[Record]:
        """The steps so far, in order."""
        return [Record(*fields) for fields in zip(*[iter(self._notes)] * len(Record._fields), strict=True)]

    def enter(self, place: str) -> None:
        self._place = place

    def given(self, name: str, entries: Array, axes: Axes, note: str = "") -> Array:
        # An array stands for one step: what is given twice is a view of its own each time.
        return self._note(name, Given(entries), (), entries.view(), axes, note)

    def indices(self, name: str, entries: Array, axes: Axes) -> Array:
        return self._note(name, Indices(entries), (), entries.view(), axes, "")

    def apply(self, name: str, operation: Operation, *operands: Array, axes: Axes, note: str = "") -> Array:
        value = operation.evaluate(*operands)
        if operands[0] is value:  # an array stands for one step: a copy is a view of its own
            value = value.view()
        self._notes += (self._place, name, operation, operands, value, axes, note)
        return value

    def known(self, name: str, operation: Operation, *operands: Array, value: Callable[[], Array], axes: Axes) -> Array:
        return self._note(name, operation, operands, value().view(), axes, "")

    def products(
        self, names: tuple[str, ...], x: Array, joined: Joined[Array], axes: Sequence[AxesOf]
    ) -> Sequence[Array]:
        results = super().products(names, x, joined, axes)
        place, operation = self._place, joined.operation
        for name, part, result, its_axes in zip(names, joined.parts, results, axes, strict=True):
            self._notes += (place, name, operation, (x, *part), result, its_axes, "")
        return results

    def _note(
        self, name: str, operation: Operation, operands: tuple[Array, ...], value: Array, axes: Axes, note: str
    ) -> Array:
        self._notes += (self._place, name, operation, operands, value, axes, note)
        return value


def resolved(axes: Axes, *operands: Any) -> tuple[Axis, ...]:
    """The axes of a result from those of its operands."""
    return axes(*operands) if callable(axes) else axes
