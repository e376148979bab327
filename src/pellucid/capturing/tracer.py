"""Finds attention in what PyTorch computes: a product, changes, a softmax, another product; or a fused kernel.

Every operation of the forward pass comes by here. Products and what becomes of them are followed by trails, which
live as long as the tensors they belong to, so that nothing is kept but what goes into a record.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from pellucid.capturing.fused import FUSED, flex
from pellucid.capturing.handlers import HANDLERS, Handler
from pellucid.capturing.ledger import Ledger


class Tracer(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch's class is not typed
    """Sees every operation while it is active, and changes none.

    Args:
        ledger: is told of them.
    """

    supports_higher_order_operators = True

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # likewise
        self._ledger = ledger

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
                flex(self._ledger, args, kwargs, result)
            return result
        known = _operations.get(id(func)) or _learn(func)
        if known.composite:
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        if known.writes:
            self._ledger.writes.before(func, args)
        result = func(*args, **kwargs)
        if known.handler is not None:
            try:
                known.handler(self._ledger, func, args, kwargs, result)
            except Exception:  # what cannot be followed is not recorded; the model must not notice
                self._ledger.forget(result)
        elif known.writes:
            self._ledger.forget(result)
        return result


class _Operation(NamedTuple):
    """What is to be known of an operation whenever it comes by.

    Args:
        func: itself, which keeps its identity from being given to another.
        composite: whether it is only a way of writing others, which are to be seen instead.
        writes: whether it overwrites some of its arguments.
        handler: what it means; `None` for nothing.
    """

    func: Any
    composite: bool
    writes: bool
    handler: Handler | None


_operations: dict[int, _Operation] = {}
"""By identity: operations count their hash in Python, hundreds of times in every forward pass."""


def _learn(func: Any) -> _Operation:
    composite = func not in FUSED and func._can_decompose() and _is_composite(func)
    known = _operations[id(func)] = _Operation(func, composite, func._schema.is_mutable, HANDLERS.get(func))
    return known


def _is_composite(func: Any) -> bool:
    """Whether an operation has no kernel of its own."""
    key = torch._C.DispatchKey.CompositeImplicitAutograd
    return bool(torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), key))
