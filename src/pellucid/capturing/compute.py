"""The numbers of a record in float64: rows of scores, weights and weighted sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from pellucid.capturing.changes import (
    Causal,
    Change,
    Filled,
    Floor,
    Multiplied,
    Operand,
    Plus,
    Rules,
    Scaled,
    Shifted,
    Tanh,
)
from pellucid.capturing.dims import Atom, Run, pick, positions, resolved
from pellucid.capturing.record import Record
from pellucid.nn.tensors import Tensor

ABSORBED = 1000.0
"""Beyond this, what is added to a score is a mask; float32 and smaller types then lose digits of the score."""

_EXACT = torch.float64


@dataclass
class Rows:
    """Some rows of one head.

    Args:
        head: whose.
        index: which, (rows,).
        query: (rows, d_k).
        scores: the dot products, (rows, n_k).
        changed: after every change, (rows, n_k).
        sink: what the softmax holds besides, (rows, 1); `None` without.
    """

    head: Head
    index: Tensor
    query: Tensor
    scores: Tensor
    changed: Tensor
    sink: Tensor | None

    @property
    def key(self) -> Tensor:
        """(n_k, d_k)"""
        return self.head.key

    @property
    def value(self) -> Tensor:
        """(n_k, d_v)"""
        return self.head.value

    @cached_property
    def weights(self) -> Tensor:
        """(rows, n_k), changes after the softmax included."""
        return self.head.changed(softmax(self.changed, self.sink), self.head.record.after, self.index)

    @cached_property
    def output(self) -> Tensor:
        """(rows, d_v)"""
        return self.weights @ self.value


class Head:
    """One head of one sequence, ready for rows to be computed.

    Args:
        record: of the layer.
        sequence: which of the batch.
        head: which head.
        dtype: to compute in.
    """

    def __init__(self, record: Record, sequence: int, head: int, dtype: torch.dtype = _EXACT) -> None:
        self.record = record
        self.dtype = dtype
        self.place = (torch.tensor(sequence), torch.tensor(head))
        self.at: dict[Atom, int | Tensor] = {
            **positions(sequence, record.batch_run()),
            **positions(head, record.head_run()),
        }
        self.row_run, self.key_run = record.row_run(), resolved(record.keys)

    @cached_property
    def key(self) -> Tensor:
        """(n_k, d_k)"""
        return self._of_keys(self.record.key)

    @cached_property
    def value(self) -> Tensor:
        """(n_k, d_v)"""
        return self._of_keys(self.record.value)

    def _of_keys(self, operand: Operand) -> Tensor:
        return self._exact(pick(operand.tensor, operand.dims, self.at, (self.key_run,)))

    def _exact(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.dtype)

    def rows(self, index: Sequence[int] | Tensor) -> Rows:
        """Those rows."""
        index = torch.as_tensor(index, dtype=torch.long)
        query = self.query(index)
        scores = query @ self.key.T
        changed = self.changed(scores, self.record.changes, index)
        return Rows(self, index, query, scores, changed, self.sink(index))

    def columns(self, index: Tensor) -> tuple[Tensor, Tensor | None]:
        """The scores after every change, (n_k, rows), and what the softmax holds besides, (rows,).

        Keys first is how they are looked at fastest where only sums and maxima over the keys are wanted.
        """
        query, changes, sink = self.query(index), self.record.changes, self.sink(index)
        if changes and isinstance(changes[0], Scaled):
            query, changes = query * changes[0].factor, changes[1:]
        scores = self.changed_columns(self.key @ query.T, changes, index)
        return scores, None if sink is None else sink[:, 0]

    def changed_columns(self, columns: Tensor, changes: Sequence[Change], index: Tensor) -> Tensor:
        """The same as `changed` of scores (or weights) with the keys first, (n_k, rows)."""
        return self.changed(columns.T, changes, index).T.contiguous()

    def output(self, index: Tensor) -> Tensor:
        """What the model computed, of the rows that are kept; `index` counts among those."""
        kept = self.record.kept_run
        at, run = ({**self.at, kept[0]: index}, kept) if kept else self._rows_at(index)
        return pick(self.record.output.tensor, self.record.output.dims, at, (run,)).expand(len(index), -1)

    def query(self, index: Tensor) -> Tensor:
        """The queries of some rows, (rows, d_k)."""
        at, run = self._rows_at(index)
        query = self._exact(pick(self.record.query.tensor, self.record.query.dims, at, (run,)))
        return query.expand(len(index), -1)

    def sink(self, index: Tensor) -> Tensor | None:
        """What the softmax of some rows holds besides, (rows, 1); `None` without."""
        if self.record.sinks is None:
            return None
        return self._exact(self.operand(self.record.sinks, index))[:, :1].expand(len(index), 1)

    def operand(self, operand: Operand, index: Tensor) -> Tensor:
        """The part of a tensor that takes part in some rows, (rows or 1, n_k or 1), in its own type."""
        at, run = self._rows_at(index)
        return pick(operand.tensor, operand.dims, at, (run, self.key_run))

    def _rows_at(self, index: Tensor) -> tuple[dict[Atom, int | Tensor], Run]:
        run = self.row_run
        if len(index) == 1:
            return {**self.at, **positions(int(index[0]), run)}, ()
        if len(run) == 1:
            return {**self.at, run[0]: index}, run
        assert len(index) == 1 or not run or list(index) == list(range(math.prod(a.size for a in run)))
        return self.at, run

    def _ruled(self, scores: Tensor, rules: Rules, index: Tensor) -> Tensor:
        places = (*self.place, index, torch.arange(scores.shape[1]))
        sequence, head, queries, keys = (place.to(scores.device) for place in places)
        if rules.score is not None:
            computed = _rows_and_keys(rules.score)(scores.to(self.record.dtype), sequence, head, queries, keys)
            scores = computed.to(scores.dtype)
        if rules.mask is not None:
            mask = rules.mask
            attends = _rows_and_keys(lambda _, *place: mask(*place))(scores, sequence, head, queries, keys)
            scores = scores.masked_fill(~attends, -math.inf)
        return scores

    def changed(self, scores: Tensor, changes: Sequence[Change], index: Tensor) -> Tensor:
        """The scores (or weights) after some changes."""
        for change in changes:
            match change:
                case Scaled(factor):
                    scores = scores * factor
                case Shifted(number):
                    scores = absorbed(scores + number, torch.tensor(number), self.record.dtype)
                case Multiplied(operand, inverse):
                    by = self._exact(self.operand(operand, index))
                    scores = scores / by if inverse else scores * by
                case Plus(operand, factor):
                    added = self._exact(self.operand(operand, index)) * factor
                    scores = absorbed(scores + added, added, self.record.dtype)
                case Filled(operand, value, inverse):
                    fill = self.operand(operand, index) != 0
                    fill = ~fill if inverse else fill
                    if isinstance(value, Operand):
                        scores = torch.where(fill, self._exact(self.operand(value, index)), scores)
                    else:
                        scores = scores.clone().masked_fill_(fill, value)
                case Floor(value):
                    scores = scores.clamp(min=value)
                case Tanh():
                    scores = torch.tanh(scores)
                case Rules():
                    scores = self._ruled(scores, change, index)
                case Causal():
                    scores = _causal(scores, index)
        return scores


def _causal(scores: Tensor, index: Tensor) -> Tensor:
    """Without keys after the query; only among those between the first query and the last must one look closely."""
    first, last = int(index.min()) + 1, int(index.max()) + 1
    scores = scores.clone()  # which keeps the order in memory
    scores[:, last:] = -math.inf
    later = torch.arange(first, min(last, scores.shape[1])) > index[:, None]
    scores[:, first:last].masked_fill_(later.to(scores.device), -math.inf)
    return scores


def _rows_and_keys(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A function of one place as one of a matrix of them."""
    over_keys = torch.vmap(function, in_dims=(0, None, None, None, 0))
    return torch.vmap(over_keys, in_dims=(0, None, None, 0, None))


def absorbed(total: Tensor, added: Tensor, dtype: torch.dtype) -> Tensor:
    """A sum as the model's type holds it, where so much was added that the score's digits are lost.

    A row in which everything is masked with −1e10 gets equal weights from a model, because float32 holds
    −1e10 + 3 as −1e10.
    """
    large = (added.abs() > ABSORBED).expand_as(total)
    if not bool(large.any()):
        return total
    return torch.where(large, total.to(dtype).to(total.dtype), total)


def softmax(scores: Tensor, sink: Tensor | None = None) -> Tensor:
    """Over the last axis, a sink included; a row of nothing but −∞ becomes zeros."""
    largest = scores.amax(-1, keepdim=True)
    if sink is not None:
        largest = torch.maximum(largest, sink)
    largest = torch.where(largest == -math.inf, 0.0, largest)
    powers = torch.exp(scores - largest)
    total = powers.sum(-1, keepdim=True)
    if sink is not None:
        total = total + torch.exp(sink - largest)
    return powers / torch.where(total == 0, 1.0, total)
