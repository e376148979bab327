"""What a recording is in a file: the header, as data that is checked when it is read.

Tensors are named in it; axes are runs of atoms (see `dims`), which are numbered.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from pellucid.capturing.marks import Mark

FORMAT = "pellucid-recording-1"

Number = float | Literal["inf", "-inf", "nan"]


def number(value: float) -> Number:
    """A number as JSON has it."""
    return value if math.isfinite(value) else str(value)  # type: ignore[return-value]  # str gives these three


class StoredOperand(msgspec.Struct, frozen=True):
    """A tensor and what its axes are.

    Args:
        tensor: its name in the file.
        dims: of each axis the atoms.
    """

    tensor: str
    dims: tuple[tuple[int, ...], ...]


class StoredChange(msgspec.Struct, frozen=True, tag_field="change"):
    """A change of scores or weights; see `changes`."""


class StoredScaled(StoredChange, frozen=True, tag="scaled"):
    """× factor"""

    factor: Number


class StoredMultiplied(StoredChange, frozen=True, tag="multiplied"):
    """× operand, or divided by it"""

    operand: StoredOperand
    inverse: bool


class StoredPlus(StoredChange, frozen=True, tag="plus"):
    """+ operand × factor"""

    operand: StoredOperand
    factor: Number


class StoredShifted(StoredChange, frozen=True, tag="shifted"):
    """+ number"""

    number: Number


class StoredFilled(StoredChange, frozen=True, tag="filled"):
    """Becomes a number, or what another tensor holds, where the operand is true (or is not)."""

    operand: StoredOperand
    value: Number | StoredOperand
    inverse: bool


class StoredFloor(StoredChange, frozen=True, tag="floor"):
    """Never less than a number."""

    value: Number


class StoredTanh(StoredChange, frozen=True, tag="tanh"):
    """tanh"""


class StoredCausal(StoredChange, frozen=True, tag="causal"):
    """−∞ where the key comes after the query."""


AnyStoredChange = (
    StoredScaled
    | StoredMultiplied
    | StoredPlus
    | StoredShifted
    | StoredFilled
    | StoredFloor
    | StoredTanh
    | StoredCausal
)


class StoredVerification(msgspec.Struct, frozen=True):
    """A `Verification`, as it was when the recording was saved."""

    status: Literal["verified", "unverified", "not softmax"]
    reason: str
    difference: Number | None
    tolerance: Number | None
    rows: int
    empty: int


class StoredLayer(msgspec.Struct, frozen=True):
    """A `Record` with the tokens of its queries and keys.

    Args:
        output: what the model computed; `None` where it cannot be verified again from a file.
        tokens: of each sequence those of the queries and of the keys, as places in `StoredRecording.tokens`.
        marks: likewise which of them are special tokens or padding, as places in `StoredRecording.marks`.
    """

    query: StoredOperand
    key: StoredOperand
    value: StoredOperand
    changes: tuple[AnyStoredChange, ...]
    sinks: StoredOperand | None
    after: tuple[AnyStoredChange, ...]
    keys: tuple[int, ...]
    rows: tuple[int, ...]
    lead: tuple[int, ...]
    heads: tuple[int, ...]
    output: StoredOperand | None
    kept: str | None
    kept_run: tuple[int, ...]
    module: str
    kind: Literal["self", "cross"]
    dtype: str
    notes: tuple[str, ...]
    doubt: str
    batch: int
    verification: StoredVerification
    tokens: tuple[tuple[int | None, int | None], ...]
    marks: tuple[tuple[int | None, int | None], ...]


class StoredPass(msgspec.Struct, frozen=True):
    """A `Pass` without the ids, for which the tokens stand."""

    name: str
    batch: int
    called: dict[str, bool]
    classes: dict[str, str]
    layers: tuple[StoredLayer, ...]


class StoredRecording(msgspec.Struct, frozen=True):
    """A `Recording`.

    Args:
        passes: in order.
        atoms: the size of each.
        tokens: the lists of tokens that layers name.
        marks: the lists of marks that layers name.
        given: what the model was given, for each sequence: tokens with their marks.
        notes: what a reader should know.
        chosen: the tokens that a generation chose.
    """

    passes: tuple[StoredPass, ...]
    atoms: tuple[int, ...]
    tokens: tuple[tuple[str, ...], ...]
    marks: tuple[tuple[Mark, ...], ...]
    given: tuple[tuple[tuple[str, Mark], ...], ...]
    notes: tuple[str, ...]
    chosen: tuple[str, ...] = ()  # files of before generations were kept lack it
