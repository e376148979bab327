"""Which module is at work: the calls of a model's modules, watched without hooks.

Hooks on modules switch PyTorch's fast paths off, and would thereby change what the model computes.
"""

from __future__ import annotations

import functools
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from torch import nn

_ATTENTION = re.compile(
    r"attention|attn|mamba|rwkv|mixer|retention|deltanet|ssm|hyena|recurrent(?!.*layer)", re.IGNORECASE
)
_NOT_ITSELF = re.compile(
    r"(output|layer|block|mask|norm|pooler|embedding|embeddings|mlp|dropout|bias|model|encoder|decoder|cache|config|"
    r"stack|ffn|feedforward|intermediate|head)$|mlpmixer",
    re.IGNORECASE,
)
_CROSS = re.compile(r"cross|encoder_att|enc_?dec|encoder_decoder|multihead_attn$", re.IGNORECASE)


class Watcher(ABC):
    """Is told when modules begin and end."""

    @abstractmethod
    def enter(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Before the call."""

    @abstractmethod
    def leave(self, module: nn.Module) -> None:
        """After it, also when it failed."""


_active = threading.local()
_lock = threading.Lock()
_installed = 0
_original: Callable[..., Any] = nn.Module.__call__


def watchers() -> list[Watcher]:
    """Those of this thread, the outermost first."""
    if not hasattr(_active, "watchers"):
        _active.watchers = []
    found: list[Watcher] = _active.watchers
    return found


def _call(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
    here = tuple(watchers())
    for watcher in here:
        watcher.enter(self, args, kwargs)
    try:
        return _original(self, *args, **kwargs)
    finally:
        for watcher in here:
            watcher.leave(self)


def watch(watcher: Watcher) -> None:
    """Begins to tell it of the calls in this thread."""
    global _installed, _original
    with _lock:
        if not _installed:
            _original = nn.Module.__call__
            nn.Module.__call__ = _call  # type: ignore[method-assign]  # hooks would change what is computed
        _installed += 1
    watchers().append(watcher)


def unwatch(watcher: Watcher) -> None:
    """Ends it."""
    global _installed
    watchers().remove(watcher)
    with _lock:
        _installed -= 1
        if not _installed:
            nn.Module.__call__ = _original  # type: ignore[method-assign]  # as it was


def is_attention(module: nn.Module) -> bool:
    """Whether a module is, by its class's name, one that lets tokens look at each other."""
    return _names_attention(type(module).__name__)


@functools.cache
def _names_attention(name: str) -> bool:
    return bool(_ATTENTION.search(name)) and not _NOT_ITSELF.search(name)


def is_cross(module: nn.Module, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether its keys come from somewhere else than its queries."""
    if any(kwargs.get(source) is not None for source in ("encoder_hidden_states", "key_value_states")):
        return True
    if isinstance(module, nn.MultiheadAttention):
        query = args[0] if args else kwargs.get("query")
        key = args[1] if len(args) > 1 else kwargs.get("key")
        return query is not key
    return bool(_CROSS.search(name.rsplit(".", 1)[-1]) or _CROSS.search(type(module).__name__))
