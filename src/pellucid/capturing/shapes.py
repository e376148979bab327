"""How operations that move numbers about without changing them act on the axes that are followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from pellucid.capturing.dims import Dims, fresh, viewed
from pellucid.nn.tensors import Tensor

aten = torch.ops.aten

Move = Callable[[Dims, tuple[Any, ...], Tensor], "Dims | None"]
"""The axes afterwards, from those before, the arguments after the tensor, and the result; `None` if not known."""


def _same(dims: Dims, args: tuple[Any, ...], result: Tensor) -> Dims | None:
    return dims


def _view(dims: Dims, args: tuple[Any, ...], result: Tensor) -> Dims | None:
    return viewed(dims, result.shape)


def _permute(dims: Dims, args: tuple[Any, ...], result: Tensor) -> Dims | None:
    order: Sequence[int] = args[0]
    return tuple(dims[axis] for axis in order)


def _transpose(dims: Dims, args: tuple[Any, ...], result: Tensor) -> Dims | None:
    moved = list(dims)
    moved[args[0]], moved[args[1]] = moved[args[1]], moved[args[0]]
    return tuple(moved)


def _t(dims: Dims, args: tuple[Any, ...], result: Tensor) -> Dims | None:
    return dims[::-1]


def _unsqueeze(dims: Dims, args: tuple[Any, ...], result: Tensor) -> Dims | None:
    axis = args[0] % (len(dims) + 1)
    return (*dims[:axis], (), *dims[axis:])


def _expand(dims: Dims, args: tuple[Any, ...], result: Tensor) -> Dims | None:
    added = result.ndim - len(dims)
    dims = ((),) * added + dims
    return tuple(run or fresh(length) for run, length in zip(dims, result.shape, strict=True))


def _slice(dims: Dims, args: tuple[Any, ...], result: Tensor) -> Dims | None:
    axis = args[0] if args else 0
    whole = 1
    for atom in dims[axis]:
        whole *= atom.size
    return dims if result.shape[axis] == whole else None


def _select(dims: Dims, args: tuple[Any, ...], result: Tensor) -> Dims | None:
    axis = args[0] % len(dims)
    return (*dims[:axis], *dims[axis + 1 :]) if not dims[axis] else None


MOVES: dict[Any, Move] = {
    aten.view.default: _view,
    aten._unsafe_view.default: _view,
    aten.squeeze.default: _view,
    aten.squeeze.dim: _view,
    aten.squeeze.dims: _view,
    aten._reshape_alias.default: _view,
    aten.permute.default: _permute,
    aten.transpose.int: _transpose,
    aten.t.default: _t,
    aten.unsqueeze.default: _unsqueeze,
    aten.expand.default: _expand,
    aten.slice.Tensor: _slice,
    aten.select.int: _select,
    aten.clone.default: _same,
    aten.alias.default: _same,
    aten.detach.default: _same,
    aten._to_copy.default: _same,
    aten.lift_fresh.default: _same,
    aten.nan_to_num.default: _same,
    aten.nan_to_num_.default: _same,
}
