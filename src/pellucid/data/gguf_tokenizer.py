"""Tokenizers in GGUF files: byte-level BPE as of GPT-2, with its variants of splitting a text into words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tokenizers

from pellucid.data.tokenizer import Tokenizer
from pellucid.errors import TokenizerError

_MODEL = "gpt2"
_CONTROL = 3
"""The type of tokens that stand for no text."""

_SPLITS = {"gpt-2": False, "default": False, "smollm": True}
"""Which ways of splitting are known, and whether every digit is a word of its own."""

_BEGINS, _ENDS = "<|im_start|>", "<|im_end|>"
_SYSTEM = re.compile(re.escape(_BEGINS) + r"system\n(.*?)" + re.escape(_ENDS), re.DOTALL)


def gguf_tokenizer(metadata: Mapping[str, Any], where: str) -> Tokenizer:
    """The tokenizer of a GGUF file.

    Args:
        metadata: what the file says.
        where: names the file in messages.

    Raises:
        TokenizerError: it has none, or one of another kind.
    """
    kind, split = metadata.get("tokenizer.ggml.model"), metadata.get("tokenizer.ggml.pre", "default")
    if kind != _MODEL or split not in _SPLITS:
        raise TokenizerError(
            f"{where} has a tokenizer of the kind {kind!r} that splits texts as {split!r} does; what is read is "
            f"{_MODEL!r} with {', '.join(_SPLITS)}."
        )
    tokens, merges = (metadata.get(f"tokenizer.ggml.{name}") for name in ("tokens", "merges"))
    kinds = metadata.get("tokenizer.ggml.token_type", [])
    try:
        pairs = [tuple(merge.split(" ")) for merge in merges]  # type: ignore[union-attr]  # what is none is caught
        vocabulary = {token: id_ for id_, token in enumerate(tokens)}  # type: ignore[arg-type]  # likewise
        backend = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=pairs))
        special = [token for token, of_kind in zip(vocabulary, kinds, strict=False) if of_kind == _CONTROL]
    except Exception as error:  # the library raises bare exceptions
        reason = " ".join(str(error).split())[:200]
        raise TokenizerError(f"{where} has a damaged tokenizer; fetch the file again ({reason}).") from None
    backend.add_special_tokens(special)
    splitting: list[Any] = [tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)]
    if _SPLITS[split]:
        splitting.insert(0, tokenizers.pre_tokenizers.Digits(individual_digits=True))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(splitting)
    backend.decoder = tokenizers.decoders.ByteLevel()
    return Tokenizer(backend)


@dataclass(frozen=True)
class ChatFormat:
    """How a question to a model that answers is put: ChatML.

    Args:
        begins: the id of <|im_start|>.
        ends: the id of <|im_end|>, which also ends the answer.
        system: what the model is told about itself first; empty for nothing.
    """

    begins: int
    ends: int
    system: str

    def encode(self, question: str, tokenizer: Tokenizer) -> list[int]:
        """The ids of a conversation up to where the answer begins; nothing in the question is read as a special token.

        Raises:
            TokenizerError: the question cannot be expressed.
        """
        turns = [("system", self.system)] if self.system else []
        ids: list[int] = []
        for role, text in (*turns, ("user", question)):
            ids += [self.begins, *tokenizer.encode(f"{role}\n{text}"), self.ends, *tokenizer.encode("\n")]
        return [*ids, self.begins, *tokenizer.encode("assistant\n")]


def gguf_chat(metadata: Mapping[str, Any], tokenizer: Tokenizer) -> ChatFormat | None:
    """The way of asking that a file's template has, if it is ChatML; else `None`."""
    template = metadata.get("tokenizer.chat_template")
    if not isinstance(template, str) or _BEGINS not in template:
        return None
    begins, ends = tokenizer.id_of(_BEGINS), tokenizer.id_of(_ENDS)
    if begins is None or ends is None:
        return None
    system = _SYSTEM.search(template)
    return ChatFormat(begins, ends, system[1] if system else "")
