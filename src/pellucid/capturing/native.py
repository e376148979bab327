"""PyTorch's fast paths of `nn.MultiheadAttention` and `nn.TransformerEncoderLayer`: one operation for everything.

What is inside cannot be seen. Queries, keys and values are projected once more, and a record is verified by what the
operation gives in the end: after the output projection, or after the whole layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the field knows)

from pellucid.capturing.changes import Change, Filled, Plus, Scaled, hold
from pellucid.capturing.dims import flat, fresh
from pellucid.capturing.record import Finish, Record
from pellucid.nn.tensors import Tensor

_PER_KEY, _PER_SEQUENCE = 1, 2


def records(given: Mapping[str, Any], result: Any) -> Iterator[Record]:
    """The records of one operation: one, or one for each sequence of a nested tensor.

    Args:
        given: its arguments by name.
        result: what it gave.
    """
    layer = "src" in given
    x, output = (given["src"], result) if layer else (given["query"], result[0])
    if not layer and not (given["query"] is given["key"] is given["value"]):
        return
    if x.is_nested:
        for one, its_output in zip(x.unbind(), output.unbind(), strict=True):
            yield _record(given, one.unsqueeze(0), its_output.unsqueeze(0), None)
    else:
        yield _record(given, x, output, given.get("mask"))


def _record(given: Mapping[str, Any], x: Tensor, output: Tensor, mask: Tensor | None) -> Record:
    heads = given["num_heads"] if "src" in given else given["num_head"]
    batch, n, d_model = x.shape
    entered = x
    if given.get("norm_first"):
        entered = F.layer_norm(x, (d_model,), given["norm_weight_1"], given["norm_bias_1"], given["eps"])
    projected = F.linear(entered, given["qkv_weight"], given["qkv_bias"])
    query, key, value = projected.view(batch, n, 3, heads, d_model // heads).permute(2, 0, 3, 1, 4).unbind(0)
    sequences, head, rows, keys = fresh(batch), fresh(heads), fresh(n), fresh(n)
    changes: list[Change] = [Scaled(1 / math.sqrt(d_model // heads))]
    if mask is not None:
        if given.get("mask_type") == _PER_KEY:
            operand = hold(mask, (sequences, keys))
        elif given.get("mask_type") == _PER_SEQUENCE:
            operand = hold(mask, (sequences, head, rows, keys))
        else:
            operand = hold(mask, (rows, keys))
        changes.append(Filled(operand, -math.inf) if mask.dtype == torch.bool else Plus(operand))
    return Record(
        query=hold(query, (sequences, head, rows)),
        key=hold(key, (sequences, head, keys)),
        value=hold(value, (sequences, head, keys)),
        changes=tuple(changes),
        sinks=None,
        after=(),
        keys=keys,
        rows=rows,
        lead=flat((sequences, head)),
        heads=head,
        output=hold(output, (sequences, rows)),
        dtype=x.dtype,
        finish=_layer(given, x) if "src" in given else _projection(given),
    )


def _parameters(given: Mapping[str, Any]) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in given.items() if name.endswith(("_weight", "_bias", "_1", "_2"))}


def _projection(given: Mapping[str, Any]) -> Finish:
    of = _parameters(given)

    def finish(heads: Tensor, sequence: int) -> Tensor:
        return F.linear(heads, of["proj_weight"].to(heads.dtype), of["proj_bias"].to(heads.dtype))

    return finish


def _layer(given: Mapping[str, Any], x: Tensor) -> Finish:
    """An encoder layer (Vaswani et al. 2017, §3.1) after its attention; `norm_first` as in Xiong et al. 2020."""
    of, project = _parameters(given), _projection(given)
    gelu, norm_first, eps = given["use_gelu"], given["norm_first"], given["eps"]
    source = x.detach()

    def finish(heads: Tensor, sequence: int) -> Tensor:
        exact = {name: value.to(heads.dtype) for name, value in of.items()}

        def norm(y: Tensor, which: int) -> Tensor:
            return F.layer_norm(y, y.shape[-1:], exact[f"norm_weight_{which}"], exact[f"norm_bias_{which}"], eps)

        def feed_forward(y: Tensor) -> Tensor:
            inner = F.linear(y, exact["ffn_weight_1"], exact["ffn_bias_1"])
            inner = F.gelu(inner) if gelu else F.relu(inner)
            return F.linear(inner, exact["ffn_weight_2"], exact["ffn_bias_2"])

        y = source[sequence].to(heads.dtype) + project(heads, sequence)
        if norm_first:
            return y + feed_forward(norm(y, 2))
        y = norm(y, 1)
        return norm(y + feed_forward(y), 2)

    return finish
