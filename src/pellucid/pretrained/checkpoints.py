"""Checkpoints of transformers, from a directory or the Hugging Face hub, as models that are ready for texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from pellucid.data.tokenizer import Tokenizer
from pellucid.errors import InputError
from pellucid.pretrained.resolve import Pretrained
from pellucid.transformer import Transformer
from pellucid.transformer.weights_file import TOKENIZER

if TYPE_CHECKING:
    from pellucid.nn import DecoderOnly, EncoderDecoder

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Pretrained):
    """A checkpoint that was converted; it is held in PyTorch and, once it is needed, on NumPy.

    Args:
        converted: the model.
        called: its name on the hub, or its directory.
    """

    converted: EncoderDecoder | DecoderOnly
    called: str

    @property
    def name(self) -> str:
        return self.called.rstrip("/").rpartition("/")[2]

    @property
    def model(self) -> EncoderDecoder | DecoderOnly:
        return self.converted

    @cached_property
    def transformer(self) -> Transformer:
        return self._on_numpy(np.dtype(np.float32))

    @cached_property
    def doubles(self) -> Transformer:
        return self._on_numpy(np.dtype(np.float64))

    def _on_numpy(self, dtype: np.dtype[np.floating]) -> Transformer:
        from pellucid.nn.weight_names import named_parts

        arrays = {
            name: tensor.detach().numpy().astype(dtype, copy=False) for name, tensor in named_parts(self.converted)
        }
        return Transformer(self.config, arrays, self.called)


def is_hub_id(model: str | Path) -> bool:
    """Whether a name can only be one of the hub: "owner/name", where there is no folder of that owner here."""
    return isinstance(model, str) and _HUB_ID.fullmatch(model) is not None and not Path(model).parent.exists()


def is_checkpoint(directory: Path) -> bool:
    """Whether a directory holds a checkpoint of transformers: its configuration names a class of theirs."""
    try:
        values = msgspec.json.decode((directory / "config.json").read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False  # what is wrong is said by whoever opens it
    return isinstance(values, dict) and "model_type" in values


def open_checkpoint(name: str | Path) -> Checkpoint:
    """A checkpoint of transformers, converted.

    Args:
        name: its directory, or its id on the hub, from which it is fetched.

    Raises:
        ConfigError: its class is none that we have.
        WeightsError: the weights are missing, damaged or pickles, or the hub does not give them.
        InputError: it has no tokenizer that pellucid can read.
        MissingExtraError: PyTorch or, for the hub, huggingface_hub is not installed.
    """
    from pellucid.nn.converters import from_transformers
    from pellucid.nn.converters.checkpoint import checkpoint_directory

    directory = checkpoint_directory(name)
    converted = from_transformers(directory)
    tokenizer = _tokenizer(name, directory)
    if tokenizer.vocab_size > converted.config.vocab_size:
        raise InputError(
            f"the tokenizer of {name} has {tokenizer.vocab_size:,} tokens, but the model only"
            f" {converted.config.vocab_size:,}; it belongs to another model."
        )
    return Checkpoint(converted.config, tokenizer, tokenizer, directory, converted=converted, called=str(name))


def _tokenizer(name: str | Path, directory: Path) -> Tokenizer:
    """The checkpoint's tokenizer.json; without one, what transformers makes of its other files."""
    if (directory / TOKENIZER).is_file():
        return Tokenizer.load(directory / TOKENIZER)
    lacks = f"{name} has no {TOKENIZER}"
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise InputError(f"{lacks}; install transformers, which makes one of some other files.") from None
    try:
        backend = getattr(AutoTokenizer.from_pretrained(str(name)), "backend_tokenizer", None)
    except Exception as error:  # theirs have no common class
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise InputError(f"{lacks}, and transformers cannot read another tokenizer: {reason}.") from None
    if backend is None:
        raise InputError(f"{lacks}, and its tokenizer is none that can be written as one.")
    return Tokenizer(backend)
