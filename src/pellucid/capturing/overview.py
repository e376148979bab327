"""A head's attention at a glance, however long the text: streamed over blocks of queries, in O(n) memory."""

from __future__ import annotations

import math
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
_BLOCK = 1 << 21
"""Weights that are held at once."""


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
    block = n_q if len(record.row_run()) > 1 else max(1, _BLOCK // (n_k * high)) * high
    maps: list[tuple[Tensor, Tensor]] = []
    entropies, keys, shares = [], [], []
    offset = n_k - n_q
    sums = torch.zeros(3, dtype=torch.float64)
    counts = [0, 0, 0]
    for start in range(0, n_q, block):
        index = torch.arange(start, min(start + block, n_q))
        weights = one.rows(index).weights
        maps.append(_pooled(weights, high, wide))
        entropies.append(torch.special.entr(weights).sum(-1))
        best = weights.topk(min(top, n_k), dim=-1)
        keys.append(best.indices)
        shares.append(best.values)
        for number, at in enumerate((torch.zeros_like(index), index + offset, index + offset - 1)):
            there = (at >= 0) & (at < n_k)
            sums[number] += weights[there, at[there]].double().sum().cpu()
            counts[number] += int(there.sum())
    first, diagonal, previous = (float(total) / max(count, 1) for total, count in zip(sums, counts, strict=True))
    return Overview(
        torch.cat([largest for largest, _ in maps]),
        torch.cat([mean for _, mean in maps]),
        (high, wide),
        torch.cat(entropies),
        torch.cat(keys),
        torch.cat(shares),
        first,
        diagonal,
        previous,
    )


def _pooled(weights: Tensor, high: int, wide: int) -> tuple[Tensor, Tensor]:
    """The largest and the mean of cells; the last row and column of cells may be smaller."""
    rows, columns = weights.shape
    cells = (math.ceil(rows / high), math.ceil(columns / wide))
    padded = torch.nn.functional.pad(weights, (0, cells[1] * wide - columns, 0, cells[0] * high - rows))
    tiles = padded.view(cells[0], high, cells[1], wide)
    row_counts = torch.full((cells[0],), float(high))
    row_counts[-1] = rows - (cells[0] - 1) * high
    column_counts = torch.full((cells[1],), float(wide))
    column_counts[-1] = columns - (cells[1] - 1) * wide
    counts = (row_counts[:, None] * column_counts).to(weights)
    return tiles.amax((1, 3)), tiles.sum((1, 3)) / counts
