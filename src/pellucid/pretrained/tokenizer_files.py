"""The tokenizers in a model's directory."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pellucid.data.tokenizer import Tokenizer
from pellucid.errors import InputError
from pellucid.transformer import TransformerConfig
from pellucid.transformer.weights_file import DIGESTS, SOURCE_TOKENIZER, TOKENIZER, WEIGHTS, read_metadata


def check_finished(directory: Path) -> None:
    """Raises if a directory holds a training that goes on.

    Raises:
        InputError: so it does.
    """
    if (directory / "checkpoints").is_dir() and not (directory / WEIGHTS).exists():
        raise InputError(
            f"{directory} holds a training that has not ended and no {WEIGHTS} yet; go on with `pellucid train"
            " RECIPE.toml --resume`, or set training.steps to where it is."
        )


def read_tokenizers(directory: Path, config: TransformerConfig) -> tuple[Tokenizer, Tokenizer]:
    """The tokenizer of what a model writes and that of what it reads; the same unless the source has its own.

    Raises:
        InputError: one is missing, damaged, or does not fit the model.
    """
    if not (directory / TOKENIZER).is_file():
        raise InputError(f"{directory} has no {TOKENIZER}; put the tokenizer that the model was trained with there.")
    tokenizer = Tokenizer.load(directory / TOKENIZER)
    source = tokenizer
    if (directory / SOURCE_TOKENIZER).is_file():
        source = Tokenizer.load(directory / SOURCE_TOKENIZER)
    for name, held, size in (
        (TOKENIZER, tokenizer, config.vocab_size),
        (SOURCE_TOKENIZER if source is not tokenizer else TOKENIZER, source, config.source_vocab_size),
    ):
        if held.vocab_size > size:
            raise InputError(
                f"{directory / name} has {held.vocab_size:,} tokens, but the model only {size:,}; "
                "it belongs to another model."
            )
    _check_origin(directory)
    return tokenizer, source


def _check_origin(directory: Path) -> None:
    """Raises if the weights were saved with another tokenizer, which models of one size can have."""
    metadata = read_metadata(directory / WEIGHTS)
    for name, key in DIGESTS.items():
        if key not in metadata:
            continue
        if not (directory / name).is_file():
            raise InputError(f"{directory} has no {name}, which {WEIGHTS} was saved with; put it back.")
        if hashlib.sha256((directory / name).read_bytes()).hexdigest() != metadata[key]:
            raise InputError(
                f"{directory / name} is not the one that {WEIGHTS} was saved with: the tokens would be read as others;"
                " put that one back, or save the model with this one."
            )
