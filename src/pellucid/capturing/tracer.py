"""Finds attention in what PyTorch computes: a product, changes, a softmax, another product; or a fused kernel.

Every operation of the forward pass comes by here. Products and what becomes of them are followed by trails, which
live as long as the tensors they belong to, so that nothing is kept but what goes into a record.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from pellucid.capturing import native
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
    hold,
)
from pellucid.capturing.dims import Dims, Run, flat, fresh, resolved
from pellucid.capturing.record import Record
from pellucid.capturing.shapes import MOVES
from pellucid.capturing.trails import Outcome, Scores, Trail, Weights
from pellucid.nn.tensors import Tensor

aten = torch.ops.aten


class Tracer(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch's class is not typed
    """Sees every operation while it is active, and changes none.

    Args:
        on_record: is given every record when its output is computed.
        is_parameter: whether a tensor lies in a parameter of the model; a product with one is a projection.
        saw_softmax: is called at every softmax.
    """

    supports_higher_order_operators = True

    def __init__(
        self,
        on_record: Callable[[Record], None],
        is_parameter: Callable[[Tensor], bool],
        saw_softmax: Callable[[], None],
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # likewise
        self._on_record = on_record
        self._is_parameter = is_parameter
        self._saw_softmax = saw_softmax
        self._trails: MutableMapping[Tensor, Trail] = WeakTensorKeyDictionary()
        self._conditions: MutableMapping[Tensor, Tensor] = WeakTensorKeyDictionary()
        self._holders: dict[int, list[weakref.ref[Record]]] = {}

    @classmethod
    def ignore_compile_internals(cls) -> bool:
        """FlexAttention compiles a part of itself, which must go on below this mode."""
        return True

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if not isinstance(func, torch._ops.OpOverload):
            result = func(*args, **kwargs)
            if getattr(func, "__name__", "") == "flex_attention":
                self._flex(args, kwargs, result)
            return result
        if func not in _FUSED and func._can_decompose() and _is_composite(func):
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        if func._schema.is_mutable:
            self._before_writing(func, args, kwargs)
        result = func(*args, **kwargs)
        handler = _HANDLERS.get(func)
        if handler is not None:
            try:
                handler(self, func, args, kwargs, result)
            except Exception:  # what cannot be followed is not recorded; the model must not notice
                self._forget(result)
        elif func._schema.is_mutable:
            self._forget(result)
        return result

    # Trails

    def _trail(self, tensor: Any) -> Trail | None:
        return self._trails.get(tensor) if isinstance(tensor, Tensor) else None

    def _set(self, tensor: Tensor, trail: Trail | None) -> None:
        if trail is None:
            self._trails.pop(tensor, None)
        else:
            self._trails[tensor] = trail

    def _forget(self, result: Any) -> None:
        if isinstance(result, Tensor):
            self._trails.pop(result, None)

    # Tensors that are written to after they were recorded

    def _before_writing(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Copies what records hold of a tensor that is about to be overwritten."""
        for argument, value in zip(func._schema.arguments, args, strict=False):
            if argument.alias_info is None or not argument.alias_info.is_write:
                continue
            for tensor in value if isinstance(value, list | tuple) else (value,):
                if isinstance(tensor, Tensor) and not _is_odd(tensor):
                    self._detach_records(tensor)

    def _detach_records(self, tensor: Tensor) -> None:
        storage = _storage(tensor)
        for reference in self._holders.pop(storage, ()):
            record = reference()
            if record is None:
                continue
            for operand in record.held():
                if _storage(operand.tensor) == storage:
                    operand.tensor = operand.tensor.clone()
            record.snapshot()

    def keep(self, record: Record) -> None:
        """Hands a record on, and watches what it holds."""
        self._on_record(record)
        record.snapshot()
        reference = weakref.ref(record)
        for storage in {_storage(operand.tensor) for operand in record.held()}:
            self._holders.setdefault(storage, []).append(reference)

    # Products

    def product(self, left: Tensor, right: Tensor, result: Tensor, changes: tuple[Change, ...] = ()) -> None:
        """Left @ right: scores perhaps, or the weighted sum if one of them holds weights."""
        a, b = self._trail(left), self._trail(right)
        if isinstance(a, Weights) and self._sums(a, a.dims, right, result, changes):
            return
        if isinstance(b, Weights):
            turned = (*b.dims[:-2], b.dims[-1], b.dims[-2])
            if self._sums(b, turned, right=left.transpose(-1, -2), result=result, changes=changes, swapped=True):
                return
        if left.ndim == 2 and (self._is_parameter(left) or self._is_parameter(right)):
            return
        if not result.is_floating_point():
            return
        lead: Dims = tuple(fresh(length) for length in result.shape[:-2])
        rows, columns = fresh(result.shape[-2]), fresh(result.shape[-1])
        self._set(
            result,
            Scores(
                (*lead, rows, columns),
                hold(left, (*lead, rows)),
                hold(right.transpose(-1, -2), (*lead, columns)),
                (rows, columns),
                changes,
            ),
        )

    def _sums(
        self,
        weights: Weights,
        dims: Dims,
        right: Tensor,
        result: Tensor,
        changes: tuple[Change, ...],
        swapped: bool = False,
    ) -> bool:
        """The weighted sum of `right`, if that is what it is."""
        keys = resolved(weights.keys)
        if flat(dims[-1:]) != keys or changes:
            return False
        scores = weights.scores
        query, key = (scores.right, scores.left) if weights.transposed else (scores.left, scores.right)
        lead_dims = dims[:-2]
        record = Record(
            query=query,
            key=key,
            value=hold(right, (*lead_dims, dims[-1])),
            changes=scores.changes,
            sinks=scores.sinks,
            after=weights.changes,
            keys=weights.keys,
            rows=scores.sides[1 if weights.transposed else 0],
            lead=flat(scores.dims),  # narrowed below
            output=Operand(result, ()),
            dtype=result.dtype,
            notes=weights.notes,
        )
        rows = resolved(record.rows)
        record.lead = tuple(atom for atom in flat(dims) if atom not in rows and atom not in keys)
        features = fresh(result.shape[-2 if swapped else -1])
        moved = result.transpose(-1, -2) if swapped else result
        record.keep_output(moved, dims[:-1])
        outcome = (*dims[:-2], features, dims[-2]) if swapped else (*dims[:-1], features)
        self._set(result, Outcome(outcome, record, features))
        self.keep(record)
        return True

    def fused(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        output: Tensor,
        *,
        mask: Tensor | None = None,
        causal: bool = False,
        scale: float | None = None,
        rules: Rules | None = None,
        notes: tuple[str, ...] = (),
        doubt: str = "",
    ) -> Record:
        """A record of a kernel that does everything at once.

        Args:
            query: (…, heads, n_q, d_k).
            key: (…, key/value heads, n_k, d_k).
            value: (…, key/value heads, n_k, d_v).
            output: (…, heads, n_q, d_v).
            mask: true where a query attends, or numbers that are added; `None` for none.
            causal: whether keys after the query are left out.
            scale: `None` for 1/√d_k.
            rules: FlexAttention's.
            notes: for the record.
            doubt: for the record.
        """
        self._saw_softmax()
        dims: Dims = tuple(fresh(length) for length in query.shape[:-1])
        keys = fresh(key.shape[-2])
        lead = _shared_lead(dims[:-1], key.shape[:-2])
        value_lead = _shared_lead(dims[:-1], value.shape[:-2])
        changes: list[Change] = [Scaled(1 / math.sqrt(query.shape[-1]) if scale is None else float(scale))]
        if rules is not None:
            changes.append(rules)
        if causal:
            changes.append(Causal())
        if mask is not None:
            condition = self._conditions.get(mask)
            if condition is not None and condition.shape == mask.shape:  # a kernel's own copy need not be kept
                mask = condition
            seen = hold(mask, _aligned((*dims, keys), mask))
            changes.append(Filled(seen, -math.inf, inverse=True) if mask.dtype == torch.bool else Plus(seen))
        record = Record(
            query=hold(query, dims),
            key=hold(key, (*lead, keys)),
            value=hold(value, (*value_lead, keys)),
            changes=tuple(changes),
            sinks=None,
            after=(),
            keys=keys,
            rows=dims[-1],
            lead=flat(dims[:-1]),
            heads=flat(dims[1:-1]) if len(dims) > 2 else (),
            output=Operand(output, ()),
            dtype=query.dtype,
            notes=notes,
            doubt=doubt,
        )
        record.keep_output(output, dims)
        features = fresh(output.shape[-1])
        self._set(output, Outcome((*dims, features), record, features))
        self.keep(record)
        return record

    def _flex(self, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """FlexAttention, whose mask and changes are functions."""
        names = ("query", "key", "value", "score_mod", "block_mask", "scale")
        given = dict(zip(names, args, strict=False)) | kwargs
        others = [list(buffers) for buffers in args[7:9]] or [[], []]

        def with_buffers(function: Any, buffers: list[Any]) -> Any:
            return None if function is None else lambda *place: function(*place, *buffers)

        score = with_buffers(given["score_mod"], others[0])
        mask = with_buffers(given["block_mask"][-1], others[-1])
        self.fused(
            given["query"], given["key"], given["value"], result[0], scale=given["scale"], rules=Rules(score, mask)
        )

    # Changes

    def changed(self, trail: Scores | Weights, tensor: Tensor, result: Tensor, change: Change) -> None:
        """`result` is `tensor` after a change of its numbers, which may have widened it."""
        if result.shape != tensor.shape:
            dims = ((),) * (result.ndim - tensor.ndim) + trail.dims
            dims = tuple(run or fresh(length) for run, length in zip(dims, result.shape, strict=True))
        else:
            dims = trail.dims
        self._set(result, _with_dims(trail.then(change), dims))

    def operand(self, trail: Scores | Weights, other: Tensor) -> Operand:
        """A tensor that takes part in a change, its axes being those of the trail from behind."""
        return hold(other, _aligned(trail.dims, other))


def _is_odd(tensor: Tensor) -> bool:
    return tensor.is_nested or tensor.layout != torch.strided or tensor.device.type == "meta"


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


_composite: dict[Any, bool] = {}


def _is_composite(func: Any) -> bool:
    """Whether an operation is only a way of writing others, which are to be seen instead."""
    if func not in _composite:
        _composite[func] = torch._C._dispatch_has_kernel_for_dispatch_key(
            func.name(), torch._C.DispatchKey.CompositeImplicitAutograd
        )
    return _composite[func]


def _aligned(dims: Dims, other: Tensor) -> Dims:
    """The axes of a tensor that broadcasts against one with `dims`."""
    if other.ndim > len(dims):
        raise ValueError("it has more axes than the scores")
    return dims[len(dims) - other.ndim :] if other.ndim else ()


def _shared_lead(dims: Dims, shape: Any) -> Dims:
    """The axes of keys before (…, n_k): fewer heads than the queries each serve a group (grouped-query attention)."""
    lead: list[Run] = []
    for run, length in zip(dims[len(dims) - len(shape) :], shape, strict=True):
        atoms = resolved(run)
        if length == 1:
            lead.append(())
        elif len(atoms) == 1 and atoms[0].size != length:
            lead.append((atoms[0].cut(length)[0],))
        elif atoms and atoms[0].size == length and len(atoms) > 1:
            lead.append((atoms[0],))
        else:
            lead.append(run)
    return tuple(lead)


def _with_dims(trail: Trail, dims: Dims) -> Trail:
    return replace(trail, dims=dims)


# What each operation does to the trails: handler(tracer, operation, arguments, keyword arguments, result)

Handler = Callable[[Tracer, Any, tuple[Any, ...], dict[str, Any], Any], None]


def _move(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    trail = tracer._trail(args[0])
    if trail is None:
        return
    if isinstance(trail, Weights) and func is aten.slice.Tensor and trail.scores.sinks is not None:
        axis = args[1] % result.ndim
        n = math.prod(atom.size for atom in trail.keys)
        # The sink's column goes; what is left are the keys' weights.
        fits = flat(trail.dims[axis : axis + 1]) == resolved(trail.keys) and result.shape[axis] == n
        tracer._set(result, trail if fits and args[2] in (None, 0) else None)
        return
    dims = MOVES[func](trail.dims, args[1:], result)
    if dims is None:
        tracer._set(result, None)
        return
    if isinstance(trail, Outcome) and _notice_heads(trail, dims):
        tracer._set(result, None)
        return
    tracer._set(result, _with_dims(trail, dims))


def _notice_heads(outcome: Outcome, dims: Dims) -> bool:
    """Heads are what is put beside the features; whether that happens here."""
    record, features = outcome.record, resolved(outcome.features)
    for run in dims:
        atoms = resolved(run)
        if features and features[-1] in atoms and len(atoms) > len(features):
            record.heads = tuple(atom for atom in atoms if atom not in features)
            return True
    return False


def _bmm(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    tracer.product(args[0], args[1], result)


def _baddbmm(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    added, left, right = args[:3]
    beta, alpha = float(kwargs.get("beta", 1)), float(kwargs.get("alpha", 1))
    if isinstance(tracer._trail(left), Weights) or isinstance(tracer._trail(right), Weights):
        return
    tracer.product(left, right, result)
    trail = tracer._trail(result)
    if isinstance(trail, Scores):
        trail = trail if alpha == 1 else trail.then(Scaled(alpha))
        if beta:
            trail = trail.then(Plus(tracer.operand(trail, added), beta))
        tracer._set(result, trail)


def _softmax(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    tracer._saw_softmax()
    trail = tracer._trail(args[0])
    if not isinstance(trail, Scores):
        tracer._set(result, None)
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
        tracer._set(result, None)
        return
    if set(keys) != set(left if transposed else right):
        tracer._set(result, None)
        return
    tracer._set(result, Weights(trail.dims, trail, keys, transposed))


def _scale(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    divides = func in (aten.div.Tensor, aten.div_.Tensor, aten.div.Scalar, aten.div_.Scalar)
    first, second = args[:2]
    trail, other = tracer._trail(first), second
    if not isinstance(trail, Scores | Weights):
        trail, other = tracer._trail(second), first
        if divides:
            trail = None
        first = second
    if not isinstance(trail, Scores | Weights):
        tracer._forget(result)
        return
    if isinstance(other, Tensor):
        if isinstance(tracer._trail(other), Scores | Weights) and other.numel() > 1:
            tracer._set(result, None)
            return
        change: Change = Multiplied(tracer.operand(trail, other), divides)
    else:
        change = Scaled(1 / float(other) if divides else float(other))
    tracer.changed(trail, first, result, change)


def _add(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    subtracts = func in (aten.sub.Tensor, aten.sub_.Tensor, aten.sub.Scalar, aten.sub_.Scalar)
    alpha = float(kwargs.get("alpha", 1)) * (-1 if subtracts else 1)
    first, second = args[:2]
    trail, other = tracer._trail(first), second
    if not isinstance(trail, Scores | Weights):
        trail, other = tracer._trail(second), first
        if subtracts or alpha != 1:
            trail = None
        first = second
    if not isinstance(trail, Scores | Weights):
        tracer._forget(result)
        return
    if isinstance(other, Tensor):
        if isinstance(trail, Scores) and trail.sinks is not None:
            # Beside a sink only what shifts the whole row may come, as the maximum that is subtracted: it cancels.
            shifts = other.ndim == 0 or other.shape[-1] == 1
            tracer._set(result, trail if shifts and result.shape == first.shape else None)
            return
        change: Change = Plus(tracer.operand(trail, other), alpha)
    else:
        change = Shifted(float(other) * alpha)
    tracer.changed(trail, first, result, change)


def _fill(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    trail = tracer._trail(args[0])
    if isinstance(trail, Scores | Weights):
        value = args[2]
        number = float(value.item()) if isinstance(value, Tensor) else float(value)
        tracer.changed(trail, args[0], result, Filled(tracer.operand(trail, args[1]), number))


def _where(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    condition, first, second = args[:3]
    if result.dtype != torch.bool and all(isinstance(t, Tensor) and t.ndim == 0 for t in (first, second)):
        if first.item() == 0 and second.item() == -math.inf:
            tracer._conditions[result] = condition
        return
    for tensor, other, inverse in ((first, second, True), (second, first, False)):
        trail = tracer._trail(tensor)
        if not isinstance(trail, Scores | Weights):
            continue
        value: float | Operand = tracer.operand(trail, other) if isinstance(other, Tensor) else float(other)
        tracer.changed(trail, tensor, result, Filled(tracer.operand(trail, condition), value, inverse))
        return


def _floor(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    trail = tracer._trail(args[0])
    if not isinstance(trail, Scores | Weights):
        return
    least = args[1] if len(args) > 1 else kwargs.get("min")
    most = args[2] if len(args) > 2 else kwargs.get("max")
    if most is not None or least is None or (isinstance(least, Tensor) and least.numel() > 1):
        tracer._set(result, None)
        return
    tracer.changed(trail, args[0], result, Floor(float(least)))


def _tanh(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    trail = tracer._trail(args[0])
    if isinstance(trail, Scores):
        tracer.changed(trail, args[0], result, Tanh())


def _dropout(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    trail = tracer._trail(args[0])
    if isinstance(trail, Weights):
        kept = Multiplied(hold(result[1], trail.dims))
        scale = Scaled(0.0 if args[1] == 1 else 1 / (1 - args[1]))
        notes = (*trail.notes, f"dropout with probability {args[1]:g} was on")
        if args[2] or args[2] is None:
            trail = replace(trail.then(kept).then(scale), notes=notes)
        tracer._set(result[0], trail)


def _cat(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """Scores with a sink's beside them."""
    tensors, axis = args[0], args[1] if len(args) > 1 else 0
    if len(tensors) != 2:
        return
    for tensor, other in (tensors, tensors[::-1]):
        trail = tracer._trail(tensor)
        if isinstance(trail, Scores) and trail.sinks is None and other.shape[axis] == 1 and tensor is tensors[0]:
            tracer._set(result, replace(trail, sinks=hold(other, trail.dims)))


def _native(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    tracer._saw_softmax()
    given = {argument.name: value for argument, value in zip(func._schema.arguments, args, strict=False)} | kwargs
    for record in native.records(given, result):
        tracer.keep(record)


def _sdpa(tracer: Tracer, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    given = {argument.name: value for argument, value in zip(func._schema.arguments, args, strict=False)} | kwargs
    output = result[0] if isinstance(result, tuple | list) else result
    mask = given.get("attn_mask", given.get("attn_bias"))
    dropout = float(given.get("dropout_p", 0) or 0)
    causal = bool(given.get("is_causal", False))
    doubt = f"dropout with probability {dropout:g} was on inside a fused kernel" if dropout else ""
    key, value = given["key"], given["value"]
    tracer.fused(given["query"], key, value, output, mask=mask, causal=causal, scale=given.get("scale"), doubt=doubt)


_FUSED = {
    getattr(aten, name).default
    for name in (
        "scaled_dot_product_attention",
        "_scaled_dot_product_flash_attention",
        "_scaled_dot_product_flash_attention_for_cpu",
        "_scaled_dot_product_efficient_attention",
        "_scaled_dot_product_cudnn_attention",
        "_scaled_dot_product_fused_attention_overrideable",
        "_scaled_dot_product_attention_math_for_mps",
    )
    if hasattr(aten, name)
}

_HANDLERS: dict[Any, Handler] = {
    **dict.fromkeys(MOVES, _move),
    **dict.fromkeys(_FUSED, _sdpa),
    aten._native_multi_head_attention.default: _native,
    aten._transformer_encoder_layer_fwd.default: _native,
    aten.bmm.default: _bmm,
    aten.mm.default: _bmm,
    aten.baddbmm.default: _baddbmm,
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
        _HANDLERS[getattr(getattr(aten, _name), _overload)] = _scale
for _name in ("add", "add_", "sub", "sub_"):
    for _overload in ("Tensor", "Scalar"):
        _HANDLERS[getattr(getattr(aten, _name), _overload)] = _add
