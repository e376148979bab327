"""A head's attention at a glance, however long the text: streamed over blocks of queries, in O(n) memory.

Computed in float32 unless another type is asked for: products, exponentials and sums are right to about six digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from pellucid.capturing.compute import Head
from pellucid.capturing.dims import size
from pellucid.capturing.record import Record
from pellucid.errors import InputError
from pellucid.nn.tensors import Float, Int, Tensor

MAP = 256
"""Cells of a map, at most, along each side."""
TOP = 8
_BLOCK = 1 << 18
"""Weights that are held at once: a megabyte, which stays in the processor's cache."""
_ROWS = 16
"""Rows that are looked at together at least; with fewer the products wait for memory."""


@dataclass(frozen=True, eq=False)
class Overview:
    """What a head looks at. Every number is of all weights, none is an estimate.

    Args:
        largest: the largest weight of each cell of the map.
        mean: the mean weight of each cell.
        cell: queries and keys that a cell stands for; the last ones may stand for fewer.
        entropy: of each query's weights, in nats.
        top_keys: of each query, those with the largest weights, the largest first.
        top_weights: their weights.
        first, diagonal, previous: the share of the first key, of the query's own position and of the one before it, on
            average over the queries that have one. With a cache the last query stands at the last key.
    """

    largest: Float[Tensor, "rows columns"]
    mean: Float[Tensor, "rows columns"]
    cell: tuple[int, int]
    entropy: Float[Tensor, " n_q"]
    top_keys: Int[Tensor, "n_q top"]
    top_weights: Float[Tensor, "n_q top"]
    first: float
    diagonal: float
    previous: float


def overview(
    record: Record, sequence: int, head: int, *, cells: int = MAP, top: int = TOP, dtype: torch.dtype = torch.float32
) -> Overview:
    """Looks at all weights of a head once.

    Args:
        record: of the layer.
        sequence: which of the batch.
        head: which head.
        cells: of the map, at most, along each side.
        top: keys that are kept of each query.
        dtype: to compute in.

    Raises:
        InputError: `cells` or `top` is less than one.
    """
    if cells < 1 or top < 1:
        raise InputError(f"{cells} cells and {top} keys were asked for; each must be at least 1.")
    one = Head(record, sequence, head, dtype)
    n_q, n_k = size(record.row_run()), size(record.keys)
    high, wide = math.ceil(n_q / cells), math.ceil(n_k / cells)
    block = n_q if len(record.row_run()) > 1 else max(_ROWS, _BLOCK // n_k)
    shape = (math.ceil(n_q / high), math.ceil(n_k / wide))
    largest, sums = one.key.new_full(shape, -math.inf), one.key.new_zeros(shape)
    looks = []
    for start in range(0, n_q, block):
        index = torch.arange(start, min(start + block, n_q))
        look = _look(one, index, wide, min(top, n_k), n_k - n_q)
        rows = (index // high).to(sums.device)[:, None].expand(-1, shape[1])
        largest.scatter_reduce_(0, rows, look.peaks.T, "amax")
        sums.scatter_add_(0, rows, look.sums.T)
        looks.append(look)
    rows_of = torch.full((shape[0], 1), high)
    rows_of[-1] = n_q - (shape[0] - 1) * high
    keys_of = torch.full((1, shape[1]), wide)
    keys_of[0, -1] = n_k - (shape[1] - 1) * wide
    shares = torch.cat([look.shares for look in looks], 1).double()
    first, diagonal, previous = shares.nanmean(1).nan_to_num().tolist()
    return Overview(
        largest,
        sums / (rows_of * keys_of).to(sums),
        (high, wide),
        torch.cat([look.entropy for look in looks]),
        torch.cat([look.top_keys for look in looks]),
        torch.cat([look.top_weights for look in looks]),
        first,
        diagonal,
        previous,
    )


@dataclass(frozen=True, eq=False)
class _Look:
    """What was seen of some rows, which lie along the last axis; keys in cells along the first."""

    peaks: Float[Tensor, "cells rows"]
    sums: Float[Tensor, "cells rows"]
    entropy: Float[Tensor, " rows"]
    top_keys: Int[Tensor, "rows top"]
    top_weights: Float[Tensor, "rows top"]
    shares: Float[Tensor, "3 rows"]


def _look(one: Head, index: Tensor, wide: int, top: int, offset: int) -> _Look:
    """Some rows' weights, which are not kept.

    Keys lie along the first axis: what is taken over them then runs side by side for all rows, in few passes over
    memory that stays in the processor's cache. With weights e^s / Σ e^s the entropy is ln Σ e^s − Σ s·e^s / Σ e^s.
    """
    scores, sink = one.columns(index)
    largest = _cells(scores, wide, torch.amax).amax(0)
    if sink is not None:
        largest = torch.maximum(largest, sink)
    largest = torch.where(largest == -math.inf, 0.0, largest)
    # Powers of two are the faster ones: e to something large and negative takes thirty times as long. Where the limit
    # is reached the power is zero all the same, and 0 · s stays a number.
    scores = scores.sub_(largest).mul_(1 / math.log(2)).clamp_(min=2 * math.log2(torch.finfo(scores.dtype).tiny))
    weights = torch.exp2(scores)
    sums = _cells(weights, wide, torch.sum)
    of_keys = sums.sum(0)
    total = of_keys if sink is None else of_keys + torch.exp(sink - largest)
    total = torch.where(total == 0, 1.0, total)
    if one.record.after:
        weights = one.changed_columns(weights / total, one.record.after, index)
        total = torch.ones_like(total)
        sums = _cells(weights, wide, torch.sum)
        entropy = torch.special.entr(weights).sum(0)
    else:
        entropy = (of_keys * total.log() - math.log(2) * scores.mul_(weights).sum(0)) / total
    peaks = _cells(weights, wide, torch.amax)
    top_keys, top_weights = _best(weights, peaks, wide, top)
    rows = torch.arange(len(index), device=weights.device)
    at = torch.stack([torch.zeros_like(rows), index.to(rows) + offset, index.to(rows) + offset - 1])
    there = (at >= 0) & (at < len(weights))
    shares = torch.where(there, weights[at.clamp(0, len(weights) - 1), rows] / total, math.nan)
    return _Look(peaks / total, sums / total, entropy, top_keys, top_weights / total[:, None], shares)


def _cells(columns: Tensor, wide: int, pool: Callable[..., Tensor]) -> Tensor:
    """What is taken of every `wide` keys; the last may be fewer."""
    whole = len(columns) // wide * wide
    found: Tensor = pool(columns[:whole].view(-1, wide, columns.shape[1]), 1)
    return found if whole == len(columns) else torch.cat([found, pool(columns[whole:], 0, keepdim=True)])


def _best(weights: Tensor, peaks: Tensor, wide: int, top: int) -> tuple[Tensor, Tensor]:
    """The keys with the largest weights: they lie in the cells with the largest ones."""
    n_k, rows = weights.shape
    cells = peaks.T.topk(min(top, len(peaks)), dim=1).indices
    keys = (cells[:, :, None] * wide + torch.arange(wide, device=cells.device)).flatten(1)
    column = torch.arange(rows, device=cells.device)[:, None]
    candidates = torch.where(keys < n_k, weights[keys.clamp(max=n_k - 1), column], -math.inf)
    best = candidates.topk(top, dim=1)
    return keys.gather(1, best.indices), best.values
