"""Models that read texts in PyTorch, whoever made them: pellucid's own and those of transformers, opened safely."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pellucid.errors import InputError, LengthError
from pellucid.nn.tensors import Int, Tensor
from pellucid.pretrained.names import find_model

DTYPES = {"float64": torch.float64, "float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Opening:
    """How a model is opened.

    Args:
        dtype: number type to compute in, one of `DTYPES`, or "auto" for that of the file.
        device: where the model is to be: "cpu", "cuda", "cuda:1", "mps".
        revision: of a model on the hub: a branch, a tag or a commit; `None` for the newest.
        trust_remote_code: whether a model may bring code of its own, which then runs on this machine.
    """

    dtype: str = "float32"
    device: str = "cpu"
    revision: str | None = None
    trust_remote_code: bool = False

    def torch_device(self) -> torch.device:
        """The device.

        Raises:
            InputError: there is none of that name, or it cannot be used here.
        """
        try:
            device = torch.device(self.device)
            torch.empty(0, device=device)
        except Exception as error:  # PyTorch's backends raise each their own
            reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
            raise InputError(f"the device {self.device!r} cannot be used here: {reason}.") from None
        return device


class Reader(ABC):
    """A model with its tokenizer.

    Args:
        name: what it was called.
        model: in evaluation mode.
        tokenizer: of what it writes, or of all.
        source_tokenizer: of what it reads, where that is another one.
        longest: the most tokens that it can read; `None` where nothing says so.
        notes: what a reader of its numbers should know, a sentence each.
    """

    name: str
    model: torch.nn.Module
    tokenizer: Any
    source_tokenizer: Any = None
    longest: int | None = None
    notes: tuple[str, ...] = ()

    def writes(self) -> None:  # noqa: B027  (most have nothing to do)
        """Is told before `model` is looked at that texts will be generated."""

    @abstractmethod
    def read(self, text: str, pair: str | None = None) -> None:
        """One forward pass over a text.

        Args:
            text: what is read.
            pair: for an encoder–decoder what it has written so far; for an encoder the second text.

        Raises:
            InputError: the model takes no pair, or the text cannot be expressed.
            LengthError: it is empty or too long.
        """

    @abstractmethod
    def generate(self, text: str, most: int, pair: str | None = None) -> list[int]:
        """Continues a text, or translates it: the likeliest token again and again, a forward pass for each.

        Args:
            text: what is read.
            most: new tokens.
            pair: for an encoder–decoder what it has written so far.

        Returns:
            The ids of the new tokens, one for each forward pass of the decoder.

        Raises:
            InputError: the model writes nothing, or as `read`.
            LengthError: as `read`.
        """

    def _check_length(self, n: int, new: int = 0) -> None:
        if not n:
            raise LengthError("the text is empty; give a sentence.")
        if self.longest is not None and n + new > self.longest:
            more = f" and {new} new ones are" if new else ", which is"
            raise LengthError(
                f"the text has {n:,} tokens{more} more than the {self.longest:,} that {self.name} can read; shorten it."
            )


class OwnReader(Reader):
    """A model of pellucid.

    Args:
        directory: the model's.
        opening: dtype and device; there is no revision and no code to trust.

    Raises:
        InputError: something in the directory is missing, damaged, or does not fit the rest.
    """

    def __init__(self, directory: Path, opening: Opening) -> None:
        from pellucid.nn import load_model
        from pellucid.pretrained.resolve import open_directory

        opened = open_directory(directory)
        self.name = directory.name
        self.config = opened.config
        self.tokenizer = opened.tokenizer
        self.source_tokenizer = None if opened.source_tokenizer is opened.tokenizer else opened.source_tokenizer
        self.longest = opened.config.max_length
        dtype = DTYPES.get(opening.dtype, torch.float32)  # "auto": what pellucid stores is meant for float32
        self.device = opening.torch_device()
        self.model = load_model(directory, dtype, self.device)

    def read(self, text: str, pair: str | None = None) -> None:
        source, written = self._ids(text, pair)
        with torch.no_grad():
            if source is None:
                self.model(self._tensor([self.config.bos_id, *written]))
            else:
                self.model(source=self._tensor(source), target=self._tensor([self.config.bos_id, *written]))

    def generate(self, text: str, most: int, pair: str | None = None) -> list[int]:
        from pellucid.decoding.generation import stream

        source, written = self._ids(text, pair, most)
        prompt = written if source is not None else [self.config.bos_id, *written]
        sources = None if source is None else [source]
        pieces = list(stream(self.model, sources, prompts=[prompt], max_length=most, fused=False))  # type: ignore[arg-type]  # load_model's
        return [piece.token for piece in pieces]

    def _ids(self, text: str, pair: str | None, new: int = 0) -> tuple[list[int] | None, list[int]]:
        """What the encoder reads, if there is one, and what the decoder has read after bos."""
        if not text.strip():
            raise LengthError("the text is empty; give a sentence.")
        if not self.config.is_encoder_decoder:
            if pair is not None:
                raise InputError(f"{self.name} is a language model, which reads one text; leave out the pair.")
            ids = self.tokenizer.encode(text)
            self._check_length(len(ids) + 1, new)
            return None, ids
        source = [*(self.source_tokenizer or self.tokenizer).encode(text), self.config.eos_id]
        self._check_length(len(source))
        written = self.tokenizer.encode(pair or "")
        self._check_length(len(written) + 1, new)
        return source, written

    def _tensor(self, ids: list[int]) -> Int[Tensor, "1 n"]:
        return torch.tensor([ids], device=self.device)


def open_reader(name: str, opening: Opening = Opening()) -> Reader:
    """A model by what it is called: see `find_model`.

    Models of transformers and GGUF files stay transformers' own classes here, so that what is recorded is what they
    compute; `open_model` makes them pellucid's.

    Args:
        name: as in `find_model`; also "gpt2", a word that is an id on the hub.
        opening: dtype, device, revision, trust.

    Raises:
        InputError: there is none, or it cannot be opened.
        WeightsError: its weights are missing, damaged, or a pickle, which is not opened.
        MissingExtraError: transformers is not installed.
    """
    place = find_model(name, words=True)  # "gpt2" is how transformers itself calls it
    if opening.revision is not None and place.kind != "hub":
        raise InputError(f"{name} lies here and has no revisions; leave out --revision.")
    if place.kind == "pellucid":
        return OwnReader(Path(place.where), opening)
    from pellucid.pretrained.transformers_reader import TransformersReader

    return TransformersReader(place.where, opening)
