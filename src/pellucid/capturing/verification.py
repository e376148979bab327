"""Whether a record explains what the model computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

from pellucid.capturing.compute import ABSORBED, Head
from pellucid.capturing.dims import size
from pellucid.capturing.record import Record
from pellucid.nn.tensors import Tensor

TOLERANCES = {
    torch.float64: 1e-9,
    torch.float32: 2e-5,
    torch.float16: 4e-3,
    torch.bfloat16: 2e-2,
}
"""How far a model's output may be from float64's, as a share of the largest value that could be summed.

A score of size s is known to about s times the precision of its type, and so are the exponentials that are made of it:
the tolerance grows by one for every `_SCORE` that scores reach.
"""
_SCORE = 32.0


@dataclass(frozen=True)
class Verification:
    """The outcome.

    Args:
        status: "verified", "unverified" or "not softmax".
        reason: why it is not verified; empty when it is.
        difference: the largest difference between the derivation's and the model's output, as a share of the largest
            value; `None` when nothing was compared.
        tolerance: what it was judged by.
        rows: how many rows of all heads and sequences were compared.
        empty: rows in which nothing may be attended to, about which models differ (zeros, NaN): not compared.
    """

    status: Literal["verified", "unverified", "not softmax"]
    reason: str = ""
    difference: float | None = None
    tolerance: float | None = None
    rows: int = 0
    empty: int = 0

    def __bool__(self) -> bool:
        return self.status == "verified"

    def __str__(self) -> str:
        return self.status if not self.reason else f"{self.status}: {self.reason}"


def verify(record: Record) -> Verification:
    """Computes the kept rows of every head and sequence in float64 and compares them with the model's."""
    if record.doubt:
        return Verification("unverified", record.doubt)
    if record.overwritten():
        return Verification("unverified", "its queries, keys, values or mask were overwritten after the forward pass")
    tolerance = TOLERANCES.get(record.dtype)
    if tolerance is None:
        return Verification("unverified", f"there is no tolerance for {record.dtype}")
    batch, heads, n_q, _ = record.shape
    worst, allowed, compared, empty = 0.0, tolerance, 0, 0
    for sequence in range(batch):
        for head in range(heads if record.finish is None else 1):
            if record.finish is None:
                difference, growth, rows = _compare(Head(record, sequence, head), n_q)
            else:
                difference, growth, rows = _compare_finished(record, sequence)
            compared += len(difference)
            empty += rows - len(difference)
            for far, times in zip(difference.tolist(), growth.tolist(), strict=True):
                # The row that comes nearest to its tolerance, or passes it by most; one that is no number is the worst.
                if not math.isnan(worst) and not far / times <= worst / (allowed / tolerance):
                    worst, allowed = far, tolerance * times
    if not compared:
        return Verification("unverified", "no row may attend to anything", empty=empty)
    if not worst <= allowed:  # also when it is no number
        reason = (
            f"the model's output is {worst:.2g} of the largest value away from the arithmetic, {allowed:.1g} is allowed"
        )
        return Verification("unverified", reason, worst, allowed, compared, empty)
    return Verification("verified", "", worst, allowed, compared, empty)


def _compare(head: Head, n_q: int) -> tuple[Tensor, Tensor, int]:
    """The difference of each row that can be compared, how much its tolerance grows, and how many rows there were."""
    record = head.record
    if record.kept is not None and size(record.row_run()) == size(record.rows):
        index, among = record.kept, torch.arange(len(record.kept))
    else:
        index = among = torch.arange(n_q)
    rows, computed = head.rows(index), head.output(among).to(torch.float64)
    most, least = rows.changed.amax(-1), torch.where(rows.changed > -ABSORBED, rows.changed, 0.0).amin(-1)
    growth = 1 + torch.maximum(most, -least) / _SCORE
    attends = most > -torch.inf
    largest = rows.value.abs().amax().clamp(min=torch.finfo(torch.float64).tiny)
    if record.after and rows.weights.abs().amax() > 1:  # weights that a model multiplies after the softmax
        largest = largest * rows.weights.abs().sum(-1).amax()
    difference = (rows.output - computed).abs().amax(-1) / largest
    return difference[attends], growth[attends], len(index)


def _compare_finished(record: Record, sequence: int) -> tuple[Tensor, Tensor, int]:
    """The same of a sequence whose heads cannot be seen, only what became of them."""
    assert record.finish is not None
    _, heads, n_q, _ = record.shape
    index = torch.arange(n_q)
    every = [Head(record, sequence, head) for head in range(heads)]
    rows = [head.rows(index) for head in every]
    finished = record.finish(torch.cat([one.output for one in rows], dim=-1), sequence)
    computed = every[0].output(index).to(torch.float64)
    attends = torch.stack([one.changed.amax(-1) > -torch.inf for one in rows]).all(0)
    difference = (finished - computed).abs().amax(-1) / finished[attends].abs().amax()
    return difference[attends], torch.ones_like(difference)[attends], n_q
