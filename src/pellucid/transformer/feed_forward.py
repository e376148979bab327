"""The position-wise feed-forward network (Vaswani et al. 2017, §3.3) as steps."""

from __future__ import annotations

from typing import Generic

from pellucid.derivation import Recorder, V
from pellucid.operations import ACTIVATIONS, Multiply
from pellucid.transformer.axes import narrow, same, wide
from pellucid.transformer.config import TransformerConfig
from pellucid.transformer.weights import Weights

_MULTIPLY, _SILU = Multiply(), ACTIVATIONS["silu"]


class FeedForward(Generic[V]):
    """down(activation(up(x))), or for SwiGLU down(silu(gate(x)) × up(x)) (§3.3; Shazeer 2020)."""

    def __init__(self, weights: Weights[V], place: str, config: TransformerConfig) -> None:
        self.place = f"{place}."
        self.activation = ACTIVATIONS.get(config.activation)
        names = ("gate", "up") if self.activation is None else ("up",)
        self.names, self.wide = names, (wide,) * len(names)
        self.up = weights.linear([f"{place}.{name}" for name in names])
        self.down = weights.linear([f"{place}.down"])

    def __call__(self, recorder: Recorder[V], x: V) -> V:
        recorder.enter(self.place)
        widened = recorder.products(self.names, x, self.up, self.wide)
        if self.activation is None:
            gate = recorder.apply("activated_gate", _SILU, widened[0], axes=same)
            hidden = recorder.apply("hidden", _MULTIPLY, gate, widened[1], axes=same)
        else:
            hidden = recorder.apply("hidden", self.activation, widened[0], axes=same)
        (output,) = recorder.products(("output",), hidden, self.down, (narrow,))
        return output
