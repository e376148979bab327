"""The position-wise feed-forward network (Vaswani et al. 2017, §3.3), with the activations of later practice."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F  # noqa: N812  (the name that the field knows)
from torch import nn

from pellucid.nn.dropout import dropout
from pellucid.nn.linear import Linear
from pellucid.nn.tensors import Float, Tensor
from pellucid.transformer import TransformerConfig


def gelu_tanh(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """GELU by its tanh approximation (Hendrycks and Gimpel 2016, §2)."""
    return F.gelu(x, approximate="tanh")


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": gelu_tanh,
    "silu": F.silu,
}


class FeedForward(nn.Module):
    """down(activation(up(x))), or for SwiGLU down(silu(gate(x)) · up(x)) (Shazeer 2020), gate and up in one matrix."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.dropout = config.activation_dropout
        self.activation = ACTIVATIONS.get(config.activation)
        if self.activation is None:
            self.gate_up = Linear(config.d_model, 2 * config.d_ff, bias=config.feed_forward_bias)
        else:
            self.up = Linear(config.d_model, config.d_ff, bias=config.feed_forward_bias)
        self.down = Linear(config.d_ff, config.d_model, bias=config.feed_forward_bias)

    def forward(self, x: Float[Tensor, "batch n d_model"]) -> Float[Tensor, "batch n d_model"]:
        """The network, at every position."""
        if self.activation is None:
            gate, up = self.gate_up(x).chunk(2, dim=-1)
            hidden = F.silu(gate) * up
        else:
            hidden = self.activation(self.up(x))
        return self.down(dropout(hidden, self.dropout, self.training))  # type: ignore[no-any-return]  # nn.Module's call
