"""Tensors that are written to after they were recorded: records keep what was there before."""

from __future__ import annotations

import weakref
from typing import Any

import torch

from pellucid.capturing.record import Record
from pellucid.nn.tensors import Tensor


class Writes:
    """Knows which records hold which memory."""

    def __init__(self) -> None:
        self._holders: dict[int, list[weakref.ref[Record]]] = {}

    def watch(self, record: Record) -> None:
        """From now on a write to what it holds is preceded by a copy."""
        reference = weakref.ref(record)
        for storage in {_storage(operand.tensor) for operand in record.held()}:
            self._holders.setdefault(storage, []).append(reference)

    def before(self, func: Any, args: tuple[Any, ...]) -> None:
        """Copies what records hold of the tensors that an operation is about to overwrite."""
        if not self._holders:
            return
        for argument, value in zip(func._schema.arguments, args, strict=False):
            if argument.alias_info is None or not argument.alias_info.is_write:
                continue
            for tensor in value if isinstance(value, list | tuple) else (value,):
                if isinstance(tensor, Tensor) and not _is_odd(tensor):
                    self._copy(_storage(tensor))

    def _copy(self, storage: int) -> None:
        for reference in self._holders.pop(storage, ()):
            record = reference()
            if record is None:
                continue
            for operand in record.held():
                if _storage(operand.tensor) == storage:
                    operand.tensor = operand.tensor.clone()
            record.snapshot()


def _is_odd(tensor: Tensor) -> bool:
    return tensor.is_nested or tensor.layout != torch.strided or tensor.device.type == "meta"


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
