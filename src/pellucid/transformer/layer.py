"""A layer of encoder or decoder (Vaswani et al. 2017, §3.1)."""

from __future__ import annotations

from typing import Generic

from pellucid.derivation import Recorder, V
from pellucid.operations import Add
from pellucid.transformer.attention import Attention
from pellucid.transformer.axes import same
from pellucid.transformer.config import TransformerConfig
from pellucid.transformer.feed_forward import FeedForward
from pellucid.transformer.normalisation import Norm
from pellucid.transformer.weights import Weights

_ADD = Add()


class Layer(Generic[V]):
    """Sub-layers, each with a residual connection and a norm (§3.1), before it or after the sum."""

    def __init__(self, weights: Weights[V], place: str, config: TransformerConfig, *, crosses: bool) -> None:
        self.place = f"{place}."
        self.pre_norm = config.norm_position == "pre"
        names = ("self_attention", *(("cross_attention",) if crosses else ()), "feed_forward")
        self.norms = {name: Norm(weights, f"{place}.{name}_norm", config) for name in names}
        self.self_attention = Attention(weights, f"{place}.self_attention", config)
        self.cross_attention = Attention(weights, f"{place}.cross_attention", config) if crosses else None
        self.feed_forward = FeedForward(weights, f"{place}.feed_forward", config)

    def before(self, recorder: Recorder[V], x: V, name: str) -> V:
        """What a sub-layer reads."""
        return self.norms[name](recorder, x) if self.pre_norm else x

    def join(self, recorder: Recorder[V], x: V, output: V, name: str, title: str) -> V:
        """X + Sublayer(…), and when post-norm its norm."""
        recorder.enter(self.place)
        x = recorder.apply(title, _ADD, x, output, axes=same)
        return x if self.pre_norm else self.norms[name](recorder, x)
