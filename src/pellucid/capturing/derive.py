"""A row of a record as a derivation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import torch

from pellucid.arrays import Array
from pellucid.attention import attention_output, dot_products
from pellucid.capturing.changes import Change, Filled, Floor, Multiplied, Plus, Scaled, Shifted, Tanh
from pellucid.capturing.compute import ABSORBED, Head
from pellucid.derivation import Axis, Builder, Derivation, Step, Subject, derive
from pellucid.errors import InputError
from pellucid.expressions import Expression, Number, Quotient, SquareRoot
from pellucid.nn.tensors import Tensor
from pellucid.operations import Add, Copy, Mask, Multiply, Scale, SinkSoftmax, SoftCap, Softmax


@dataclass
class Chain:
    """The changes of some rows, in the order in which pellucid writes them.

    Args:
        scale: what the dot products are multiplied by.
        cap: of the soft cap; `None` without.
        bias: what is added, (rows, n_k); `None` for nothing.
        mask: (rows, n_k), true = may attend; `None` where all may.
        factor: what the weights are multiplied by, (rows, n_k); `None` for nothing.
    """

    scale: float
    cap: float | None
    bias: Array | None
    mask: Array | None
    factor: Array | None


def chain(head: Head, index: Tensor, raw: Tensor) -> Chain:
    """The changes of rows, put in order.

    Everything after the scale (and the soft cap) is what was added: it is taken as the difference that it made, so
    that masks of large negative numbers, with what the model's float type loses beside them, come out as they were.

    Args:
        head: whose rows.
        index: which rows.
        raw: their dot products, (rows, n_k), in float64.

    Raises:
        InputError: they are none that can be written as a scale, a cap, a bias and a mask.
    """
    changes = list(head.record.changes)
    scale, cap, position = 1.0, None, 0
    while position < len(changes) and (factor := _factor(head, index, changes[position])) is not None:
        scale *= factor
        position += 1
    if position < len(changes) and isinstance(changes[position], Tanh):
        position += 1
        cap = 1.0
        while position < len(changes) and (factor := _factor(head, index, changes[position])) is not None:
            cap *= factor
            position += 1
        scale *= cap
    rest = changes[position:]
    if any(isinstance(change, Tanh) for change in rest):
        raise InputError(f"{head.record.module} caps its scores after something was added; this cannot be written.")
    # A factor after an addition belongs to the scores as well.
    for change in rest:
        factor = _factor(head, index, change)
        if factor is not None and cap is None:
            scale *= factor
        elif factor is not None or isinstance(change, Multiplied):
            raise InputError(f"{head.record.module} multiplies its scores key by key; this cannot be written.")
    scores = raw * scale
    if cap is not None:
        scores = cap * torch.tanh(scores / cap)
    changed = head.changed(raw, head.record.changes, index)
    added = changed - scores
    masked = added < -ABSORBED
    if bool(masked.all(-1).any()):
        # Where every key is masked with a finite number, they all take part after all.
        finite = changed > -math.inf
        masked = masked & ~(masked.all(-1, keepdim=True) & finite)
    bias = torch.where(masked, 0.0, added)
    small = bias.abs() <= 1e-12 * (1 + scores.abs())
    factor_of_weights = None
    if head.record.after:
        factor_of_weights = head.changed(torch.ones_like(raw), head.record.after, index).cpu().numpy()
        if any(isinstance(change, Plus | Shifted | Floor | Tanh) for change in head.record.after) or any(
            isinstance(change, Filled) and change.value != 0.0 for change in head.record.after
        ):
            raise InputError(f"{head.record.module} adds to its weights after the softmax; this cannot be written.")
        if bool((factor_of_weights == 1).all()):
            factor_of_weights = None
    return Chain(
        scale,
        cap,
        None if bool((small | masked).all()) else bias.cpu().numpy(),
        None if not bool(masked.any()) else (~masked).cpu().numpy(),
        factor_of_weights,
    )


def _factor(head: Head, index: Tensor, change: Change) -> float | None:
    """The number that a change multiplies every score of the rows by, if that is what it does."""
    match change:
        case Scaled(factor):
            return factor
        case Multiplied(operand, inverse):
            by = head.operand(operand, index).to(torch.float64)
            first = float(by.reshape(-1)[0])
            if bool((by == first).all()) and first != 0:
                return 1 / first if inverse else first
    return None


def _expression(scale: float, d_k: int) -> Expression:
    if math.isclose(scale, 1 / math.sqrt(d_k), rel_tol=1e-7):
        return Quotient(Number(Decimal(1)), SquareRoot(Number(Decimal(d_k))))
    return Number(Decimal(repr(scale)))


def derive_rows(
    head: Head,
    index: list[int],
    tokens: tuple[tuple[str, ...] | None, tuple[str, ...] | None],
    title: str,
    purpose: str,
) -> Derivation:
    """Some queries' rows, from dot products to weighted sums.

    Args:
        head: whose.
        index: which queries.
        tokens: of the queries chosen and of the keys; `None` where they are not known.
        title: of the derivation.
        purpose: likewise.

    Raises:
        InputError: the record holds changes that cannot be written.
    """
    places = torch.tensor(index)
    query_axis = Axis("query", len(index), tokens[0])
    key_axis = Axis("key", len(head.key), tokens[1])

    def numbers(tensor: Tensor) -> Array:
        array: Array = tensor.detach().cpu().numpy()
        return array

    def plan(builder: Builder) -> None:
        d_k, d_v = head.key.shape[1], head.value.shape[1]
        query = builder.given("query", numbers(head.query(places)), (query_axis, Axis("d_k", d_k)))
        key = builder.given("key", numbers(head.key), (key_axis, Axis("d_k", d_k)))
        value = builder.given("value", numbers(head.value), (key_axis, Axis("d_v", d_v)))
        scores = dot_products(builder, query, key)
        links = chain(head, places, torch.from_numpy(scores.value).to(head.key.device))
        axes = scores.axes
        step: Step = builder.apply("scaled_scores", Scale(_expression(links.scale, d_k), {}), scores, axes=axes)
        if links.cap is not None:
            step = builder.apply("capped_scores", SoftCap(Decimal(repr(links.cap))), step, axes=axes)
        if links.bias is not None:
            bias = builder.given("bias", links.bias, axes)
            step = builder.apply("biased_scores", Add(), step, bias, axes=axes)
        if links.mask is None:
            step = builder.apply("masked_scores", Copy(), step, axes=axes)
        else:
            mask = builder.given("mask", links.mask, axes)
            step = builder.apply("masked_scores", Mask(), step, mask, axes=axes)
        sinks = head.sink(places)
        if sinks is None:
            weights = builder.apply("weights", Softmax(), step, axes=axes)
        else:
            sink = builder.given("sink", numbers(sinks), (query_axis, Axis("sink", 1)))
            weights = builder.apply("weights", SinkSoftmax(), step, sink, axes=axes)
        if links.factor is not None:
            factor = builder.given("factor", np.asarray(links.factor), axes)
            weights = builder.apply("changed_weights", Multiply(), weights, factor, axes=axes)
        attention_output(builder, weights, value)

    return derive(plan, Subject(title, purpose, 0))
