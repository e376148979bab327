"""Recordings in files: safetensors with a header, no pickles; what is read derives the same as what was saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
import torch

from pellucid.capturing import stored
from pellucid.capturing.changes import (
    Causal,
    Change,
    Filled,
    Floor,
    Multiplied,
    Operand,
    Plus,
    Scaled,
    Shifted,
    Tanh,
)
from pellucid.capturing.compute import Head
from pellucid.capturing.dims import Atom, Dims, Run, resolved, size
from pellucid.capturing.labels import Labels
from pellucid.capturing.marks import Mark, Marks, Token
from pellucid.capturing.record import Record
from pellucid.capturing.recorder import Pass
from pellucid.capturing.verification import Verification
from pellucid.errors import OutputError, WeightsError
from pellucid.nn.safe_files import read_tensors, write_tensors
from pellucid.nn.tensors import Tensor

if TYPE_CHECKING:
    from pellucid.capturing.recording import Recording


def save(recording: Recording, path: Path) -> None:
    """Writes a recording, whole or not at all; every layer is verified before.

    Args:
        recording: what is saved.
        path: of the file.

    Raises:
        OutputError: it cannot be written, or holds functions, which no file without code can hold.
    """
    for layer in recording.layers:
        layer.status  # noqa: B018  (verifying cuts axes for the last time, before they are numbered)
    writer = _Writer()
    layers = iter(recording.layers)
    passes = tuple(
        stored.StoredPass(
            entry.name,
            entry.batch,
            entry.called,
            entry.classes,
            tuple(
                writer.layer(record, layer.verification, layer.tokens, layer.marks)
                for record, layer in zip(entry.records, layers, strict=False)
            ),
        )
        for entry in recording.passes
    )
    given = tuple(tuple((token.text, token.mark) for token in sequence) for sequence in recording.tokens)
    header = stored.StoredRecording(
        passes,
        tuple(writer.sizes),
        tuple(writer.tokens),
        tuple(writer.marks),
        given,
        tuple(recording.notes),
        tuple(recording.chosen),
    )
    metadata = {"format": stored.FORMAT, "recording": msgspec.json.encode(header).decode()}
    write_tensors(path, writer.tensors, metadata)


class _Writer:
    """Numbers atoms, names tensors, and holds each once."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.sizes: list[int] = []
        self.tokens: list[tuple[str, ...]] = []
        self.marks: list[tuple[Mark, ...]] = []
        self._atoms: dict[Atom, int] = {}
        self._names: dict[tuple[object, ...], str] = {}
        self._held: list[Tensor] = []  # so that no address is taken twice

    def layer(
        self,
        record: Record,
        verification: Verification,
        tokens: Sequence[tuple[Labels, Labels]],
        marks: Sequence[tuple[Marks, Marks]],
    ) -> stored.StoredLayer:
        """A record."""
        again = record.finish is None
        return stored.StoredLayer(
            query=self.operand(record.query),
            key=self.operand(record.key),
            value=self.operand(record.value),
            changes=tuple(self.change(change, record) for change in record.changes),
            sinks=None if record.sinks is None else self.operand(record.sinks),
            after=tuple(self.change(change, record) for change in record.after),
            keys=self.run(record.keys),
            rows=self.run(record.rows),
            lead=self.run(record.lead),
            heads=self.run(record.head_run()),
            output=self.operand(record.output) if again else None,
            kept=None if record.kept is None else self.tensor(record.kept),
            kept_run=self.run(record.kept_run),
            module=record.module,
            kind="cross" if record.kind == "cross" else "self",
            dtype=str(record.dtype).removeprefix("torch."),
            notes=record.notes,
            doubt=record.doubt,
            batch=record.batch,
            verification=stored.StoredVerification(
                verification.status,
                verification.reason,
                None if verification.difference is None else stored.number(verification.difference),
                None if verification.tolerance is None else stored.number(verification.tolerance),
                verification.rows,
                verification.empty,
            ),
            tokens=tuple((self.labels(queries), self.labels(keys)) for queries, keys in tokens),
            marks=tuple((self.its_marks(queries), self.its_marks(keys)) for queries, keys in marks),
        )

    def labels(self, labels: Labels) -> int | None:
        return None if labels is None else _place(labels, self.tokens)

    def its_marks(self, marks: Marks) -> int | None:
        return None if marks is None else _place(marks, self.marks)

    def run(self, run: Run) -> tuple[int, ...]:
        numbers = []
        for atom in resolved(run):
            if atom not in self._atoms:
                self._atoms[atom] = len(self.sizes)
                self.sizes.append(atom.size)
            numbers.append(self._atoms[atom])
        return tuple(numbers)

    def operand(self, operand: Operand) -> stored.StoredOperand:
        tensor = operand.tensor
        for axis in range(len(operand.dims)):
            if tensor.shape[axis] > 1 and tensor.stride(axis) == 0:
                tensor = tensor.narrow(axis, 0, 1)  # the same for every position: an axis of size 1 stands for all
        return stored.StoredOperand(self.tensor(tensor), tuple(self.run(run) for run in operand.dims))

    def tensor(self, tensor: Tensor) -> str:
        key = (tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype)
        if key not in self._names:
            self._names[key] = f"tensor.{len(self.tensors)}"
            self.tensors[self._names[key]] = tensor
            self._held.append(tensor)
        return self._names[key]

    def change(self, change: Change, record: Record) -> stored.AnyStoredChange:
        match change:
            case Scaled(factor):
                return stored.StoredScaled(stored.number(factor))
            case Multiplied(operand, inverse):
                return stored.StoredMultiplied(self.operand(operand), inverse)
            case Plus(operand, factor):
                return stored.StoredPlus(self.operand(operand), stored.number(factor))
            case Shifted(number):
                return stored.StoredShifted(stored.number(number))
            case Filled(operand, value, inverse):
                put = self.operand(value) if isinstance(value, Operand) else stored.number(value)
                return stored.StoredFilled(self.operand(operand), put, inverse)
            case Floor(value):
                return stored.StoredFloor(stored.number(value))
            case Tanh():
                return stored.StoredTanh()
            case Causal():
                return stored.StoredCausal()
        raise OutputError(
            f"{record.module or 'the model'} changes its scores with functions (FlexAttention), which a file without "
            "code cannot hold; export its weights instead."
        )


_Listed = TypeVar("_Listed")


def _place(wanted: _Listed, among: list[_Listed]) -> int:
    """Where it is in a list, to which it is added if need be."""
    if wanted not in among:
        among.append(wanted)
    return among.index(wanted)


@dataclass(frozen=True, eq=False)
class Loaded:
    """What a file holds.

    Args:
        passes: without the ids of tokens.
        tokens: of every record, for each sequence those of the queries and of the keys.
        marks: likewise, which are special tokens or padding.
        given: what the model was given.
        verifications: of every record; `None` where it can be verified again.
        notes: what a reader should know.
        chosen: the tokens that a generation chose.
    """

    passes: list[Pass]
    tokens: list[list[tuple[Labels, Labels]]]
    marks: list[list[tuple[Marks, Marks]]]
    given: list[tuple[Token, ...]]
    verifications: list[Verification | None]
    notes: list[str]
    chosen: list[str]


def load(path: Path) -> Loaded:
    """Reads what `save` wrote.

    Args:
        path: of the file.

    Raises:
        WeightsError: it cannot be read, is damaged, or is no recording.
    """
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != stored.FORMAT:
        raise WeightsError(f"{path} is no recording of pellucid: its metadata lack the format {stored.FORMAT!r}.")
    try:
        header = msgspec.json.decode(metadata.get("recording", ""), type=stored.StoredRecording)
        return _Reader(tensors, header).recording()
    except (msgspec.DecodeError, LookupError, ValueError, TypeError, RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise WeightsError(f"{path} is no recording that can be read: its header is damaged ({reason}).") from None


class _Reader:
    def __init__(self, tensors: dict[str, Tensor], header: stored.StoredRecording) -> None:
        self.tensors, self.header = tensors, header
        self.atoms = [Atom(length) for length in header.atoms]

    def recording(self) -> Loaded:
        passes: list[Pass] = []
        tokens: list[list[tuple[Labels, Labels]]] = []
        marks: list[list[tuple[Marks, Marks]]] = []
        verifications: list[Verification | None] = []
        for entry in self.header.passes:
            records = [self.record(layer) for layer in entry.layers]
            passes.append(Pass(entry.name, None, None, entry.batch, records, entry.called, entry.classes))
            for layer in entry.layers:
                tokens.append([(self.labels(queries), self.labels(keys)) for queries, keys in layer.tokens])
                marks.append([(self.marks(queries), self.marks(keys)) for queries, keys in layer.marks])
                verifications.append(self.verification(layer))
        given = [tuple(Token(text, mark) for text, mark in sequence) for sequence in self.header.given]
        header = self.header
        if len(header.chosen) > len(passes):
            raise ValueError(f"{len(header.chosen)} tokens were chosen in {len(passes)} passes")
        return Loaded(passes, tokens, marks, given, verifications, list(header.notes), list(header.chosen))

    def record(self, layer: stored.StoredLayer) -> Record:
        record = Record(
            query=self.operand(layer.query),
            key=self.operand(layer.key),
            value=self.operand(layer.value),
            changes=tuple(map(self.change, layer.changes)),
            sinks=None if layer.sinks is None else self.operand(layer.sinks),
            after=tuple(map(self.change, layer.after)),
            keys=self.run(layer.keys),
            rows=self.run(layer.rows),
            lead=self.run(layer.lead),
            output=self.operand(layer.output or layer.value),
            heads=self.run(layer.heads),
            module=layer.module,
            kind=layer.kind,
            dtype=_dtype(layer.dtype),
            notes=layer.notes,
            doubt=layer.doubt,
            batch=layer.batch,
            kept=None if layer.kept is None else self.tensors[layer.kept],
            kept_run=self.run(layer.kept_run),
        )
        batch, _, n_q, n_k = record.shape
        for places, named in ((layer.tokens, self.labels), (layer.marks, self.marks)):
            for queries, keys in places:
                for found, length in ((named(queries), n_q), (named(keys), n_k)):
                    if found is not None and len(found) != length:
                        raise ValueError(f"{len(found)} tokens stand for {length} positions")
            if places and len(places) != batch:
                raise ValueError(f"there are tokens of {len(places)} sequences for {batch}")
        Head(record, 0, 0).rows([0]).output  # noqa: B018  (what does not fit together is told here)
        record.snapshot()
        return record

    def verification(self, layer: stored.StoredLayer) -> Verification | None:
        """That of the file where the model's output is not in it, or where it failed; else it is made again."""
        held = layer.verification
        if layer.output is not None and held.status == "verified":
            return None
        difference = None if held.difference is None else float(held.difference)
        tolerance = None if held.tolerance is None else float(held.tolerance)
        return Verification(held.status, held.reason, difference, tolerance, held.rows, held.empty)

    def labels(self, place: int | None) -> Labels:
        return None if place is None else self.header.tokens[place]

    def marks(self, place: int | None) -> Marks:
        return None if place is None else self.header.marks[place]

    def run(self, numbers: tuple[int, ...]) -> Run:
        if any(place < 0 for place in numbers):
            raise ValueError("an axis has a negative number")
        return tuple(self.atoms[place] for place in numbers)

    def operand(self, operand: stored.StoredOperand) -> Operand:
        tensor = self.tensors[operand.tensor]
        dims: Dims = tuple(map(self.run, operand.dims))
        if tensor.ndim not in (len(dims), len(dims) + 1):
            raise ValueError(f"{operand.tensor} has {tensor.ndim} axes, of which {len(dims)} are named")
        for run, length in zip(dims, tensor.shape, strict=False):
            if length not in (1, size(run)):
                raise ValueError(f"an axis of {operand.tensor} has {length} positions in place of {size(run)}")
        return Operand(tensor, dims)

    def change(self, change: stored.AnyStoredChange) -> Change:
        match change:
            case stored.StoredScaled(factor):
                return Scaled(float(factor))
            case stored.StoredMultiplied(operand, inverse):
                return Multiplied(self.operand(operand), inverse)
            case stored.StoredPlus(operand, factor):
                return Plus(self.operand(operand), float(factor))
            case stored.StoredShifted(number):
                return Shifted(float(number))
            case stored.StoredFilled(operand, value, inverse):
                put = self.operand(value) if isinstance(value, stored.StoredOperand) else float(value)
                return Filled(self.operand(operand), put, inverse)
            case stored.StoredFloor(value):
                return Floor(float(value))
            case stored.StoredTanh():
                return Tanh()
        return Causal()


def _dtype(name: str) -> torch.dtype:
    dtype = getattr(torch, name, None)
    if not isinstance(dtype, torch.dtype):
        raise ValueError(f"{name!r} is no number type")
    return dtype
