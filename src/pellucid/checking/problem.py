"""What a document computes: the inputs and choices it states, and the numbers it prints for each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.printed import Printed
from pellucid.derivation import Axis
from pellucid.expressions import Expression, Number
from pellucid.operations import ConcatenateHeads, Linear, Mask, MatMul, Scale, Softmax

CHAIN = (
    "projected_query",
    "projected_key",
    "projected_value",
    "query",
    "key",
    "value",
    "scores",
    "scaled_scores",
    "masked_scores",
    "weights",
    "head_outputs",
    "concatenated",
    "output",
)
"""The steps that can be computed, in their order."""

SCORES = ("scores", "scaled_scores", "masked_scores")
"""What the softmax is taken of, from the dot products on."""

PER_KEY = (*SCORES, "weights")
"""What has a row for each query and a number for each key."""

_FLAT = ("query", "key", "value")


@dataclass(frozen=True, eq=False)
class Claim:
    """One printed number, and what it is said to be.

    Args:
        step: its step.
        index: its position in the step, one integer an axis.
        printed: the number; `start` and `end` are offsets in the source.
        arithmetic: what the document writes it as the result of, if anything: `0.3×0.1 + 0.4×0.3`.
    """

    step: str
    index: tuple[int, ...]
    printed: Printed
    arithmetic: Expression | None = None


@dataclass(frozen=True, eq=False)
class Setting:
    """The choices of a computation.

    Args:
        scale: the factor of the scores, in numbers alone.
        mask: true = may attend; `None` for none.
        transposed_weights: whether weight matrices are applied as x Wᵀ.
    """

    scale: Expression = field(default_factory=lambda: Number(Decimal(1)))
    mask: Array | None = None
    transposed_weights: bool = False


@dataclass(frozen=True, eq=False)
class Problem:
    """A worked example as a document states it.

    Args:
        inputs: what is given, by step name: arrays of float64. Weight matrices are "query_weight" and so on.
        setting: the choices it declares, or the usual ones.
        axes: names and tokens of the axes of each step.
        num_heads: 1 unless arrays have a leading head axis.
        claims: what it prints.
        rounded: inputs that are themselves rounded prints, and how far each may be off.
        shows_scaled: whether scaled scores are shown in arithmetic, such as 0.21/√3 = 0.12.
        declared: whether the document itself states the scale; otherwise the usual one was taken.
    """

    inputs: Mapping[str, Array]
    setting: Setting
    axes: Mapping[str, tuple[Axis, ...]]
    num_heads: int = 1
    num_key_value_heads: int = 1
    claims: tuple[Claim, ...] = ()
    rounded: Mapping[str, float] = field(default_factory=dict)
    shows_scaled: bool = False
    declared: bool = True

    @property
    def d_k(self) -> int | None:
        """Columns of a key, where there are keys."""
        key = self.inputs.get("key")
        if key is not None:
            return int(key.shape[-1])
        weight = self.inputs.get("key_weight")
        if weight is not None:
            columns = weight.shape[0] if self.setting.transposed_weights else weight.shape[1]
            return int(columns) // self.num_key_value_heads
        return None


def compute(problem: Problem, known: Mapping[str, Array] | None = None) -> dict[str, Array]:
    """Every step that can be computed from the inputs, by the operations of pellucid.

    Args:
        problem: inputs and choices.
        known: values of steps that are to be taken as they are: later steps are computed from them.

    Returns:
        The steps, those that are `known` included.
    """
    known = known or {}
    have: dict[str, Array] = {**problem.inputs, **known}
    setting = problem.setting
    with np.errstate(all="ignore"):
        _project(problem, have, known)
        heads = problem.num_heads > 1
        if "scores" not in have and _share_d_k(have):
            have["scores"] = MatMul(transpose=True).evaluate(have["query"], have["key"])
        if "scaled_scores" not in have and "scores" in have:
            have["scaled_scores"] = Scale(setting.scale, {}).evaluate(have["scores"])
        if "masked_scores" not in have and "scaled_scores" in have:
            scaled = have["scaled_scores"]
            have["masked_scores"] = scaled if setting.mask is None else Mask().evaluate(scaled, setting.mask)
        if "weights" not in have and "masked_scores" in have:
            have["weights"] = Softmax().evaluate(have["masked_scores"])
        _put_out(have, heads)
    return have


def depends(step: str, index: tuple[int, ...], earlier: str, place: tuple[int, ...]) -> bool:
    """Whether an element is computed from an element of an earlier step."""
    heads = place[:-2] == index[:-2] or len(place) != len(index)
    row, column = place[-2], place[-1]
    if earlier in SCORES:
        if step in ("scaled_scores", "masked_scores"):
            return place == index
        return heads and row == index[-2]
    if earlier in ("weights", "head_outputs", "concatenated"):
        return heads and row == index[-2]
    if earlier.endswith("query"):
        return step in ("query", "projected_query") or row == index[-2]
    if earlier.endswith("key"):
        if step in SCORES:
            return row == index[-1]
        return step not in ("query", "value", "projected_query", "projected_value")
    if earlier.endswith("value"):
        return step in ("head_outputs", "output", "concatenated", "projected_value", "value") and (
            column == index[-1] or len(place) != len(index) or step in ("concatenated", "output")
        )
    return True


def _share_d_k(have: Mapping[str, Array]) -> bool:
    """Whether there are queries and keys that fit each other."""
    query, key = have.get("query"), have.get("key")
    if query is None or key is None or query.shape[-1] != key.shape[-1] or query.ndim != key.ndim:
        return False
    return query.ndim == 2 or query.shape[0] % key.shape[0] == 0


def _project(problem: Problem, have: dict[str, Array], known: Mapping[str, Array]) -> None:
    """Queries, keys and values from embeddings, memory and weight matrices."""
    x = have.get("x", have.get("embeddings"))
    for name in _FLAT:
        if name in have:
            continue
        source = have.get("memory", x) if name != "query" else x
        weight = have.get(f"{name}_weight")
        joined = f"projected_{name}"
        if joined not in have and source is not None:
            if weight is None:
                if any(f"{other}_weight" in have for other in _FLAT):
                    continue
                have[joined] = source
            else:
                matrix = weight.T if problem.setting.transposed_weights else weight
                bias = have.get(f"{name}_bias")
                if source.shape[-1] != matrix.shape[0] or (bias is not None and bias.shape[-1] != matrix.shape[1]):
                    continue
                have[joined] = Linear().evaluate(source, matrix, *([] if bias is None else [bias]))
        if joined in have:
            flat = have[joined]
            heads = problem.num_heads if name == "query" else problem.num_key_value_heads
            if problem.num_heads == 1:
                have[name] = flat
                del have[joined]
            elif flat.shape[1] % heads == 0:
                have[name] = flat.reshape(flat.shape[0], heads, -1).swapaxes(0, 1)


def _put_out(have: dict[str, Array], heads: bool) -> None:
    """From weights and values to the output."""
    weights, value, matrix = have.get("weights"), have.get("value"), have.get("output_weight")
    first = "head_outputs" if heads or matrix is not None else "output"
    if first not in have and weights is not None and value is not None and weights.shape[-1] == value.shape[-2]:
        have[first] = MatMul().evaluate(weights, value)
    if heads and "head_outputs" in have and "concatenated" not in have:
        have["concatenated"] = ConcatenateHeads().evaluate(have["head_outputs"])
    if "output" in have:
        return
    last = have.get("concatenated" if heads else "head_outputs")
    if last is None or (matrix is not None and matrix.shape[0] != last.shape[-1]):
        return
    bias = have.get("output_bias")
    have["output"] = last if matrix is None else Linear().evaluate(last, matrix, *([] if bias is None else [bias]))
