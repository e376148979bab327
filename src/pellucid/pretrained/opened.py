"""A model by its name, opened on NumPy alone: every number of a forward pass can be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pellucid.data.tokenizer import Tokenizer
from pellucid.derivation import Derivation
from pellucid.errors import InputError, LengthError
from pellucid.numbers import FLOAT64, NumberType
from pellucid.pretrained.names import model_directory
from pellucid.pretrained.tokenizer_files import check_finished, read_tokenizers
from pellucid.transformer import Transformer, TransformerConfig, load


@dataclass(frozen=True)
class Opened:
    """A model that is ready for texts, in float64.

    Args:
        transformer: the model.
        tokenizer: of what it writes.
        source_tokenizer: of what it reads; the same unless the source has its own.
        name: what it was called.
    """

    transformer: Transformer
    tokenizer: Tokenizer
    source_tokenizer: Tokenizer
    name: str

    def explain(
        self, text: str, target: str | None = None, *, numbers: NumberType = FLOAT64, digits: int = 4
    ) -> Derivation:
        """The forward pass for the next token, whole: from the ids of tokens to the choice.

        Args:
            text: what a translator reads; what a language model goes on from.
            target: what the translator has written so far, nothing by default.
            numbers: float64, float32 or `Exact(digits)`.
            digits: places after the decimal point when numbers are printed.

        Raises:
            InputError: the text is empty, too long or cannot be expressed by the tokenizer, or a target was given to
                a language model.
        """
        config = self.transformer.config
        if not text.strip():
            raise LengthError("the text is empty; give a sentence.")
        if not config.is_encoder_decoder:
            if target is not None:
                raise InputError(
                    f"{self.name} is a language model, which goes on with its text; a target is a translator's."
                )
            text, target = "", text
        written = self.tokenizer.encode(target or "")
        ids = [config.bos_id, *written]
        source = [*self.source_tokenizer.encode(text), config.eos_id] if config.is_encoder_decoder else None
        asked = f"after “{self.tokenizer.decode(written)}”" if written else "at the beginning"
        return self.transformer.derive(
            ids,
            source,
            numbers=numbers,
            digits=digits,
            labels=self.tokenizer.tokens(ids),
            source_labels=None if source is None else self.source_tokenizer.tokens(source),
            vocabulary=_words(self.tokenizer),
            source_vocabulary=_words(self.source_tokenizer),
            chooses=True,
            title=f"{self.name}: the next word {asked}",
        )


def _words(tokenizer: Tokenizer) -> list[str]:
    return tokenizer.tokens(range(tokenizer.vocab_size))


def open_transformer(model: str | Path) -> Opened:
    """A model by its name or its directory, without PyTorch.

    Raises:
        InputError: there is none, or something in its directory is missing, damaged, or does not fit the rest.
        MissingExtraError: the `tokenizers` library is not installed.
    """
    directory = model_directory(model)
    check_finished(directory)
    transformer = load(directory, "float64", as_written=True)
    config: TransformerConfig = transformer.config
    tokenizer, source = read_tokenizers(directory, config)
    return Opened(transformer, tokenizer, source, directory.name)
