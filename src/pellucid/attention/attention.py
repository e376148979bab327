"""Scaled dot-product and multi-head attention (Vaswani et al. 2017, §3.2), as a chain of named steps.

    query, key, value → scores → scaled_scores → masked_scores → weights → output

With several heads the chain up to `head_outputs` has a leading head axis; `concatenated` and `output` follow.
Keys and values may have fewer heads than queries: one for all is multi-query attention (Shazeer 2019), one for
each group is grouped-query attention (Ainslie et al. 2023).
"""

from __future__ import annotations

from pellucid.derivation import Axis, Builder, Step
from pellucid.expressions import Expression
from pellucid.operations import (
    ConcatenateHeads,
    Copy,
    Linear,
    Mask,
    MatMul,
    Scale,
    Softmax,
    SplitHeads,
)


def dot_products(builder: Builder, query: Step, key: Step) -> Step:
    """Q Kᵀ: the scores (…, n_q, n_k)."""
    axes = (*query.axes[:-1], key.axes[-2])
    return builder.apply("scores", MatMul(transpose=True), query, key, axes=axes)


def attention_weights(builder: Builder, scores: Step, *, scale: Expression, d_k: int | None, mask: Step | None) -> Step:
    """From raw scores to weights, both (…, n_q, n_k).

    Args:
        builder: collects the steps.
        scores: raw dot products.
        scale: the factor, in terms of `d_k` where it is known.
        d_k: columns of a key; `None` when only scores are given.
        mask: boolean (n_q, n_k), true = may attend; `None` for none.

    Raises:
        InputError: the scale has no value.
    """
    scaling = Scale(scale, {} if d_k is None else {"d_k": d_k})
    scaled = builder.apply("scaled_scores", scaling, scores, axes=scores.axes)
    masked = (
        builder.apply("masked_scores", Copy(), scaled, axes=scores.axes)
        if mask is None
        else builder.apply("masked_scores", Mask(), scaled, mask, axes=scores.axes)
    )
    return builder.apply("weights", Softmax(), masked, axes=scores.axes)


def attention_output(
    builder: Builder,
    weights: Step,
    value: Step,
    output_weight: Step | None = None,
    output_bias: Step | None = None,
) -> Step:
    """From weights (…, n_q, n_k) and values (…, n_k, d_v) to the output (§3.2.2).

    One head without a projection ends at its weighted sums; several are concatenated, then projected.
    """
    several, projects = weights.value.ndim == 3, output_weight is not None
    axes = (*weights.axes[:-1], value.axes[-1])
    result = builder.apply("head_outputs" if several or projects else "output", MatMul(), weights, value, axes=axes)
    if several:
        head, tokens, width = result.axes
        joined = (tokens, Axis("d_model", head.size * width.size))
        result = builder.apply("concatenated", ConcatenateHeads(), result, axes=joined)
        if output_weight is None:
            return builder.apply("output", Copy(), result, axes=joined)
    if output_weight is None:
        return result
    operands = [result, output_weight] + ([] if output_bias is None else [output_bias])
    axes = (result.axes[0], Axis("d_model", output_weight.shape[1]))
    return builder.apply("output", Linear(), *operands, axes=axes)


def split_heads(builder: Builder, joined: Step, name: str, heads: int, width: str) -> Step:
    """(n, heads · d) → (heads, n, d) under the name of the chain.

    Args:
        builder: collects the steps.
        joined: what all heads have, side by side.
        name: "query", "key" or "value".
        heads: number of heads.
        width: the name of the last axis, "d_k" or "d_v".
    """
    tokens, columns = joined.axes
    axes = (Axis("head", heads), tokens, Axis(width, columns.size // heads))
    return builder.apply(name, SplitHeads(heads), joined, axes=axes)
