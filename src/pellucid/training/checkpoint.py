"""Checkpoints: everything that a training needs to go on, in one file that is whole or not there.

A file of safetensors holds the tensors; what is no tensor stands as JSON in its header, with a checksum of the
tensors. Random numbers need no state: those of a step follow from the seed, the step and the process's rank.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from pellucid.errors import CheckpointError
from pellucid.files import write_atomically
from pellucid.training.task import Place

_NAME = re.compile(r"step-(\d{8,})\.safetensors")
_FORMAT = "pellucid-checkpoint-1"


class State(msgspec.Struct, kw_only=True):
    """What is no tensor.

    Args:
        step: updates that are done.
        place: in the data.
        tokens: that were learnt.
        seconds: that the training took, over all its runs.
        best: the best validation's measures; empty before the first.
        best_step: when it was.
        since_best: validations since then.
    """

    step: int = 0
    place: Place = Place()
    tokens: int = 0
    seconds: float = 0.0
    best: dict[str, float] = {}
    best_step: int = 0
    since_best: int = 0


class Checkpoints:
    """The files of one kind in a folder, `step-00001000.safetensors` and its like.

    Args:
        folder: where they are; it is made when it is needed.
        keep: how many of the latest are kept.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder, self.keep = folder, keep

    def paths(self) -> list[Path]:
        """The files, the earliest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))

    def write(self, step: int, tensors: Mapping[str, Tensor], content: Mapping[str, Any]) -> Path:
        """Write one, then remove those that are too old.

        Raises:
            OutputError: it cannot be written; the earlier ones are untouched.
        """
        with contextlib.suppress(OSError):  # what matters is whether the file can be written
            self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"step-{step:08d}.safetensors"
        write_tensors(path, tensors, content)
        for old in self.paths()[: -self.keep]:
            old.unlink(missing_ok=True)
        return path

    def clean(self, after: int | None = None) -> None:
        """Remove what an interrupted run left: unfinished files, and those of steps beyond the one it goes on from."""
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            found = _NAME.fullmatch(path.name)
            if path.name.endswith(".part") or (found and after is not None and int(found[1]) > after):
                path.unlink(missing_ok=True)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], content: Mapping[str, Any]) -> None:
    """Write tensors and what belongs to them as one file.

    Raises:
        OutputError: it cannot be written; what stood there before is untouched.
    """
    held = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    header = {"format": _FORMAT, "checksum": _checksum(held), "content": msgspec.json.encode(content).decode()}
    write_atomically(path, safetensors.torch.save(held, metadata=header))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_tensors` wrote.

    Raises:
        CheckpointError: it cannot be read, was cut off or altered.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no mapping)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.") from None
    except safetensors.SafetensorError:
        raise CheckpointError(f"{path} is damaged: it is no whole safetensors file; remove it and resume.") from None
    if header.get("format") != _FORMAT:
        raise CheckpointError(f"{path} is no checkpoint of pellucid, or one of another version; remove it and resume.")
    if header.get("checksum") != _checksum(tensors):
        raise CheckpointError(f"{path} is damaged: its checksum is not that of its contents; remove it and resume.")
    return tensors, msgspec.json.decode(header["content"])


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    value = 0
    for name in sorted(tensors):
        flat = tensors[name].reshape(-1).contiguous()
        value = zlib.crc32(name.encode(), value)
        value = zlib.crc32(memoryview(flat.view(torch.uint8).numpy()), value)  # type: ignore[arg-type]
    return f"{value:08x}"
