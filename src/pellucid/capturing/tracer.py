"""Finds attention in what PyTorch computes: a product, changes, a softmax, another product; or a fused kernel.

Every operation of the forward pass comes by here. Products and what becomes of them are followed by trails, which
live as long as the tensors they belong to, so that nothing is kept but what goes into a record.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from pellucid.capturing.fused import FUSED, flex
from pellucid.capturing.handlers import HANDLERS
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
        if func not in FUSED and func._can_decompose() and _is_composite(func):
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        if func._schema.is_mutable:
            self._ledger.writes.before(func, args)
        result = func(*args, **kwargs)
        handler = HANDLERS.get(func)
        if handler is not None:
            try:
                handler(self._ledger, func, args, kwargs, result)
            except Exception:  # what cannot be followed is not recorded; the model must not notice
                self._ledger.forget(result)
        elif func._schema.is_mutable:
            self._ledger.forget(result)
        return result


_composite: dict[Any, bool] = {}


def _is_composite(func: Any) -> bool:
    """Whether an operation is only a way of writing others, which are to be seen instead."""
    if func not in _composite:
        _composite[func] = torch._C._dispatch_has_kernel_for_dispatch_key(
            func.name(), torch._C.DispatchKey.CompositeImplicitAutograd
        )
    return _composite[func]
