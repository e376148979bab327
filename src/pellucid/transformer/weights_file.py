"""Files of weights, read without trust and without PyTorch: only safetensors, whole, undamaged, of one model.

Also what `pellucid.nn` needs of that: names, formats and every check that is the same there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from pellucid.arrays import Array
from pellucid.errors import ConfigError, WeightsError
from pellucid.transformer.config import TransformerConfig

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
SOURCE_TOKENIZER = "source_tokenizer.json"
DIGESTS = {TOKENIZER: "tokenizer", SOURCE_TOKENIZER: "source_tokenizer"}
"""Under which name the metadata of the weights hold the digest of a tokenizer that they were saved with."""
FORMAT = "pellucid-weights-1"
SCALE = ".scale"
"""Behind the name of a matrix of 8-bit integers: the scale of each row."""

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
_MAY_DIFFER = ("dropout", "attention_dropout", "activation_dropout", "max_length")
"""Settings that may be edited in `config.json` after saving: no weight depends on them, or its shape tells."""

_DTYPES: dict[str, Any] = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I8": "i1"}


def refuse_pickle(path: Path) -> None:
    """Raises if a file is a pickle by its name or its first bytes.

    Raises:
        WeightsError: it is.
    """
    start = b""
    if path.is_file():
        with path.open("rb") as file:
            start = file.read(4)
    if path.suffix.lower() in PICKLES or start.startswith((b"PK\x03\x04", b"\x80")):
        raise WeightsError(
            f"{path} is a pickle, which can run any program when it is opened, and is not opened; "
            "convert it to safetensors where it comes from."
        )


def refuse_pickles_in(directory: Path) -> None:
    """Raises if a directory, which has no safetensors, has pickles in their place.

    Raises:
        WeightsError: so it has; names the first.
    """
    for pickle in sorted(file for file in directory.iterdir() if file.suffix.lower() in PICKLES):
        refuse_pickle(pickle)


def data_start(beginning: bytes) -> int:
    """Where the tensors begin in a safetensors file, from its first 8 bytes."""
    return 8 + int.from_bytes(beginning[:8], "little")


def changed(path: Path) -> WeightsError:
    """The error for a file whose digest is not that of its tensors."""
    return WeightsError(f"{path} was changed after it was written: its digest is not that of its tensors.")


def damaged(path: Path, size: int, reason: object) -> WeightsError:
    """The error for what is no whole safetensors file."""
    return WeightsError(
        f"{path} ({size} bytes) is damaged, cut short or no safetensors file; fetch or make it again ({reason})."
    )


def open_model_directory(directory: Path) -> tuple[TransformerConfig, Path]:
    """The configuration and the file of weights of a model's directory.

    Raises:
        ConfigError: `config.json` is missing or cannot be used.
        WeightsError: there is no such directory, or no weights but a pickle or none.
    """
    refuse_pickle(directory)
    if not directory.is_dir():
        what = "is a file" if directory.exists() else "does not exist"
        raise WeightsError(f"{directory} {what}; give the directory of a model, with config.json and {WEIGHTS}.")
    path = directory / WEIGHTS
    if not path.exists():
        refuse_pickles_in(directory)
    config = TransformerConfig.load(directory)
    if not path.exists():
        raise WeightsError(f"{directory} has no {WEIGHTS}.")
    return config, path


def check_origin(path: Path, config: TransformerConfig, metadata: Mapping[str, str]) -> None:
    """Raises if a file is not one of pellucid's, or was saved with another configuration.

    Raises:
        WeightsError: so it is.
    """
    if metadata.get("format") != FORMAT:
        raise WeightsError(f"{path} was not written by pellucid: its metadata lack the format {FORMAT!r}.")
    try:
        saved = TransformerConfig.from_mapping(msgspec.json.decode(metadata.get("config", "{}")))
    except (msgspec.DecodeError, ConfigError, TypeError) as error:
        raise WeightsError(f"{path}: the configuration among its metadata cannot be used: {error}") from None
    for name in config.__struct_fields__:
        if name not in _MAY_DIFFER and getattr(saved, name) != getattr(config, name):
            raise WeightsError(
                f"{path} was saved with {name} = {getattr(saved, name)}, but {path.parent / 'config.json'} says "
                f"{getattr(config, name)}; the two files are not of one model."
            )


def read_metadata(path: Path) -> dict[str, str]:
    """What a safetensors file says about itself, without its tensors.

    Raises:
        WeightsError: it cannot be read, or is damaged or no such file.
    """
    from safetensors import SafetensorError, safe_open  # heavier than the rest of this file

    refuse_pickle(path)
    try:
        with safe_open(path, framework="numpy") as file:  # looks at the header and at the size
            return dict(file.metadata() or {})
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}.") from None
    except SafetensorError as error:
        raise damaged(path, path.stat().st_size, error) from None


def check_shapes(needed: Mapping[str, tuple[int, ...]], held: Mapping[str, tuple[int, ...]], where: str) -> None:
    """Raises if tensors are not those of a model.

    Args:
        needed: the shape of every weight of the model, by its name in files.
        held: likewise, of the tensors.
        where: names their origin in messages.

    Raises:
        WeightsError: one is missing, superfluous or of the wrong shape.
    """
    missing, superfluous = sorted(needed.keys() - held.keys()), sorted(held.keys() - needed.keys())
    if missing or superfluous:
        lacks = f" lacks {_some(missing)}" if missing else ""
        has = f" has {_some(superfluous)}, which the model of its config.json has not" if superfluous else ""
        raise WeightsError(f"{where}{lacks}{' and' if missing and superfluous else ''}{has}.")
    for name, shape in held.items():
        if shape != needed[name]:
            raise WeightsError(
                f"{where}: {name} has shape {shape}, but the model of its config.json needs {needed[name]}."
            )


def without_scale(path: Path, name: str) -> WeightsError:
    """The error for integers that cannot be read as numbers."""
    return WeightsError(f"{path}: {name} is stored as integers without a scale for each row.")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def read_arrays(path: Path, dtype: np.dtype[Any]) -> tuple[dict[str, Array], dict[str, str]]:
    """The tensors of a safetensors file as floats, and its metadata.

    Args:
        path: of the file.
        dtype: of the result, whatever the storage: float32, float16, bfloat16, or integers with scales.

    Raises:
        WeightsError: it cannot be read, is a pickle, is not safetensors, is cut short, or its digest, if it has one,
            is not that of its tensors.
    """
    metadata = read_metadata(path)
    try:
        content = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}.") from None
    start = data_start(content[:8].tobytes())
    data = content[start:]
    if "sha256" in metadata and hashlib.sha256(data.data).hexdigest() != metadata["sha256"]:
        raise changed(path)
    header: dict[str, Any] = msgspec.json.decode(content[8:start].tobytes())
    header.pop("__metadata__", None)
    stored = {}
    for name, entry in header.items():
        if entry["dtype"] not in _DTYPES:
            raise WeightsError(f"{path}: {name} is stored as {entry['dtype']}, which no weight is.")
        begin, end = entry["data_offsets"]
        stored[name] = (entry["dtype"], data[begin:end].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"]))
    arrays = {}
    for name, (kind, array) in stored.items():
        if kind == "I8":
            scale = stored.get(name + SCALE)
            if scale is None or scale[1].shape != array.shape[:1]:
                raise without_scale(path, name)
            # In float32, as they were made; wider numbers hold the products unchanged.
            arrays[name] = (array.astype(np.float32) * scale[1].astype(np.float32)[:, np.newaxis]).astype(dtype)
        elif not (name.endswith(SCALE) and name.removesuffix(SCALE) in stored):
            if kind == "BF16":  # the upper half of a float32
                array = (array.astype(np.uint32) << 16).view(np.float32)
            arrays[name] = array.astype(dtype)
    return arrays, metadata
