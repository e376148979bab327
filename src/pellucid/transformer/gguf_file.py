"""GGUF, the files of llama.cpp, read without trust: what they say about a model, and its tensors as floats.

The format is that of ggml's docs/gguf.md, versions 2 and 3; the blocks are those of ggml-common.h.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import WeightsError

_SUFFIX = ".gguf"
_MAGIC, _VERSIONS = b"GGUF", (2, 3)
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_COUNT = struct.Struct("<Q")
_MOST_AXES = 4


def is_gguf(path: Path) -> bool:
    """Whether a path is a file that calls itself GGUF."""
    return path.suffix.lower() == _SUFFIX and path.is_file()


class _Storage(NamedTuple):
    """How numbers are stored: in blocks of so many numbers and so many bytes."""

    name: str
    numbers: int
    size: int
    read: Callable[[Array], Array]


def _halves(blocks: Array, start: int) -> Array:
    """The float16 at `start` of each block, as float32."""
    return np.ascontiguousarray(blocks[:, start : start + 2]).view("<f2").astype(np.float32)


def _nibbles(blocks: Array, start: int) -> Array:
    """32 whole numbers of 4 bits: the low halves of 16 bytes, then the high ones."""
    packed = blocks[:, start : start + 16]
    numbers = np.empty((len(blocks), 32), dtype=np.float32)
    numbers[:, :16] = packed & 15
    numbers[:, 16:] = packed >> 4
    return numbers


def _q4_0(blocks: Array) -> Array:
    numbers = _nibbles(blocks, 2)
    numbers -= 8
    numbers *= _halves(blocks, 0)
    return numbers


def _q4_1(blocks: Array) -> Array:
    numbers = _nibbles(blocks, 4)
    numbers *= _halves(blocks, 0)
    numbers += _halves(blocks, 2)
    return numbers


def _q8_0(blocks: Array) -> Array:
    return np.ascontiguousarray(blocks[:, 2:]).view(np.int8).astype(np.float32) * _halves(blocks, 0)


def _bf16(blocks: Array) -> Array:
    return (blocks.view("<u2").astype(np.uint32) << 16).view(np.float32)


_STORED = {
    0: _Storage("F32", 1, 4, lambda blocks: blocks.view("<f4")),
    1: _Storage("F16", 1, 2, lambda blocks: blocks.view("<f2").astype(np.float32)),
    2: _Storage("Q4_0", 32, 18, _q4_0),
    3: _Storage("Q4_1", 32, 20, _q4_1),
    8: _Storage("Q8_0", 32, 34, _q8_0),
    30: _Storage("BF16", 1, 2, _bf16),
}


class _Entry(NamedTuple):
    """Where a tensor lies."""

    shape: tuple[int, ...]
    storage: _Storage
    start: int
    size: int


@dataclass(frozen=True)
class GgufFile:
    """An opened file.

    Args:
        path: of the file.
        metadata: what it says about the model and its tokenizer, by key.
        content: its bytes.
        entries: where its tensors lie, by name.
    """

    path: Path
    metadata: dict[str, Any]
    content: Array
    entries: dict[str, _Entry]

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, (out, in) of a matrix."""
        return self.entries[name].shape

    def tensor(self, name: str) -> Array:
        """A tensor in float32, (out, in) of a matrix; its numbers are exactly those that the blocks stand for.

        Raises:
            WeightsError: it holds what is no finite number.
        """
        shape, storage, start, size = self.entries[name]
        blocks = self.content[start : start + size].reshape(-1, storage.size)
        with np.errstate(all="ignore"):  # of what the sum finds
            numbers = storage.read(blocks)
            finite = bool(np.isfinite(numbers.sum()))
        if not finite:
            raise WeightsError(
                f"{self.path}: {name} holds numbers that are not finite; the file is damaged, fetch it again."
            )
        return numbers.reshape(shape)


def read_gguf(path: str | Path) -> GgufFile:
    """Opens a file; tensors are made into floats when they are asked for.

    Raises:
        WeightsError: it cannot be read, is no GGUF file, is cut short, or stores tensors in a way that is not known.
    """
    path = Path(path)
    try:
        content = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}.") from None
    reader = _Reader(content)
    try:
        return _parsed(path, content, reader)
    except (struct.error, UnicodeDecodeError, _DamagedError) as error:
        raise WeightsError(
            f"{path} ({len(content)} bytes) is damaged, cut short or no GGUF file; fetch it again ({error})."
        ) from None


class _DamagedError(Exception):
    """The file does not hold what it says."""


class _Reader:
    """Reads numbers and texts one after the other."""

    def __init__(self, content: Array) -> None:
        self._view = content.data
        self.at = 0

    def unpack(self, form: str) -> Any:
        (value,) = struct.unpack_from(form, self._view, self.at)
        self.at += struct.calcsize(form)
        return value

    def text(self) -> str:
        (size,) = _COUNT.unpack_from(self._view, self.at)
        start = self.at + _COUNT.size
        self.at = start + size
        if self.at > len(self._view):
            raise _DamagedError("a text ends behind the file")
        return str(self._view[start : self.at], "utf-8")

    def value(self, kind: int) -> Any:
        if kind in _SCALARS:
            return self.unpack(_SCALARS[kind])
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY:
            raise _DamagedError(f"there is no type {kind}")
        inner, count = self.unpack("<I"), self.unpack("<Q")
        if count > len(self._view):
            raise _DamagedError("a list ends behind the file")
        if inner not in _SCALARS:
            return [self.value(inner) for _ in range(count)] if inner == _STRING else self._refuse_nested()
        form = f"<{count}{_SCALARS[inner][1]}"
        values = struct.unpack_from(form, self._view, self.at)
        self.at += struct.calcsize(form)
        return list(values)

    def _refuse_nested(self) -> Any:
        raise _DamagedError("a list holds lists")


def _parsed(path: Path, content: Array, reader: _Reader) -> GgufFile:
    if content[:4].tobytes() != _MAGIC:
        raise _DamagedError("it does not begin with GGUF")
    reader.at = len(_MAGIC)
    version = reader.unpack("<I")
    if version not in _VERSIONS:
        raise _DamagedError(f"version {version} is not known, only 2 and 3")
    tensors, pairs = reader.unpack("<Q"), reader.unpack("<Q")
    metadata: dict[str, Any] = {}
    for _ in range(pairs):
        key = reader.text()
        metadata[key] = reader.value(reader.unpack("<I"))
    found = [(reader.text(), *_shape_and_place(reader)) for _ in range(tensors)]
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1:
        raise _DamagedError(f"an alignment of {alignment}")
    data = -(-reader.at // alignment) * alignment
    entries = {}
    for name, shape, kind, offset in found:
        storage = _STORED.get(kind)
        if storage is None:
            known = ", ".join(each.name for each in _STORED.values())
            raise WeightsError(f"{path}: {name} is stored as type {kind} of ggml; the types that are read are {known}.")
        count = math.prod(shape)
        if shape and shape[-1] % storage.numbers:
            raise _DamagedError(f"{name} has rows of {shape[-1]} numbers in blocks of {storage.numbers}")
        size = count // storage.numbers * storage.size
        if data + offset + size > len(content):
            raise _DamagedError(f"{name} ends behind the file")
        entries[name] = _Entry(shape, storage, data + offset, size)
    return GgufFile(path, metadata, content, entries)


def _shape_and_place(reader: _Reader) -> tuple[tuple[int, ...], int, int]:
    axes = reader.unpack("<I")
    if axes > _MOST_AXES:
        raise _DamagedError(f"a tensor has {axes} axes")
    shape = tuple(reader.unpack("<Q") for _ in range(axes))[::-1]  # the file has the fastest axis first
    return shape, reader.unpack("<I"), reader.unpack("<Q")
