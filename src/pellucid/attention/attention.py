"""Scaled dot-product and multi-head attention (Vaswani et al. 2017, §3.2), as a chain of named steps.

    query, key, value → scores → scaled_scores → masked_scores → weights → output

With several heads the chain up to `head_outputs` has a leading head axis; `concatenated` and `output` follow.
Keys and values may have fewer heads than queries: one for all is multi-query attention (Shazeer 2019), one for
each group is grouped-query attention (Ainslie et al. 2023).
"""

from __future__ import annotations

from functools import cache

from pellucid.derivation import AxesOf, Axis, Recorder, V
from pellucid.operations import ConcatenateHeads, Copy, Linear, Mask, MatMul, Scale, Softmax, SplitHeads

_DOT_PRODUCTS, _WEIGHTED_SUMS = MatMul(transpose=True), MatMul()
_MASK, _COPY, _CONCATENATE, _LINEAR = Mask(), Copy(), ConcatenateHeads(), Linear()
_SOFTMAX = Softmax()

_Axes = tuple[Axis, ...]


def dot_products(recorder: Recorder[V], query: V, key: V) -> V:
    """Q Kᵀ: the scores (…, n_q, n_k)."""
    return recorder.apply("scores", _DOT_PRODUCTS, query, key, axes=_query_by_key)


def attention_weights(
    recorder: Recorder[V], scores: V, *, scaling: Scale, mask: V | None, softmax: Softmax = _SOFTMAX
) -> V:
    """From raw scores to weights, both (…, n_q, n_k).

    Args:
        recorder: takes in the steps.
        scores: raw dot products.
        scaling: by the factor; the paper's is 1/√d_k.
        mask: boolean (n_q, n_k), true = may attend; `None` for none.
        softmax: over the keys.
    """
    scaled = recorder.apply("scaled_scores", scaling, scores, axes=_same)
    if mask is None:
        masked = recorder.apply("masked_scores", _COPY, scaled, axes=_same)
    else:
        masked = recorder.apply("masked_scores", _MASK, scaled, mask, axes=_same)
    return recorder.apply("weights", softmax, masked, axes=_same)


def attention_output(
    recorder: Recorder[V], weights: V, value: V, output_weight: V | None = None, output_bias: V | None = None
) -> V:
    """From weights (…, n_q, n_k) and values (…, n_k, d_v) to the output (§3.2.2).

    One head without a projection ends at its weighted sums; several are concatenated, then projected.
    """
    several, projects = len(weights.shape) > 2, output_weight is not None
    name = "head_outputs" if several or projects else "output"
    result = recorder.apply(name, _WEIGHTED_SUMS, weights, value, axes=_query_by_feature)
    if several:
        result = recorder.apply("concatenated", _CONCATENATE, result, axes=_side_by_side)
        if output_weight is None:
            return recorder.apply("output", _COPY, result, axes=_same)
    if output_weight is None:
        return result
    if output_bias is None:
        return recorder.apply("output", _LINEAR, result, output_weight, axes=_projected)
    return recorder.apply("output", _LINEAR, result, output_weight, output_bias, axes=_projected)


def split_heads(recorder: Recorder[V], joined: V, name: str, split: SplitHeads, width: str) -> V:
    """(n, heads · d) → (heads, n, d) under the name of the chain.

    Args:
        recorder: takes in the steps.
        joined: what all heads have, side by side.
        name: "query", "key" or "value".
        split: into how many heads.
        width: the name of the last axis, "d_k" or "d_v".
    """
    return recorder.apply(name, split, joined, axes=_heads(split.num_heads, width))


@cache
def _heads(heads: int, width: str) -> AxesOf:
    def axes(joined: _Axes) -> _Axes:
        tokens, columns = joined
        return (Axis("head", heads), tokens, Axis(width, columns.size // heads))

    return axes


def _same(first: _Axes, *others: _Axes) -> _Axes:
    return first


def _query_by_key(query: _Axes, key: _Axes) -> _Axes:
    return (*query[:-1], key[-2])


def _query_by_feature(weights: _Axes, value: _Axes) -> _Axes:
    return (*weights[:-1], value[-1])


def _side_by_side(heads: _Axes) -> _Axes:
    head, tokens, width = heads
    return (tokens, Axis("d_model", head.size * width.size))


def _projected(heads: _Axes, weight: _Axes, *bias: _Axes) -> _Axes:
    return (heads[0], Axis("d_model", weight[1].size))
