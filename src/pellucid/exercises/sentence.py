"""A sentence of one's own as the structure of an example."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.examples import Example
from pellucid.examples.settings import check_heads
from pellucid.exercises.input_arrays import check_room
from pellucid.expressions import Expression

_MOST_TOKENS = 512
_LONGEST_TITLE = 60


@dataclass(frozen=True)
class Sentence:
    """Attention over a sentence, in sizes of one's own.

    Args:
        text: its words become tokens, and so does each punctuation mark at a word's end or beginning.
        key_text: for cross-attention, the sentence that keys and values come from.
        d_k: numbers of a query or key of each head; √4 = 2 keeps the scaled scores short.
        d_v: numbers of a value of each head.
        d_model: when given, the example starts from embeddings of so many numbers, which weights make into
            queries, keys and values, and several heads into outputs; else from queries, keys and values.
        num_heads, num_key_value_heads, mask, scale: as in an example.
    """

    text: str = "The dog is sitting"
    key_text: str | None = None
    d_k: int = 4
    d_v: int = 3
    d_model: int | None = None
    num_heads: int = 1
    num_key_value_heads: int | None = None
    mask: Any = "none"
    scale: str | float | Expression = "1/sqrt(d_k)"

    def structure(self) -> Example:
        """An example of this structure; its numbers are all zero.

        Raises:
            InputError: the sentence has no tokens or too many, or sizes and settings do not fit.
        """
        for name in ("d_k", "d_v", "d_model"):
            size = getattr(self, name)
            if size is not None and size < 1:
                raise InputError(f"{name} is {size}; it needs to be 1 or more.")
        query_tokens = split_tokens(self.text)
        key_tokens = query_tokens if self.key_text is None else split_tokens(self.key_text)
        settings: dict[str, Any] = {
            "title": self._title(),
            "query_tokens": query_tokens,
            "key_tokens": key_tokens,
            "num_heads": self.num_heads,
            "num_key_value_heads": self.num_key_value_heads,
            "mask": self.mask,
            "scale": self.scale,
        }
        return Example(**settings, **self._zeros(len(query_tokens), len(key_tokens)))

    def _title(self) -> str:
        kind = "Self-attention" if self.key_text is None else "Cross-attention"
        text = " ".join(self.text.split())
        return f"{kind}: {text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1] + '…'}"

    def _zeros(self, n_q: int, n_k: int) -> dict[str, Any]:
        key_value_heads = check_heads(self.num_heads, self.num_key_value_heads)
        columns = {
            "query": self.num_heads * self.d_k,
            "key": key_value_heads * self.d_k,
            "value": key_value_heads * self.d_v,
        }
        rows = {"query": n_q, "key": n_k, "value": n_k}
        shapes = {name: (self.d_model or rows[name], columns[name]) for name in columns}
        if self.d_model is not None and self.num_heads > 1:
            shapes["output"] = (self.num_heads * self.d_v, self.d_model)
        check_room(sum(height * width for height, width in shapes.values()), self.num_heads * n_q * n_k)
        matrices = {name: np.zeros(shape) for name, shape in shapes.items()}
        if self.d_model is None:
            return matrices
        memory = {} if self.key_text is None else {"memory": np.zeros((n_k, self.d_model))}
        return {"embeddings": np.zeros((n_q, self.d_model)), "weights": matrices, **memory}


def split_tokens(text: str) -> list[str]:
    """Words, and the punctuation marks around them as tokens of their own: "Don't sit, dog!" has five.

    Raises:
        InputError: there are no tokens, or too many.
    """
    tokens = [token for word in text.split() for token in _split_word(word)]
    if not tokens:
        raise InputError("the sentence is empty; give at least one word.")
    if len(tokens) > _MOST_TOKENS:
        raise InputError(f"the sentence has {len(tokens):,} tokens; a worksheet has room for {_MOST_TOKENS}.")
    return tokens


def _split_word(word: str) -> list[str]:
    marks = [unicodedata.category(character).startswith("P") for character in word]
    inside = [place for place, mark in enumerate(marks) if not mark]
    if not inside:
        return list(word)
    start, end = inside[0], inside[-1] + 1
    return [*word[:start], word[start:end], *word[end:]]
