"""A model as a directory: `config.json`, `model.safetensors` and, if there is one, `tokenizer.json`.

Safetensors only: a pickle can run any program when it is opened. The file carries the configuration that it was
saved with and a digest of its tensors, so that damage and mixed-up files are noticed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import torch

from pellucid.errors import OutputError, WeightsError
from pellucid.files import write_atomically
from pellucid.nn.build import build_empty
from pellucid.nn.decoder_only import DecoderOnly
from pellucid.nn.encoder_decoder import EncoderDecoder
from pellucid.nn.model import Model
from pellucid.nn.quantisation import dequantise_rows, quantise_rows
from pellucid.nn.safe_files import read_tensors, write_tensors
from pellucid.nn.tensors import Tensor
from pellucid.nn.weight_names import assign, named_parts
from pellucid.transformer.from_gguf import gguf_arrays, gguf_config
from pellucid.transformer.gguf_file import is_gguf, read_gguf
from pellucid.transformer.weights_file import (
    DIGESTS,
    FORMAT,
    SCALE,
    SOURCE_TOKENIZER,
    TOKENIZER,
    WEIGHTS,
    check_origin,
    open_model_directory,
    without_scale,
)

Storage = Literal["float32", "float16", "bfloat16", "int8"]


def save_model(
    model: Model,
    tokenizer_file: str | Path | None,
    directory: str | Path,
    storage: Storage = "float32",
    *,
    source_tokenizer_file: str | Path | None = None,
) -> None:
    """Writes a model into a directory, which is made if need be; every file is written whole or not at all.

    Args:
        model: of which the weights and the configuration are written.
        tokenizer_file: is copied, and its digest kept with the weights; `None` for none.
        directory: old files of the same names are replaced.
        storage: number type of the weights. "int8" keeps matrices as 8-bit integers with one scale a row, and the
            rest as float32; it is for smaller files: loaded models compute with full numbers.
        source_tokenizer_file: likewise, where what the model reads has a tokenizer of its own.

    Raises:
        WeightsError: a weight is not a finite number, or is too large for the storage.
        OutputError: a file cannot be read or written.
    """
    tensors: dict[str, Tensor] = {}
    for name, tensor in named_parts(model):
        if not bool(torch.isfinite(tensor).all()):
            raise WeightsError(f"{name} holds numbers that are not finite; such a model is not saved.")
        tensors |= _stored(name, tensor, storage)
    metadata = {"format": FORMAT, "storage": storage, "config": msgspec.json.encode(model.config).decode()}
    directory = Path(directory)
    try:
        given = {TOKENIZER: tokenizer_file, SOURCE_TOKENIZER: source_tokenizer_file}
        tokenizers = {name: Path(file).read_bytes() for name, file in given.items() if file is not None}
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be used: {error.strerror or error}.") from None
    for name, content in tokenizers.items():
        metadata[DIGESTS[name]] = hashlib.sha256(content).hexdigest()
        write_atomically(directory / name, content)
    model.config.save(directory)
    write_tensors(directory / WEIGHTS, tensors, metadata)


def _stored(name: str, tensor: Tensor, storage: Storage) -> dict[str, Tensor]:
    if storage == "int8":
        if tensor.ndim != 2:
            return {name: tensor.float()}
        integers, scale = quantise_rows(tensor)
        return {name: integers, name + SCALE: scale}
    stored = tensor.to(getattr(torch, storage))
    if not bool(torch.isfinite(stored).all()):
        largest = float(tensor.abs().max())
        raise WeightsError(f"{name} holds {largest:g}, too large for {storage}; store it as float32.")
    return {name: stored}


def load_model(
    directory: str | Path, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
) -> EncoderDecoder | DecoderOnly:
    """Reads what `save_model` wrote, or a GGUF file; the model is in evaluation mode.

    Args:
        directory: the model's, or the file.
        dtype: number type to compute in, whatever the storage.
        device: where the model is to be.

    Raises:
        ConfigError: `config.json` is missing or cannot be used, or the file is of no Llama.
        WeightsError: the weights are missing, damaged, a pickle, or not those of the configuration.
    """
    path = Path(directory)
    if is_gguf(path):
        file = read_gguf(path)
        config = gguf_config(file)
        arrays = gguf_arrays(file, config, np.dtype(np.float32))
        tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    else:
        config, path = open_model_directory(path)
        stored, metadata = read_tensors(path)
        check_origin(path, config, metadata)
        tensors = _restored(stored, path)
    model = build_empty(config)
    assign(model, tensors, str(path))
    return model.to(device=device, dtype=dtype).eval()


def _restored(stored: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    tensors = {}
    for name, tensor in stored.items():
        if tensor.dtype == torch.int8:
            scale = stored.get(name + SCALE)
            if scale is None or scale.shape != tensor.shape[:1]:
                raise without_scale(path, name)
            tensors[name] = dequantise_rows(tensor, scale)
        elif not (name.endswith(SCALE) and name.removesuffix(SCALE) in stored):
            tensors[name] = tensor
    return tensors
