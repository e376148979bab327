"""LayerNorm (Ba et al. 2016) or RMSNorm (Zhang and Sennrich 2019)."""

from __future__ import annotations

from torch import nn

from pellucid.transformer import TransformerConfig


def make_norm(config: TransformerConfig) -> nn.Module:
    """The configured norm, with its own weights."""
    if config.norm == "rms_norm":
        return nn.RMSNorm(config.d_model, eps=config.norm_eps)
    return nn.LayerNorm(config.d_model, eps=config.norm_eps, bias=config.norm_bias)
