"""A model of two layers that is made by hand to have an induction head, as Olsson et al. (2022) describe it."""

import torch
from torch import nn

WORDS, LENGTH = 11, 24
_SHARP = 12.0
PREVIOUS, INDUCTION = (0, 2), (1, 1)
"""Layer and head of the two heads that work together."""


class LookingAttention(nn.Module):
    """Causal attention over one-hot vectors: each head compares one part of a token with one part of the others.

    Args:
        heads: of each head, the parts that are queries and keys.
    """

    def __init__(self, heads):
        super().__init__()
        self.heads = heads

    def forward(self, parts):
        queries = torch.stack([parts[query] for query, _ in self.heads], 1)
        keys = torch.stack([parts[key] for _, key in self.heads], 1)
        values = parts["word"][:, None].expand(-1, len(self.heads), -1, -1)
        n = queries.shape[2]
        scores = (_SHARP * queries @ keys.mT).masked_fill(torch.ones(n, n).triu(1).bool(), -torch.inf)
        return (scores.softmax(-1) @ values).transpose(1, 2).flatten(2)


class InductionModel(nn.Module):
    """The first layer's head copies the word before; the second layer's looks where that is the present word."""

    def __init__(self):
        super().__init__()
        parts = [("nothing", "nothing"), ("position", "position"), ("next", "position")]
        self.first = LookingAttention(parts)
        self.second = LookingAttention([("nothing", "nothing"), ("word", "word_before"), ("word", "word")])

    def forward(self, input_ids):
        batch, n = input_ids.shape
        width = LENGTH + 1
        position = torch.eye(width)[:n].expand(batch, -1, -1)
        word = torch.nn.functional.pad(torch.eye(WORDS)[input_ids], (0, width - WORDS))
        parts = {"word": word, "position": position, "nothing": torch.zeros(batch, n, width)}
        parts["next"] = torch.cat([parts["nothing"][:, :1], position[:, :-1]], 1)  # the position before one's own
        copied = self.first(parts).unflatten(-1, (3, width))[:, :, PREVIOUS[1]]
        return self.second({**parts, "word_before": copied})


class Letters:
    """A tokenizer whose ids are letters."""

    def convert_ids_to_tokens(self, ids):
        return [chr(ord("a") + number) for number in ids]


def repeated(seed: int = 0) -> torch.Tensor:
    """Random words, and the same once more."""
    generator = torch.Generator().manual_seed(seed)
    words = torch.randperm(WORDS, generator=generator)[None]
    return torch.cat([words, words], 1)
