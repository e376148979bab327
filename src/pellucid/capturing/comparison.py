"""Two recordings, or two layers, head by head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from pellucid.capturing.compute import Head
from pellucid.capturing.summary import BLOCK, Summary, entropy_bits

if TYPE_CHECKING:
    from pellucid.capturing.layer import Layer


@dataclass(frozen=True, eq=False)
class Comparison:
    """What sets the heads of two recordings apart.

    Args:
        left, right: what each head of each looks at.
        distances: of each pair of layers, each pair of heads: the Jensen–Shannon divergence (Lin 1991, "Divergence
            Measures Based on the Shannon Entropy") of their weights in bits, on average over the queries; 0 for the
            same weights, 1 where they share no key. Empty where layers, heads, queries or keys are not as many.
    """

    left: Summary
    right: Summary
    distances: Sequence[Sequence[float]]

    def furthest(self, most: int = 5) -> list[tuple[int, int, float]]:
        """The heads that differ most: layer, head and distance, the largest first."""
        pairs = [
            (layer, head, distance) for layer, heads in enumerate(self.distances) for head, distance in enumerate(heads)
        ]
        return sorted(pairs, key=lambda pair: -pair[2])[:most]


def compare(left: Summary, right: Summary) -> Comparison:
    """Compares the weights of all heads, in blocks of queries.

    Args:
        left, right: of the layers to be compared.
    """
    alike = [layer.shape[1:] for layer in left.layers] == [layer.shape[1:] for layer in right.layers]
    distances = []
    if alike:
        for one, other in zip(left.layers, right.layers, strict=True):
            heads = range(one.num_heads)
            distances.append([_distance(one, other, head, (left.sequence, right.sequence)) for head in heads])
    return Comparison(left, right, distances)


def _distance(left: Layer, right: Layer, head: int, sequences: tuple[int, int]) -> float:
    _, _, n_q, n_k = left.shape
    heads = [Head(layer.record, s, head, torch.float32) for layer, s in zip((left, right), sequences, strict=True)]
    stacked = any(len(layer.record.row_run()) > 1 for layer in (left, right))
    block = n_q if stacked else max(1, BLOCK // n_k)
    total = 0.0
    for start in range(0, n_q, block):
        index = torch.arange(start, min(start + block, n_q))
        p, q = (one.rows(index).weights.cpu() for one in heads)
        divergence = entropy_bits((p + q) / 2) - (entropy_bits(p) + entropy_bits(q)) / 2
        total += float(divergence.clamp(min=0).double().sum())
    return total / n_q
