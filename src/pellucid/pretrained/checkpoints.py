"""Checkpoints of transformers, from a directory or the Hugging Face hub, as models that are ready for texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.tokenizer import Tokenizer
from pellucid.errors import InputError, MissingExtraError, WeightsError
from pellucid.pretrained.names import no_model
from pellucid.pretrained.resolve import Pretrained
from pellucid.pretrained.transformers_library import open_with_transformers
from pellucid.transformer import Transformer
from pellucid.transformer.weights_file import TOKENIZER

if TYPE_CHECKING:
    from pellucid.nn import DecoderOnly, EncoderDecoder


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


def open_checkpoint(where: str | Path) -> Checkpoint:
    """A checkpoint of transformers, converted.

    Args:
        where: its directory, or its id on the hub, from which it is fetched.

    Raises:
        ConfigError: its class is none that we have.
        WeightsError: the weights are missing, damaged or pickles.
        InputError: the hub does not give it, or it has no tokenizer that pellucid can read.
        MissingExtraError: PyTorch or, for the hub, huggingface_hub is not installed.
    """
    from pellucid.nn.converters import from_transformers

    directory = where if isinstance(where, Path) else _fetched(where)
    converted = from_transformers(directory)
    tokenizer = _tokenizer(where, directory)
    if tokenizer.vocab_size > converted.config.vocab_size:
        raise InputError(
            f"the tokenizer of {where} has {tokenizer.vocab_size:,} tokens, but the model only"
            f" {converted.config.vocab_size:,}; it belongs to another model."
        )
    return Checkpoint(converted.config, tokenizer, tokenizer, directory, converted=converted, called=str(where))


def _fetched(hub_id: str) -> Path:
    from pellucid.nn.converters.checkpoint import fetch

    try:
        return fetch(hub_id)
    except WeightsError as error:
        raise no_model(hub_id, str(error).rstrip(".")) from None


def _tokenizer(where: str | Path, directory: Path) -> Tokenizer:
    """The checkpoint's tokenizer.json; without one, what transformers makes of its other files."""
    if (directory / TOKENIZER).is_file():
        return Tokenizer.load(directory / TOKENIZER)
    lacks = f"{where} has no {TOKENIZER}"
    try:
        theirs = open_with_transformers("AutoTokenizer", where)
    except MissingExtraError:
        raise InputError(f"{lacks}; install transformers, which makes one of some other files.") from None
    except InputError as error:
        raise InputError(f"{lacks}, and transformers cannot read another tokenizer: {error}") from None
    backend = getattr(theirs, "backend_tokenizer", None)
    if backend is None:
        raise InputError(f"{lacks}, and its tokenizer is none that can be written as one.")
    return Tokenizer(backend)
