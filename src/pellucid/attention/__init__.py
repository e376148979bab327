"""Attention, written once, over operations."""

from pellucid.attention.attention import attention_output, attention_weights, dot_products, split_heads
from pellucid.attention.masks import causal_mask, window_mask

__all__ = [
    "attention_output",
    "attention_weights",
    "causal_mask",
    "dot_products",
    "split_heads",
    "window_mask",
]
