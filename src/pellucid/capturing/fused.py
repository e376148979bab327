"""Kernels that do all of attention at once: scaled dot-product attention, FlexAttention, the modules' fast paths."""

from __future__ import annotations

import math
from typing import Any

import torch

from pellucid.capturing import native
from pellucid.capturing.changes import Causal, Change, Filled, Operand, Plus, Rules, Scaled, hold
from pellucid.capturing.dims import Dims, Run, flat, fresh, resolved
from pellucid.capturing.ledger import Ledger, aligned
from pellucid.capturing.record import Record
from pellucid.capturing.trails import Outcome
from pellucid.nn.tensors import Tensor

aten = torch.ops.aten

FUSED = {
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
"""The operations that `sdpa` takes in."""


def fused(
    ledger: Ledger,
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
    ledger.saw_softmax()
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
        condition = ledger.conditions.get(mask)
        if condition is not None and condition.shape == mask.shape:  # a kernel's own copy need not be kept
            mask = condition
        seen = hold(mask, aligned((*dims, keys), mask))
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
    ledger.set(output, Outcome((*dims, features), record, features))
    ledger.keep(record)
    return record


def flex(ledger: Ledger, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """FlexAttention, whose mask and changes are functions."""
    names = ("query", "key", "value", "score_mod", "block_mask", "scale")
    given = dict(zip(names, args, strict=False)) | kwargs
    others = [list(buffers) for buffers in args[7:9]] or [[], []]

    def with_buffers(function: Any, buffers: list[Any]) -> Any:
        return None if function is None else lambda *place: function(*place, *buffers)

    score = with_buffers(given["score_mod"], others[0])
    mask = with_buffers(given["block_mask"][-1], others[-1])
    fused(
        ledger, given["query"], given["key"], given["value"], result[0], scale=given["scale"], rules=Rules(score, mask)
    )


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


def fast_path(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """The operation of a whole module."""
    ledger.saw_softmax()
    given = {argument.name: value for argument, value in zip(func._schema.arguments, args, strict=False)} | kwargs
    for record in native.records(given, result):
        ledger.keep(record)


def sdpa(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """Scaled dot-product attention by any of its kernels."""
    given = {argument.name: value for argument, value in zip(func._schema.arguments, args, strict=False)} | kwargs
    output = result[0] if isinstance(result, tuple | list) else result
    mask = given.get("attn_mask", given.get("attn_bias"))
    dropout = float(given.get("dropout_p", 0) or 0)
    causal = bool(given.get("is_causal", False))
    doubt = f"dropout with probability {dropout:g} was on inside a fused kernel" if dropout else ""
    key, value = given["key"], given["value"]
    fused(ledger, given["query"], key, value, output, mask=mask, causal=causal, scale=given.get("scale"), doubt=doubt)
