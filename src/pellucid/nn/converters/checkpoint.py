"""Checkpoints of transformers: directories, or names on the Hugging Face hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import msgspec
import torch

from pellucid.errors import ConfigError, MissingExtraError, OutputError, WeightsError
from pellucid.files import write_atomically
from pellucid.nn.build import build_empty
from pellucid.nn.converters import bart, gpt2, llama, marian, pegasus
from pellucid.nn.converters.converter import Converter, Tensors
from pellucid.nn.decoder_only import DecoderOnly
from pellucid.nn.encoder_decoder import EncoderDecoder
from pellucid.nn.model import Model
from pellucid.nn.safe_files import read_sharded, read_tensors, write_tensors
from pellucid.nn.weight_names import assign, named_parts
from pellucid.transformer import TransformerConfig
from pellucid.transformer.weights_file import WEIGHTS, refuse_pickle, refuse_pickles_in

CONVERTERS = {module.MODEL_TYPE: cast(Converter, module) for module in (bart, gpt2, llama, marian, pegasus)}

_INDEX = "model.safetensors.index.json"


def from_transformers(
    name: str | Path, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
) -> EncoderDecoder | DecoderOnly:
    """Our model with the weights of a checkpoint of transformers, in evaluation mode; its logits are the same.

    Args:
        name: a directory with `config.json` and safetensors, or the id of a model on the hub, "openai-community/gpt2",
            which is fetched by huggingface_hub.
        dtype: number type to compute in.
        device: where the model is to be.

    Raises:
        ConfigError: the class is none that we have, or uses what our models do not have.
        WeightsError: the weights are missing, damaged or pickles, or the hub does not give them.
        MissingExtraError: a name on the hub, but huggingface_hub is not installed.
    """
    directory = _directory(name)
    values = _read_config(directory / "config.json")
    kind = values.get("model_type")
    if kind not in CONVERTERS:
        raise ConfigError(
            f"{directory / 'config.json'} is of the class {kind!r}; those that can be read are {', '.join(CONVERTERS)}."
        )
    converter = CONVERTERS[kind]
    config = converter.config_from(values)
    tensors = _read_weights(directory)
    model = build_empty(config)
    assign(model, converter.tensors_from(tensors, config), str(directory))
    return model.to(device=device, dtype=dtype).eval()


def _directory(name: str | Path) -> Path:
    """Where a checkpoint lies on this machine; one of the hub is fetched first."""
    path = Path(name)
    refuse_pickle(path)
    if path.is_dir():
        return path
    text = str(name)
    if path.exists() or text.count("/") > 1 or text.startswith((".", "/", "~")) or "\\" in text:
        what = "is a file" if path.exists() else "does not exist"
        raise WeightsError(f"{name} {what}; give the directory of a checkpoint, with config.json and {WEIGHTS}.")
    try:
        return fetch(text)
    except WeightsError as error:
        raise WeightsError(f"{text} is no directory here, and {error}") from None


def fetch(hub_id: str) -> Path:
    """Fetches a checkpoint from the Hugging Face hub: its configuration, safetensors and tokenizer, and nothing else.

    Returns:
        Where it lies now.

    Raises:
        WeightsError: "the hub does not give it", and why.
        MissingExtraError: huggingface_hub is not installed.
    """
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise MissingExtraError("huggingface_hub", "hub", f"fetch {hub_id} from the hub") from None
    wanted = ["config.json", "*.safetensors", _INDEX, "tokenizer.json"]
    try:
        return Path(snapshot_download(hub_id, allow_patterns=wanted))
    except Exception as error:  # the errors of huggingface_hub and of the network below it have no common class
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(f"the hub does not give it: {reason.rstrip('.')}.") from None


def _read_config(path: Path) -> dict[str, Any]:
    try:
        values = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not JSON: {str(error).rstrip('.')}.") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold a JSON object, not {type(values).__name__}.")
    return values


def _read_weights(directory: Path) -> Tensors:
    path = weights_in(directory)
    return read_tensors(path)[0] if path.name == WEIGHTS else read_sharded(directory, path)


def weights_in(directory: Path) -> Path:
    """The safetensors of a checkpoint: one file, or the index of several.

    Raises:
        WeightsError: there are none; names a pickle that is not opened.
    """
    for name in (WEIGHTS, _INDEX):
        if (directory / name).is_file():
            return directory / name
    refuse_pickles_in(directory)
    raise WeightsError(f"{directory} has neither {WEIGHTS} nor {_INDEX}.")


def to_transformers(model: Model, directory: str | Path, tokenizer_file: str | Path | None = None) -> str:
    """Writes a model so that transformers reads it; its logits are the same.

    Decoder-only models become GPT-2 (layer norm, learned positions) or Llama (RMSNorm, rotary, SwiGLU),
    encoder–decoders Marian (post-norm, sinusoids), Pegasus (pre-norm, sinusoids) or BART (post-norm, learned
    positions, normalised embeddings). Biases that our model lacks are written as zeros, shared key/value heads are
    repeated where the class has none.

    Args:
        model: to be written.
        directory: is made if need be.
        tokenizer_file: a `tokenizer.json`, copied so that `AutoTokenizer` reads it; `None` for none.

    Returns:
        The name of the class in transformers.

    Raises:
        ConfigError: no class of transformers that we write computes what the model computes; says what differs.
        OutputError: a file cannot be read or written.
    """
    config = model.config
    obstacles = {kind: converter.obstacles(config) for kind, converter in CONVERTERS.items()}
    kind = min(obstacles, key=lambda each: len(obstacles[each]))
    converter = CONVERTERS[kind]
    if obstacles[kind]:
        raise ConfigError(
            f"no class of transformers computes what this model computes; the nearest is {converter.CLASS}, but for "
            f"{', '.join(obstacles[kind])}."
        )
    directory = Path(directory)
    try:
        tokenizer = None if tokenizer_file is None else Path(tokenizer_file).read_bytes()
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be used: {error.strerror or error}.") from None
    dtype = str(model.target_embedding.dtype).removeprefix("torch.")
    values = {"architectures": [converter.CLASS], "model_type": kind, "dtype": dtype, **converter.config_to(config)}
    if tokenizer is not None:
        write_atomically(directory / "tokenizer.json", tokenizer)
        write_atomically(directory / "tokenizer_config.json", _json(_tokenizer_config(tokenizer, config)))
    write_atomically(directory / "config.json", _json(values))
    write_tensors(directory / WEIGHTS, converter.tensors_to(dict(named_parts(model)), config), {"format": "pt"})
    return converter.CLASS


def _tokenizer_config(tokenizer: bytes, config: TransformerConfig) -> dict[str, Any]:
    try:
        added = msgspec.json.decode(tokenizer).get("added_tokens") or []
        names = {token["id"]: token["content"] for token in added}
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError):
        names = {}
    ids = {"pad_token": config.pad_id, "bos_token": config.bos_id, "eos_token": config.eos_id}
    special = {name: names[index] for name, index in ids.items() if index in names}
    return {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": config.max_length, **special}


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, indent=2) + "\n"
