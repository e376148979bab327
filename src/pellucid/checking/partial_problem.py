"""A problem that starts in the middle, where a document does not give all inputs: with scores, or with weights."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.choices import Choice
from pellucid.checking.material import FLAT, Material
from pellucid.checking.problem import PER_KEY, Problem, Setting
from pellucid.checking.scopes import as_floats
from pellucid.derivation import Axis
from pellucid.errors import InputError
from pellucid.examples.settings import read_scale
from pellucid.expressions import Expression, Name, Number, with_parts


def partial_problem(material: Material, trees: dict[str, Array], choice: Choice) -> Problem | None:
    """A problem that starts in the middle: from what a document gives, and else from its first printed results.

    `None` where that is nothing.

    Args:
        material: what the document gives.
        trees: its inputs, by role, rows are tokens; the result that is taken as given is added to them.
        choice: how the document is read.
    """
    inputs = {role: as_floats(matrix) for role, matrix in trees.items() if role in (*FLAT, "embeddings")}
    for role, matrix in trees.items():
        if role.startswith("weights."):
            values = as_floats(matrix)
            inputs[f"{role.removeprefix('weights.')}_weight"] = values.T if choice.transposed_weights else values
    d_k = inputs["key"].shape[-1] if "key" in inputs else None
    if "query" in inputs and "key" in inputs and inputs["query"].shape[-1] != inputs["key"].shape[-1]:
        return None
    if "value" in inputs and "key" in inputs and inputs["value"].shape[0] != inputs["key"].shape[0]:
        if choice.columns != material.declared.columns:
            return None  # a layout that is not declared must fit all that is given
        del inputs["value"]
    scale = _scale_of(material, choice, d_k)
    axes: dict[str, tuple[Axis, ...]] = {}
    n_q = n_k = 0
    alone = not inputs and not material.declared.about_attention
    if alone:
        return None  # a table of scores and weights, but of what?
    if not ("query" in inputs and "key" in inputs) and "embeddings" not in inputs:
        first = _first_result(material, choice)
        if first is None:
            return None if not inputs else Problem(inputs, Setting(scale), {}, claims=())
        step, matrix = first
        inputs[step] = as_floats(matrix)
        n_q, n_k = inputs[step].shape
        trees[step] = matrix
        if "value" in inputs and inputs["value"].shape[0] != n_k:
            del inputs["value"]
    elif "query" in inputs and "key" in inputs:
        n_q, n_k = inputs["query"].shape[0], inputs["key"].shape[0]
    if n_q:
        query = Axis("query", n_q, _labels_or_none(material.tokens_for("query", n_q)))
        key = Axis("key", n_k, _labels_or_none(material.tokens_for("key", n_k)))
        for step in PER_KEY:
            axes[step] = (query, key)
        if "value" in inputs:
            axes["output"] = (query, Axis("d_v", inputs["value"].shape[1]))
    mask = material.mask(trees, n_q, n_k, causal=choice.causal) if n_q else "none"
    return Problem(inputs, Setting(scale, mask if isinstance(mask, np.ndarray) else None), axes)


def _first_result(material: Material, choice: Choice) -> tuple[str, Array] | None:
    """The first matrix of the chain that is printed, taken as given."""
    for step in PER_KEY:
        for mention in material.scope.claims:
            values = mention.values
            if mention.quantity.step != step or not values.size or mention.computed is not None:
                continue
            if values.ndim == 1 and not mention.quantity.indices[1:]:
                values = values[np.newaxis]
            if values.ndim == 2 and all(element is not None for element in values.reshape(-1)):
                return step, values.T if choice.transposed_claims else values
    return None


def _scale_of(material: Material, choice: Choice, d_k: int | None) -> Expression:
    try:
        scale = read_scale(choice.scale, material.known_d_k(d_k))
    except InputError:
        return read_scale("none", None)
    known = material.known_d_k(d_k) or 1
    return _numeric(scale, known)


def _labels_or_none(tokens: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if tokens is None else tuple(tokens)


def _numeric(scale: Expression, d_k: int) -> Expression:
    if isinstance(scale, Name):
        return Number(Decimal(d_k))
    return with_parts(scale, lambda part: _numeric(part, d_k))
