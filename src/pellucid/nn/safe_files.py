"""Files of tensors, read without trust: only safetensors, whole and undamaged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from pellucid.errors import WeightsError
from pellucid.files import write_atomically
from pellucid.nn.tensors import Tensor
from pellucid.transformer.weights_file import changed, damaged, data_start, refuse_pickle

_NO_DIGEST = "0" * 64


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Writes a safetensors file, whole or not at all, with a digest of its tensors among the metadata.

    Raises:
        OutputError: it cannot be written.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = save(plain, {**metadata, "sha256": _NO_DIGEST})
    start = data_start(content)
    header, data = content[:start], memoryview(content)[start:]
    digest = hashlib.sha256(data).hexdigest()
    write_atomically(path, header.replace(_NO_DIGEST.encode(), digest.encode(), 1) + data)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a safetensors file.

    Raises:
        WeightsError: it cannot be read, is a pickle, is not safetensors, is cut short, or its digest, if it has one,
            is not that of its tensors.
    """
    refuse_pickle(path)
    try:
        size = path.stat().st_size
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
        if "sha256" in metadata:
            _check_digest(path, metadata["sha256"])
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}.") from None
    except SafetensorError as error:
        raise damaged(path, size, error) from None
    return tensors, metadata


def _check_digest(path: Path, expected: str) -> None:
    with path.open("rb") as file:
        file.seek(data_start(file.read(8)))
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != expected:
        raise changed(path)


def read_sharded(directory: Path, index: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint in several files.

    Args:
        directory: where they are.
        index: the file that says which is where.

    Raises:
        WeightsError: the index or a file cannot be used, or a tensor that it names is missing.
    """
    try:
        places = msgspec.json.decode(index.read_bytes())["weight_map"]
        files = sorted({str(file) for file in places.values()})
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise WeightsError(f"{index} is no index of weights: it needs a `weight_map` of names to files.") from None
    tensors: dict[str, Tensor] = {}
    for file in files:
        if Path(file).name != file:
            raise WeightsError(f"{index} names {file!r}, which is not a file beside it.")
        tensors |= read_tensors(directory / file)[0]
    missing = sorted(places.keys() - tensors.keys())
    if missing:
        raise WeightsError(f"{index} names {missing[0]}, which none of its files holds.")
    return tensors
