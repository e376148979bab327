"""From where a model is to the model, its configuration and its tokenizers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.tokenizer import Tokenizer
from pellucid.errors import InputError
from pellucid.pretrained.names import find_model
from pellucid.pretrained.passes import Passes
from pellucid.pretrained.tokenizer_files import check_finished, read_tokenizers
from pellucid.search import Engine, Generator, NumpyEngine, Translator
from pellucid.transformer import Transformer, TransformerConfig, load
from pellucid.transformer.gguf_file import read_gguf
from pellucid.transformer.weights_file import open_model_directory

if TYPE_CHECKING:
    from pellucid.data.gguf_tokenizer import ChatFormat
    from pellucid.nn import DecoderOnly, EncoderDecoder


@dataclass(frozen=True)
class Pretrained:
    """A model that is ready for texts; its weights are read when they are needed, for NumPy or for PyTorch.

    Args:
        config: of the model.
        tokenizer: of what it writes.
        source_tokenizer: of what it reads; the same unless the source has its own.
        directory: where it came from, or the GGUF file.
        begins_with_bos: of a language model, whether its texts began with bos in training.
        chat: how it is asked, if it was trained to answer.
    """

    config: TransformerConfig
    tokenizer: Tokenizer
    source_tokenizer: Tokenizer
    directory: Path
    begins_with_bos: bool = True
    chat: ChatFormat | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.directory.name

    @cached_property
    def transformer(self) -> Transformer:
        """The model on NumPy.

        Raises:
            WeightsError: its weights are damaged or another model's.
        """
        return load(self.directory)

    @cached_property
    def doubles(self) -> Transformer:
        """The model on NumPy in float64, each weight the decimal that a person reads: 0.12, not the float32 near it.

        Raises:
            WeightsError: its weights are damaged or another model's.
        """
        return load(self.directory, "float64", as_written=True)

    @cached_property
    def model(self) -> EncoderDecoder | DecoderOnly:
        """The model in PyTorch, in evaluation mode.

        Raises:
            WeightsError: its weights are damaged or another model's.
            MissingExtraError: PyTorch is not installed.
        """
        from pellucid.nn import load_model

        return load_model(self.directory)

    @property
    def encoder_decoder(self) -> EncoderDecoder:
        """The model in PyTorch, if it translates.

        Raises:
            InputError: it is a language model.
            WeightsError, MissingExtraError: as `model`.
        """
        self.check_translates()
        return self.model  # type: ignore[return-value]  # its configuration says so

    def translator(self, engine: Engine | None = None) -> Translator:
        """The model as a translator.

        Args:
            engine: runs its search; `None` for NumPy.

        Raises:
            InputError: it is a language model.
            WeightsError: its weights are damaged or another model's.
        """
        self.check_translates()
        runs = NumpyEngine(self.transformer) if engine is None else engine
        return Translator(self.config, runs, self.tokenizer, self.source_tokenizer)

    def generator(self) -> Generator:
        """The model as one that continues texts, on NumPy.

        Raises:
            InputError: it is a translator.
            WeightsError: its weights are damaged or another model's.
        """
        if self.config.is_encoder_decoder:
            raise InputError(f"{self.name} is a translator, which continues no text; give it to `pellucid translate`.")
        return Generator(self.transformer, self.tokenizer)

    def beginning(self, prompt: str, *, bos: bool | None = None, chat: bool = False) -> list[int]:
        """What a language model reads before it writes.

        Args:
            prompt: the text so far, or with `chat` a question.
            bos: whether bos comes first; `None` for what the model was trained with.
            chat: whether the model is to answer, as it was trained to.

        Raises:
            InputError: it is a translator, or with `chat` it was not trained to answer, or `bos` is given besides.
            LengthError: that is longer than the model's longest sequence.
            TokenizerError: the tokenizer cannot express it.
        """
        generator = self.generator()
        if not chat:
            return generator.encode(prompt, bos=self.begins_with_bos if bos is None else bos)
        if self.chat is None:
            raise InputError(
                f"{self.name} was not trained to answer questions; leave --chat out, and it continues the text."
            )
        if bos is not None:
            raise InputError("--chat decides what a question begins with; leave --bos and --no-bos out.")
        ids = self.chat.encode(prompt, self.tokenizer)
        generator.check(ids)
        return ids

    @cached_property
    def passes(self) -> Passes:
        """The model's passes over texts, of which every number can be read.

        Raises:
            WeightsError: its weights are damaged or another model's.
        """
        return Passes(
            self.doubles,
            self.tokenizer,
            self.source_tokenizer,
            self.name,
            begins_with_bos=self.begins_with_bos,
        )

    def check_translates(self) -> None:
        """Raises:
        InputError: it is a language model.
        """
        if not self.config.is_encoder_decoder:
            raise InputError(
                f"{self.directory.name} is a language model, which does not translate; give it to `pellucid generate`."
            )


def open_model(model: str | Path) -> Pretrained:
    """A model by what it is called.

    Args:
        model: as in `find_model`: a directory, a GGUF file, the name of a model, or its id on the Hugging Face hub.

    Raises:
        InputError: there is none, or something in its directory is missing, damaged, or does not fit the rest.
        MissingExtraError: it comes with a package that is not installed; or it is a checkpoint of transformers, which
            needs PyTorch and, on the hub, huggingface_hub.
    """
    kind, where = find_model(model)
    if kind == "pellucid":
        return open_directory(where)
    if kind == "gguf":
        return open_gguf(Path(where))
    from pellucid.pretrained.checkpoints import open_checkpoint  # which has more to say about `Pretrained`

    return open_checkpoint(where)


def open_gguf(path: Path) -> Pretrained:
    """A GGUF file of llama.cpp: a language model of the Llama kind with its tokenizer.

    Raises:
        InputError: it is damaged, of another kind, or its tokenizer does not fit.
    """
    from pellucid.data.gguf_tokenizer import gguf_chat, gguf_tokenizer  # with `tokenizers`, which few commands need
    from pellucid.transformer.from_gguf import gguf_config

    file = read_gguf(path)
    config = gguf_config(file)
    tokenizer = gguf_tokenizer(file.metadata, str(path))
    if tokenizer.vocab_size > config.vocab_size:
        raise InputError(
            f"{path} has {tokenizer.vocab_size:,} tokens, but its model only {config.vocab_size:,}; fetch it again."
        )
    begins_with_bos = file.metadata.get("tokenizer.ggml.add_bos_token", True) is True
    return Pretrained(config, tokenizer, tokenizer, path, begins_with_bos, gguf_chat(file.metadata, tokenizer))


def open_directory(directory: str | Path) -> Pretrained:
    """What training wrote into a directory: config.json, model.safetensors, tokenizer.json.

    Raises:
        InputError: something is missing, damaged, or does not fit the rest; of the weights only what they say about
            themselves is looked at.
    """
    directory = Path(directory)
    check_finished(directory)
    config, _ = open_model_directory(directory)
    tokenizer, source = read_tokenizers(directory, config)
    return Pretrained(config, tokenizer, source, directory)
