"""From a directory to a model, its configuration and its tokenizers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pellucid.data.tokenizer import Tokenizer
from pellucid.decoding.engine import Engine
from pellucid.decoding.translator import Translator
from pellucid.errors import InputError
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.nn.weights import load_model
from pellucid.pretrained.names import model_directory
from pellucid.transformer import TransformerConfig
from pellucid.transformer.weights_file import TOKENIZER, WEIGHTS

SOURCE_TOKENIZER = "source_tokenizer.json"


@dataclass(frozen=True)
class Pretrained:
    """A model that is ready for texts.

    Args:
        model: in evaluation mode.
        tokenizer: of what it writes.
        source_tokenizer: of what it reads; the same unless the source has its own.
        directory: where it came from.
    """

    model: EncoderDecoder | DecoderOnly
    tokenizer: Tokenizer
    source_tokenizer: Tokenizer
    directory: Path

    @property
    def config(self) -> TransformerConfig:
        """The model's configuration."""
        return self.model.config

    def translator(self, engine: Engine | None = None) -> Translator:
        """The model as a translator.

        Args:
            engine: runs its search; `None` for PyTorch.

        Raises:
            InputError: it is a language model.
        """
        return Translator(self.encoder_decoder, self.tokenizer, self.source_tokenizer, engine)

    @property
    def encoder_decoder(self) -> EncoderDecoder:
        """The model, if it translates.

        Raises:
            InputError: it is a language model.
        """
        if not isinstance(self.model, EncoderDecoder):
            raise InputError(f"{self.directory} holds a language model, which does not translate.")
        return self.model


def open_model(model: str | Path) -> Pretrained:
    """A model by its name or its directory.

    Raises:
        InputError: there is none, or something in its directory is missing, damaged, or does not fit the rest.
    """
    return open_directory(model_directory(model))


def open_directory(directory: str | Path) -> Pretrained:
    """What training wrote into a directory: config.json, model.safetensors, tokenizer.json.

    Raises:
        InputError: something is missing, damaged, or does not fit the rest.
    """
    directory = Path(directory)
    if (directory / "checkpoints").is_dir() and not (directory / WEIGHTS).exists():
        raise InputError(
            f"{directory} holds a training that has not ended and no {WEIGHTS} yet; go on with `pellucid train"
            " RECIPE.toml --resume`, or set training.steps to where it is."
        )
    model = load_model(directory)
    if not (directory / TOKENIZER).is_file():
        raise InputError(f"{directory} has no {TOKENIZER}; put the tokenizer that the model was trained with there.")
    tokenizer = Tokenizer.load(directory / TOKENIZER)
    source = tokenizer
    if (directory / SOURCE_TOKENIZER).is_file():
        source = Tokenizer.load(directory / SOURCE_TOKENIZER)
    config = model.config
    for name, held, size in (
        (TOKENIZER, tokenizer, config.vocab_size),
        (SOURCE_TOKENIZER if source is not tokenizer else TOKENIZER, source, config.source_vocab_size),
    ):
        if held.vocab_size > size:
            raise InputError(
                f"{directory / name} has {held.vocab_size:,} tokens, but the model only {size:,}; "
                "it belongs to another model."
            )
    return Pretrained(model, tokenizer, source, directory)
