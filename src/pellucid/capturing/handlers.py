"""What each operation does to what is known of its tensors: moves, changes of scores and weights, the softmax."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from pellucid.capturing.changes import Change, Filled, Floor, Multiplied, Operand, Plus, Scaled, Shifted, Tanh, hold
from pellucid.capturing.dims import Dims, flat, resolved
from pellucid.capturing.fused import FUSED, fast_path, sdpa
from pellucid.capturing.ledger import Ledger
from pellucid.capturing.products import baddbmm, bmm
from pellucid.capturing.shapes import MOVES
from pellucid.capturing.trails import Outcome, Scores, Weights
from pellucid.nn.tensors import Tensor

aten = torch.ops.aten

Handler = Callable[[Ledger, Any, tuple[Any, ...], dict[str, Any], Any], None]
"""`handler(ledger, operation, arguments, keyword arguments, result)`, after the operation."""


def _move(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    trail = ledger.trail(args[0])
    if trail is None:
        return
    if isinstance(trail, Weights) and func is aten.slice.Tensor and trail.scores.sinks is not None:
        axis = args[1] % result.ndim
        n = math.prod(atom.size for atom in trail.keys)
        # The sink's column goes; what is left are the keys' weights.
        fits = flat(trail.dims[axis : axis + 1]) == resolved(trail.keys) and result.shape[axis] == n
        ledger.set(result, trail if fits and args[2] in (None, 0) else None)
        return
    dims = MOVES[func](trail.dims, args[1:], result)
    if dims is None:
        ledger.set(result, None)
        return
    if isinstance(trail, Outcome) and _notice_heads(trail, dims):
        ledger.set(result, None)
        return
    ledger.set(result, replace(trail, dims=dims))


def _notice_heads(outcome: Outcome, dims: Dims) -> bool:
    """Heads are what is put beside the features; whether that happens here."""
    record, features = outcome.record, resolved(outcome.features)
    for run in dims:
        atoms = resolved(run)
        if features and features[-1] in atoms and len(atoms) > len(features):
            record.heads = tuple(atom for atom in atoms if atom not in features)
            return True
    return False


def _softmax(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    ledger.saw_softmax()
    trail = ledger.trail(args[0])
    if not isinstance(trail, Scores):
        ledger.set(result, None)
        return
    axis = args[1] % result.ndim
    keys = flat(trail.dims[axis : axis + 1])
    left, right = (resolved(side) for side in trail.sides)
    if not keys:  # a single key: whichever side has no other atoms
        transposed = not left and bool(right)
    elif set(keys) <= set(right):
        transposed = False
    elif set(keys) <= set(left):
        transposed = True
    else:
        ledger.set(result, None)
        return
    if set(keys) != set(left if transposed else right):
        ledger.set(result, None)
        return
    ledger.set(result, Weights(trail.dims, trail, keys, transposed))


def _scale(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    divides = func in (aten.div.Tensor, aten.div_.Tensor, aten.div.Scalar, aten.div_.Scalar)
    first, second = args[:2]
    trail, other = ledger.trail(first), second
    if not isinstance(trail, Scores | Weights):
        trail, other = ledger.trail(second), first
        if divides:
            trail = None
        first = second
    if not isinstance(trail, Scores | Weights):
        ledger.forget(result)
        return
    if isinstance(other, Tensor):
        if isinstance(ledger.trail(other), Scores | Weights) and other.numel() > 1:
            ledger.set(result, None)
            return
        change: Change = Multiplied(ledger.operand(trail, other), divides)
    else:
        change = Scaled(1 / float(other) if divides else float(other))
    ledger.changed(trail, first, result, change)


def _add(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    subtracts = func in (aten.sub.Tensor, aten.sub_.Tensor, aten.sub.Scalar, aten.sub_.Scalar)
    alpha = float(kwargs.get("alpha", 1)) * (-1 if subtracts else 1)
    first, second = args[:2]
    trail, other = ledger.trail(first), second
    if not isinstance(trail, Scores | Weights):
        trail, other = ledger.trail(second), first
        if subtracts or alpha != 1:
            trail = None
        first = second
    if not isinstance(trail, Scores | Weights):
        ledger.forget(result)
        return
    if isinstance(other, Tensor):
        if isinstance(trail, Scores) and trail.sinks is not None:
            # Beside a sink only what shifts the whole row may come, as the maximum that is subtracted: it cancels.
            shifts = other.ndim == 0 or other.shape[-1] == 1
            ledger.set(result, trail if shifts and result.shape == first.shape else None)
            return
        change: Change = Plus(ledger.operand(trail, other), alpha)
    else:
        change = Shifted(float(other) * alpha)
    ledger.changed(trail, first, result, change)


def _fill(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    trail = ledger.trail(args[0])
    if isinstance(trail, Scores | Weights):
        value = args[2]
        number = float(value.item()) if isinstance(value, Tensor) else float(value)
        ledger.changed(trail, args[0], result, Filled(ledger.operand(trail, args[1]), number))


def _where(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    condition, first, second = args[:3]
    if result.dtype != torch.bool and all(isinstance(t, Tensor) and t.ndim == 0 for t in (first, second)):
        if first.item() == 0 and second.item() == -math.inf:
            ledger.conditions[result] = condition
        return
    for tensor, other, inverse in ((first, second, True), (second, first, False)):
        trail = ledger.trail(tensor)
        if not isinstance(trail, Scores | Weights):
            continue
        value: float | Operand = ledger.operand(trail, other) if isinstance(other, Tensor) else float(other)
        ledger.changed(trail, tensor, result, Filled(ledger.operand(trail, condition), value, inverse))
        return


def _floor(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    trail = ledger.trail(args[0])
    if not isinstance(trail, Scores | Weights):
        return
    least = args[1] if len(args) > 1 else kwargs.get("min")
    most = args[2] if len(args) > 2 else kwargs.get("max")
    if most is not None or least is None or (isinstance(least, Tensor) and least.numel() > 1):
        ledger.set(result, None)
        return
    ledger.changed(trail, args[0], result, Floor(float(least)))


def _tanh(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    trail = ledger.trail(args[0])
    if isinstance(trail, Scores):
        ledger.changed(trail, args[0], result, Tanh())


def _dropout(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    trail = ledger.trail(args[0])
    if isinstance(trail, Weights):
        kept = Multiplied(hold(result[1], trail.dims))
        scale = Scaled(0.0 if args[1] == 1 else 1 / (1 - args[1]))
        notes = (*trail.notes, f"dropout with probability {args[1]:g} was on")
        if args[2] or args[2] is None:
            trail = replace(trail.then(kept).then(scale), notes=notes)
        ledger.set(result[0], trail)


def _cat(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """Scores with a sink's beside them."""
    tensors, axis = args[0], args[1] if len(args) > 1 else 0
    if len(tensors) != 2:
        return
    for tensor, other in (tensors, tensors[::-1]):
        trail = ledger.trail(tensor)
        if isinstance(trail, Scores) and trail.sinks is None and other.shape[axis] == 1 and tensor is tensors[0]:
            ledger.set(result, replace(trail, sinks=hold(other, trail.dims)))


HANDLERS: dict[Any, Handler] = {
    **dict.fromkeys(MOVES, _move),
    **dict.fromkeys(FUSED, sdpa),
    aten._native_multi_head_attention.default: fast_path,
    aten._transformer_encoder_layer_fwd.default: fast_path,
    aten.bmm.default: bmm,
    aten.mm.default: bmm,
    aten.baddbmm.default: baddbmm,
    aten._softmax.default: _softmax,
    aten._safe_softmax.default: _softmax,
    aten.tanh.default: _tanh,
    aten.tanh_.default: _tanh,
    aten.masked_fill.Scalar: _fill,
    aten.masked_fill.Tensor: _fill,
    aten.masked_fill_.Scalar: _fill,
    aten.masked_fill_.Tensor: _fill,
    aten.where.self: _where,
    aten.maximum.default: _floor,
    aten.clamp.default: _floor,
    aten.clamp_min.default: _floor,
    aten.native_dropout.default: _dropout,
    aten.cat.default: _cat,
}
for _name in ("mul", "mul_", "div", "div_"):
    for _overload in ("Tensor", "Scalar"):
        HANDLERS[getattr(getattr(aten, _name), _overload)] = _scale
for _name in ("add", "add_", "sub", "sub_"):
    for _overload in ("Tensor", "Scalar"):
        HANDLERS[getattr(getattr(aten, _name), _overload)] = _add
