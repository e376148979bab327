"""What every head of a recording looks at, in a few numbers each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import torch

from pellucid.capturing.compute import ABSORBED, Head, Rows
from pellucid.capturing.marks import Marks
from pellucid.errors import InputError
from pellucid.nn.tensors import Bool, Float, Int, Tensor

if TYPE_CHECKING:
    from pellucid.capturing.layer import Layer

Pattern = Literal["previous", "own", "first", "same_word", "induction"]
"""What a head may look at: the token before, its own, the first, the same token elsewhere, or what followed an earlier
occurrence of it (an induction head: Olsson et al. 2022, "In-context Learning and Induction Heads")."""

PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
TELLING = 0.5
"""A head has a pattern when it gives it half of its weight or more."""
FEWEST = 5
"""Keys that one of its queries must have to choose from: of fewer, half of the weight falls on one by chance."""
BLOCK = 1 << 21
"""Weights that are held at once."""


@dataclass(frozen=True)
class HeadSummary:
    """One head of one sequence.

    Queries that may attend to one key or none have no choice, and do not count; nor does padding. Special tokens, as
    [CLS], are no words.

    Args:
        layer: its layer's place in `Summary.layers`, from 0.
        head: which head.
        entropy: of a query's weights in bits, on average; `None` when no query has a choice.
        evenness: entropy as a share of the largest there can be, the logarithm of the keys that a query may attend to;
            1 looks at all alike, 0 at one only.
        shares: the weight that each pattern gets, on average over the queries that have such a key; only those that
            can be told: without tokens there are no words, and in cross-attention positions mean nothing.
        choices: keys that a query may attend to, at most; padding does not count.
    """

    layer: int
    head: int
    entropy: float | None
    evenness: float | None
    shares: dict[Pattern, float]
    choices: int

    @property
    def tells(self) -> bool:
        """Whether there are keys enough for a pattern to mean something."""
        return self.choices >= FEWEST

    @property
    def pattern(self) -> Pattern | None:
        """The pattern that gets most, if that is half of the weight or more, and of keys enough."""
        if not self.tells:
            return None
        best = max(self.shares, key=lambda name: self.shares[name], default=None)
        return best if best is not None and self.shares[best] >= TELLING else None


@dataclass(frozen=True, eq=False)
class Summary:
    """The heads of some layers.

    Args:
        layers: which.
        heads: of each layer, each head.
        sequence: which of the batch.
    """

    layers: Sequence[Layer]
    heads: Sequence[Sequence[HeadSummary]]
    sequence: int = 0

    def __iter__(self) -> Iterator[HeadSummary]:
        for heads in self.heads:
            yield from heads

    def strongest(self, pattern: str, most: int = 3) -> list[HeadSummary]:
        """The heads that give a pattern the largest share, the largest first; of those that have keys enough.

        Raises:
            InputError: there is no such pattern.
        """
        if pattern not in PATTERNS:
            raise InputError(f"{pattern!r} is no pattern; there are {', '.join(PATTERNS)}.")
        known = [(head.shares[pattern], head) for head in self if head.tells and pattern in head.shares]
        return [head for _, head in sorted(known, key=lambda found: -found[0])[:most]]


def summarise(
    layers: Sequence[Layer], *, sequence: int = 0, progress: Callable[[int], object] | None = None
) -> Summary:
    """Looks at all weights of all heads of some layers once, in blocks.

    Args:
        layers: of a recording.
        sequence: which of the batch.
        progress: is told of every layer that is done.

    Raises:
        PositionError: there is no such sequence.
    """
    heads = []
    for place, layer in enumerate(layers):
        heads.append(_heads(layer, place, sequence))
        if progress is not None:
            progress(1)
    return Summary(layers, heads, sequence)


@dataclass
class _Mean:
    """A mean that is put together block by block."""

    total: float = 0.0
    count: int = 0

    def add(self, values: Tensor) -> None:
        self.total += float(values.double().sum())
        self.count += values.numel()

    @property
    def value(self) -> float | None:
        return self.total / self.count if self.count else None


@dataclass
class _Means:
    entropy: _Mean = field(default_factory=_Mean)
    evenness: _Mean = field(default_factory=_Mean)
    shares: dict[Pattern, _Mean] = field(default_factory=dict)
    choices: int = 0

    def of(self, pattern: Pattern) -> _Mean:
        return self.shares.setdefault(pattern, _Mean())


def _heads(layer: Layer, place_of_layer: int, sequence: int) -> list[HeadSummary]:
    """All heads of a layer, block by block of queries: where words are alike is found once for all of them."""
    first = layer.head(0, sequence=sequence)
    queries, keys = first.axes
    n_q, n_k = queries.size, keys.size
    codes = _codes(queries.labels, keys.labels, first.marks)
    padding = torch.tensor([mark == "padding" for mark in first.marks[0] or ("",) * n_q])
    heads = [Head(layer.record, sequence, number, torch.float32) for number in range(layer.num_heads)]
    means = [_Means() for _ in heads]
    block = n_q if len(layer.record.row_run()) > 1 else max(1, BLOCK // n_k)
    for start in range(0, n_q, block):
        index = torch.arange(start, min(start + block, n_q))
        places = _places(layer.kind, index, n_q, n_k)
        words = {} if codes is None else _words(layer.kind, index, n_q, codes)
        for head, its_means in zip(heads, means, strict=True):
            _look(head.rows(index), ~padding[index], places, words, its_means)
    return [
        HeadSummary(
            place_of_layer,
            number,
            its.entropy.value,
            its.evenness.value,
            {name: mean.value for name, mean in its.shares.items() if mean.value is not None},
            its.choices,
        )
        for number, its in enumerate(means)
    ]


def _look(
    rows: Rows,
    counted: Bool[Tensor, " rows"],
    places: dict[Pattern, Int[Tensor, " rows"]],
    words: dict[Pattern, Bool[Tensor, "rows n_k"]],
    means: _Means,
) -> None:
    """Adds what some queries of a head look at.

    Args:
        rows: theirs.
        counted: which of them count.
        places: the key of each pattern that goes by positions; negative for none.
        words: the keys of each pattern that goes by tokens.
        means: of the head.
    """
    weights, changed = rows.weights.cpu(), rows.changed.cpu()
    allowed = changed > (changed.amax(-1, keepdim=True) - ABSORBED).clamp(min=torch.finfo(changed.dtype).min)
    choices = allowed.float().sum(-1)  # several times as fast as to sum truths, and as exact below 2^24 keys
    means.choices = max(means.choices, int((choices * counted).max()))
    chooses = (choices > 1) & counted
    entropy = entropy_bits(weights)
    means.entropy.add(entropy[chooses])
    means.evenness.add((entropy / choices.clamp(min=2).log2())[chooses])
    for name, place in places.items():
        found = (chooses & (place >= 0)).nonzero()[:, 0]
        found = found[allowed[found, place[found]]]
        means.of(name).add(weights[found, place[found]])
    for name, there in words.items():
        counts = chooses & (there & allowed).any(-1)
        # What is not allowed weighs nothing.
        means.of(name).add(torch.linalg.vecdot(weights, there.to(weights.dtype))[counts])


def entropy_bits(weights: Float[Tensor, "rows n_k"]) -> Float[Tensor, " rows"]:
    """The entropy of each row in bits."""
    nats: Tensor = torch.special.entr(weights).sum(-1)
    return nats / math.log(2)


def _codes(
    queries: tuple[str, ...] | None, keys: tuple[str, ...] | None, marks: tuple[Marks, Marks]
) -> tuple[Int[Tensor, " n_q"], Int[Tensor, " n_k"]] | None:
    """Tokens as numbers, the same for the same; `None` where they are not known.

    Special tokens and padding are no words: each is a negative number of its own.
    """
    if queries is None or keys is None:
        return None
    numbers: dict[str, int] = {}
    coded: list[list[int]] = []
    for part, (tokens, marked) in enumerate(zip((queries, keys), marks, strict=True)):
        coded.append([])
        for place, token in enumerate(tokens):
            is_word = marked is None or not marked[place]
            coded[-1].append(numbers.setdefault(token, len(numbers)) if is_word else -2 * (place + 1) - part)
    return torch.tensor(coded[0], dtype=torch.int32), torch.tensor(coded[1], dtype=torch.int32)


def _places(kind: str, index: Int[Tensor, " rows"], n_q: int, n_k: int) -> dict[Pattern, Int[Tensor, " rows"]]:
    """The key of each pattern that goes by positions, for some queries; negative for none.

    With a cache the last query stands at the last key.
    """
    at = index + n_k - n_q
    first = torch.zeros_like(index)
    if kind == "cross":
        return {"first": first}
    return {"previous": at - 1, "own": at, "first": torch.where(at == 0, -1, first)}


def _words(
    kind: str, index: Int[Tensor, " rows"], n_q: int, codes: tuple[Int[Tensor, " n_q"], Int[Tensor, " n_k"]]
) -> dict[Pattern, Bool[Tensor, "rows n_k"]]:
    """Where the keys of each pattern are that goes by tokens, for some queries."""
    mine, theirs = codes[0][index][:, None], codes[1]
    if kind == "cross":
        return {"same_word": theirs == mine}
    keys = torch.arange(len(theirs), dtype=torch.int32)
    at = (index + len(theirs) - n_q).to(torch.int32)[:, None]
    before = torch.cat([theirs.new_full((1,), -1), theirs[:-1]])
    return {"same_word": (theirs == mine) & (keys != at), "induction": (before == mine) & (keys < at)}
