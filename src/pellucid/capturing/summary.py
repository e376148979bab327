"""What every head of a recording looks at, in a few numbers each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import torch

from pellucid.capturing.compute import ABSORBED, Head
from pellucid.errors import InputError
from pellucid.nn.tensors import Bool, Float, Int, Tensor

if TYPE_CHECKING:
    from pellucid.capturing.recording import Layer

Pattern = Literal["previous", "own", "first", "same_word", "induction"]
"""What a head may look at: the token before, its own, the first, the same token elsewhere, or what followed an earlier
occurrence of it (an induction head: Olsson et al. 2022, "In-context Learning and Induction Heads")."""

PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
TELLING = 0.5
"""A head has a pattern when it gives it half of its weight or more."""
BLOCK = 1 << 21
"""Weights that are held at once."""


@dataclass(frozen=True)
class HeadSummary:
    """One head of one sequence. Queries that may attend to one key or none have no choice, and do not count.

    Args:
        layer: its layer's place in `Summary.layers`, from 0.
        head: which head.
        entropy: of a query's weights in bits, on average; `None` when no query has a choice.
        evenness: entropy as a share of the largest there can be, the logarithm of the keys that a query may attend to;
            1 looks at all alike, 0 at one only.
        shares: the weight that each pattern gets, on average over the queries that have such a key; only those that
            can be told: without tokens there are no words, and in cross-attention positions mean nothing.
    """

    layer: int
    head: int
    entropy: float | None
    evenness: float | None
    shares: dict[Pattern, float]

    @property
    def pattern(self) -> Pattern | None:
        """The pattern that gets most, if that is half of the weight or more."""
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
        """The heads that give a pattern the largest share, the largest first.

        Raises:
            InputError: there is no such pattern.
        """
        if pattern not in PATTERNS:
            raise InputError(f"{pattern!r} is no pattern; there are {', '.join(PATTERNS)}.")
        known = [(head.shares[pattern], head) for head in self if pattern in head.shares]
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
        heads.append([_head(layer, place, head, sequence) for head in range(layer.num_heads)])
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


def _head(layer: Layer, place: int, number: int, sequence: int) -> HeadSummary:
    axes = layer.head(number, sequence=sequence).axes
    n_q, n_k = (axis.size for axis in axes)
    head = Head(layer.record, sequence, number, torch.float32)
    codes = _codes(axes[0].labels, axes[1].labels)
    block = n_q if len(layer.record.row_run()) > 1 else max(1, BLOCK // n_k)
    means = _Means()
    for start in range(0, n_q, block):
        index = torch.arange(start, min(start + block, n_q))
        rows = head.rows(index)
        weights, changed = rows.weights.cpu(), rows.changed.cpu()
        allowed = changed > (changed.amax(-1, keepdim=True) - ABSORBED).clamp(min=torch.finfo(changed.dtype).min)
        chooses = allowed.sum(-1) > 1
        entropy = entropy_bits(weights)
        means.entropy.add(entropy[chooses])
        means.evenness.add((entropy / allowed.sum(-1).clamp(min=2).log2())[chooses])
        for name, there in _places(layer.kind, index, n_q, n_k, codes).items():
            there = there & allowed
            counts = chooses & there.any(-1)
            means.shares.setdefault(name, _Mean()).add((weights * there).sum(-1)[counts])
    shares = {name: mean.value for name, mean in means.shares.items() if mean.value is not None}
    return HeadSummary(place, number, means.entropy.value, means.evenness.value, shares)


def entropy_bits(weights: Float[Tensor, "rows n_k"]) -> Float[Tensor, " rows"]:
    """The entropy of each row in bits."""
    nats: Tensor = torch.special.entr(weights).sum(-1)
    return nats / math.log(2)


def _codes(
    queries: tuple[str, ...] | None, keys: tuple[str, ...] | None
) -> tuple[Int[Tensor, " n_q"], Int[Tensor, " n_k"]] | None:
    """Tokens as numbers, the same for the same; `None` where they are not known."""
    if queries is None or keys is None:
        return None
    numbers: dict[str, int] = {}
    coded = [[numbers.setdefault(token, len(numbers)) for token in tokens] for tokens in (queries, keys)]
    return torch.tensor(coded[0]), torch.tensor(coded[1])


def _places(
    kind: str,
    index: Int[Tensor, " rows"],
    n_q: int,
    n_k: int,
    codes: tuple[Int[Tensor, " n_q"], Int[Tensor, " n_k"]] | None,
) -> dict[Pattern, Bool[Tensor, "rows n_k"]]:
    """Where the keys of each pattern are, for some queries.

    With a cache the last query stands at the last key.
    """
    keys = torch.arange(n_k)
    at = (index + n_k - n_q)[:, None]
    if kind == "cross":
        places: dict[Pattern, Tensor] = {"first": (keys == 0).expand(len(index), n_k)}
    else:
        places = {"previous": keys == at - 1, "own": keys == at, "first": (keys == 0) & (at != 0)}
    if codes is not None:
        mine = codes[0][index][:, None]
        if kind == "cross":
            places["same_word"] = codes[1] == mine
        else:
            places["same_word"] = (codes[1] == mine) & (keys != at)
            before = torch.cat([torch.full((1,), -1), codes[1][:-1]])
            places["induction"] = (before == mine) & (keys < at)
    return places
