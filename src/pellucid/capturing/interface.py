"""Hugging Face transformers' attention functions: what a model hands them.

Their lookup is wrapped while a capture is active. The name of the implementation stays, because models test for it.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pellucid.nn.tensors import Tensor

_lock = threading.Lock()
_installed = 0
_restore: list[tuple[type, str, Any]] = []
_active = threading.local()


@dataclass
class Handed:
    """The arguments of one call of an attention function.

    Args:
        module: that calls.
        query, key, value: (batch, heads, n, d); keys and values not repeated for groups of heads.
        others: further arguments.
        records: how many records were made of it.
    """

    module: Any
    query: Tensor
    key: Tensor
    value: Tensor
    others: dict[str, Any]
    records: int = 0


Listener = Callable[[Handed, Any], None]
"""`listener(handed, result)`, at the end of a call."""


def calls() -> list[Handed]:
    """The calls that are under way in this thread."""
    if not hasattr(_active, "calls"):
        _active.calls = []
        _active.listeners = []
    under_way: list[Handed] = _active.calls
    return under_way


def _wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    calls()
    if not _active.listeners or getattr(function, "_pellucid", False):
        return function

    @functools.wraps(function)
    def attention(module: Any, query: Any, key: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        handed = Handed(module, query, key, value, {**kwargs, **({"attention_mask": args[0]} if args else {})})
        under_way = calls()
        under_way.append(handed)
        try:
            result = function(module, query, key, value, *args, **kwargs)
            for listener in tuple(_active.listeners):
                listener(handed, result)
            return result
        finally:
            under_way.remove(handed)

    attention._pellucid = True  # type: ignore[attr-defined]  # a mark on a function, which has no such field
    return attention


def listen(listener: Listener) -> None:
    """Begins to tell of calls in this thread; nothing happens where transformers is not in use."""
    global _installed
    calls()
    _active.listeners.append(listener)
    with _lock:
        _installed += 1
        module = sys.modules.get("transformers.modeling_utils")
        interface = getattr(module, "AttentionInterface", None)
        if interface is None or _restore:
            return
        for name in ("get_interface", "__getitem__"):
            owner = next((base for base in interface.__mro__ if name in vars(base)), None)
            if owner is None:
                continue
            original = vars(owner)[name]
            _restore.append((interface, name, vars(interface).get(name)))
            setattr(interface, name, _lookup(original))


def _lookup(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def lookup(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _wrapped(original(self, *args, **kwargs))

    return lookup


def unlisten(listener: Listener) -> None:
    """Ends it, and puts the lookup back after the last."""
    global _installed
    _active.listeners.remove(listener)
    with _lock:
        _installed -= 1
        if _installed:
            return
        for owner, name, original in _restore:
            if original is None:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        _restore.clear()
