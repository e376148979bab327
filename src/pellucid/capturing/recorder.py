"""Puts together what the tracer finds, which module is at work, and what transformers hands its functions."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from pellucid.capturing import interface, modules
from pellucid.capturing.changes import Operand, Rules, hold
from pellucid.capturing.dims import resolved
from pellucid.capturing.fused import fused
from pellucid.capturing.ledger import Ledger
from pellucid.capturing.record import Record
from pellucid.capturing.tracer import Tracer
from pellucid.nn.tensors import Tensor


@dataclass
class Frame:
    """A module at work."""

    module: nn.Module
    name: str
    attention: bool
    cross: bool = False


@dataclass
class Pass:
    """One forward pass: a call from outside of the model, or of a part of it as when a text is generated.

    Args:
        name: the part's dotted name; empty for the whole model.
        source: ids of the tokens that went in, (batch, n); `None` where there were none.
        target: those of a decoder's.
        batch: sequences.
        records: what was found.
        called: the attention modules that were called, and whether a softmax was seen in them.
        classes: the names of their classes.
        source_padding, target_padding: which of the tokens are padding, (batch, n), by the mask that the model was
            given; `None` without one. With a cache it is as long as the keys.
    """

    name: str
    source: Tensor | None = None
    target: Tensor | None = None
    batch: int = 1
    records: list[Record] = field(default_factory=list)
    called: dict[str, bool] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    source_padding: Tensor | None = None
    target_padding: Tensor | None = None


class Recorder(modules.Watcher):
    """Records while it is active.

    Args:
        model: whose modules are watched.
    """

    def __init__(self, model: nn.Module) -> None:
        named = dict(model.named_modules())
        self._names = {id(module): name for name, module in named.items()}
        self._parameters = {
            parameter.untyped_storage()._cdata
            for module in named.values()
            for parameter in module.parameters(recurse=False)
            if not isinstance(parameter, nn.parameter.UninitializedParameter)
        }
        self._stack: list[Frame] = []
        self._ledger = Ledger(self._found, self._is_parameter, self._softmax)
        self._compiled = any(
            type(module).__name__ == "OptimizedModule" or getattr(module, "_compiled_call_impl", None) is not None
            for module in named.values()
        )
        self._exits = contextlib.ExitStack()
        self.passes: list[Pass] = []
        self.notes: list[str] = []

    def start(self) -> None:
        """Begins to record in this thread."""
        with contextlib.ExitStack() as exits:
            if self._compiled:
                self.notes.append(
                    "the model is compiled; while it was recorded it ran uncompiled, so that its outputs can differ "
                    "from the compiled ones in their last digits"
                )
                exits.enter_context(torch.compiler.set_stance("force_eager"))
            modules.watch(self)
            exits.callback(modules.unwatch, self)
            interface.listen(self._handed)
            exits.callback(interface.unlisten, self._handed)
            exits.enter_context(Tracer(self._ledger))
            self._exits = exits.pop_all()

    def stop(self) -> None:
        """Puts everything back as it was."""
        self._exits.close()
        self._stack.clear()

    def enter(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A module begins."""
        name = self._names.get(id(module))
        if name is None:
            return
        if not self._stack:
            self.passes.append(_begin(module, name, args, kwargs))
        frame = Frame(module, name, modules.is_attention(module))
        if frame.attention:
            frame.cross = modules.is_cross(module, name, args, kwargs)
            self.passes[-1].called.setdefault(name, False)
            self.passes[-1].classes[name] = type(module).__name__
        self._stack.append(frame)

    def leave(self, module: nn.Module) -> None:
        """It ends."""
        if self._stack and self._stack[-1].module is module:
            self._stack.pop()

    def _is_parameter(self, tensor: Tensor) -> bool:
        return tensor.untyped_storage()._cdata in self._parameters

    def _softmax(self) -> None:
        for frame in self._stack:
            if frame.attention:
                self.passes[-1].called[frame.name] = True

    def _found(self, record: Record) -> None:
        if not self.passes:
            self.passes.append(Pass(""))
        frame = next((frame for frame in reversed(self._stack) if frame.attention), None)
        if frame is None and self._stack:
            frame = self._stack[-1]
        if frame is not None:
            record.module, record.kind = frame.name, "cross" if frame.cross else "self"
        record.batch = self.passes[-1].batch
        under_way = interface.calls()
        if under_way:
            handed = under_way[-1]
            handed.records += 1
            with contextlib.suppress(RuntimeError, ValueError, AssertionError):
                _share(record, handed)
        self.passes[-1].records.append(record)

    def _handed(self, handed: interface.Handed, result: Any) -> None:
        """At the end of a call of an attention function: a kernel in which nothing could be seen is recorded by it."""
        if handed.records or handed.query.ndim != 4:
            return
        output = result[0] if isinstance(result, tuple) else result
        others = {
            name: value
            for name, value in handed.others.items()
            if value is not None and name not in _KNOWN and isinstance(value, Tensor)
        }
        mask = handed.others.get("attention_mask")
        doubt = f"the kernel takes {', '.join(sorted(others))}, whose meaning is not known" if others else ""
        rules = None
        of_places = getattr(mask, "mask_mod", None)  # FlexAttention's BlockMask, which a compiled kernel was given
        if callable(of_places):
            rules, mask = Rules(_capped(handed.others.get("softcap")), of_places), None
        elif mask is not None and not (isinstance(mask, Tensor) and mask.ndim == 4):
            doubt, mask = f"its mask is a {type(mask).__name__} that cannot be read", None
        fused(
            self._ledger,
            handed.query,
            handed.key,
            handed.value,
            output.transpose(1, 2),
            mask=mask,
            scale=handed.others.get("scaling"),
            rules=rules,
            doubt=doubt,
        )


_KNOWN = ("attention_mask", "position_ids", "cache_position", "cu_seq_lens_q", "cu_seq_lens_k", "position_bias")
_IDS = ("input_ids", "input", "source", "src", "tokens", "ids", "idx", "x")
_TARGET_IDS = ("decoder_input_ids", "target", "tgt")
_MASKS = ("attention_mask", "padding_mask", "source_mask", "mask")
_TARGET_MASKS = ("decoder_attention_mask",)
_PADDING = ("src_key_padding_mask", "key_padding_mask")
_TARGET_PADDING = ("tgt_key_padding_mask",)
_AMBIGUOUS = ("source_mask", "mask")


def _padding(
    named: Mapping[str, Any], attended: tuple[str, ...], padded: tuple[str, ...], ids: Tensor | None, batch: int
) -> Tensor | None:
    """Which tokens are padding, by masks that are true (or 1) where there is a token, or where there is none."""
    for names, inverse in ((padded, False), (attended, True)):
        for name in names:
            mask = named.get(name)
            if not isinstance(mask, Tensor) or mask.is_nested or mask.ndim != 2 or mask.is_floating_point():
                continue
            of_tokens = ids is not None and mask.shape == ids.shape
            if len(mask) == batch and (of_tokens or name not in _AMBIGUOUS):
                return (mask == 0 if inverse else mask != 0).detach().clone()
    return None


def _by_name(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Arguments by the names that the module gives them."""
    try:
        return inspect.signature(module.forward).bind_partial(*args, **kwargs).arguments | kwargs
    except (TypeError, ValueError):  # built in C, or called with what it does not take
        return kwargs


def _ids(named: Mapping[str, Any], names: tuple[str, ...], otherwise: Sequence[Any] = ()) -> Tensor | None:
    """Ids of tokens, (batch, n), under one of some names, or else at a place."""
    given = next((value for value in (*map(named.get, names), *otherwise) if isinstance(value, Tensor)), None)
    if given is None or given.is_nested or given.ndim not in (1, 2) or given.is_floating_point():
        return None
    found: Tensor = given.detach().reshape(-1, given.shape[-1]).clone()
    return found


def _begin(module: nn.Module, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Pass:
    named = _by_name(module, args, kwargs)
    source, target = _ids(named, _IDS, args[:1]), _ids(named, _TARGET_IDS)
    tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor) and not value.is_nested]
    batch = source.shape[0] if source is not None else next((t.shape[0] for t in tensors if t.ndim > 1), 1)
    return Pass(
        name,
        source,
        target,
        batch,
        source_padding=_padding(named, _MASKS, _PADDING, source, batch),
        target_padding=_padding(named, _TARGET_MASKS, _TARGET_PADDING, target, batch),
    )


def _share(record: Record, handed: interface.Handed) -> None:
    """Keeps keys and values as they were handed over, not repeated for the heads of a group."""
    batch, groups, n_k, _ = handed.key.shape
    heads = handed.query.shape[1]
    lead = resolved(record.lead)
    sizes = [atom.size for atom in lead]
    if groups == heads or heads % groups or groups == 1 or record.key.tensor.shape[-2] != n_k:
        return
    if sizes == [batch * heads] and batch > 1:
        lead = lead[0].cut(batch)
    elif sizes not in ([batch, heads], [heads] if batch == 1 else []):
        return
    head = lead[-1]
    group, _ = head.cut(groups)
    first = () if batch == 1 else (lead[0],)
    for kept, given in ((record.key, handed.key), (record.value, handed.value)):
        repeated = kept.tensor.reshape(batch, heads, n_k, -1)[:, :: heads // groups]
        if torch.equal(repeated, given):
            kept.tensor = hold(given, ()).tensor
            kept.dims = (first, (group,), kept.dims[-1])


def _capped(cap: float | None) -> Callable[..., Tensor] | None:
    """A soft cap as FlexAttention's function of a score and its place."""
    if cap is None:
        return None
    return lambda score, *place: cap * torch.tanh(score / cap)


def operand_bytes(operands: list[Operand]) -> int:
    """Bytes that some operands keep alive, each storage counted once."""
    return sum({o.tensor.untyped_storage()._cdata: o.tensor.untyped_storage().nbytes() for o in operands}.values())
