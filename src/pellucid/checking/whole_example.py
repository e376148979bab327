"""The example that a document's inputs make where all that one needs is there."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.choices import Choice
from pellucid.checking.material import FLAT, Material
from pellucid.errors import InputError
from pellucid.examples import Example


def example_of(material: Material, trees: dict[str, Array], choice: Choice) -> Example | None:
    """The example that the inputs make; `None` where something is missing or does not fit.

    Args:
        material: what the document gives.
        trees: its inputs, by role, rows are tokens.
        choice: how the document is read.
    """
    fields: dict[str, object] = {}
    weights = {role.removeprefix("weights."): matrix for role, matrix in trees.items() if role.startswith("weights.")}
    biases = {
        role.removeprefix("biases."): matrix.reshape(-1) for role, matrix in trees.items() if role.startswith("biases.")
    }
    if choice.transposed_weights:
        weights = {name: matrix.T for name, matrix in weights.items()}
    projections = [name for name in weights if name != "output"]
    embedded = trees.get("memory", trees.get("embeddings"))
    elsewhere = all(role in trees for role in FLAT) and embedded is not None and len(trees["key"]) != len(embedded)
    if elsewhere:  # keys and values come from other tokens, whose embeddings are not given
        fields.update({role: trees[role] for role in FLAT})
    elif "embeddings" in trees and (len(projections) == 3 or not (projections or any(role in trees for role in FLAT))):
        fields["embeddings"] = trees["embeddings"]
        if "memory" in trees:
            fields["memory"] = trees["memory"]
        if "positions" in trees and trees["positions"].shape == trees["embeddings"].shape:
            fields["positions"] = trees["positions"]
        fields["weights"] = weights
        fields["biases"] = {name: bias for name, bias in biases.items() if name in weights}
    elif all(role in trees for role in FLAT):
        fields.update({role: trees[role] for role in FLAT})
        if "output" in weights:
            fields["weights"] = {"output": weights["output"]}
            fields["biases"] = {name: bias for name, bias in biases.items() if name == "output"}
    else:
        return None
    first = fields.get("query", fields.get("embeddings"))
    assert isinstance(first, np.ndarray)
    heads = material.num_heads(trees)
    memory = fields.get("memory", fields.get("key", first))
    assert isinstance(memory, np.ndarray)
    n_q, n_k = first.shape[-2], memory.shape[-2]
    try:
        return Example(
            title="What the document computes",
            query_tokens=material.tokens_for("query", n_q),
            key_tokens=material.tokens_for("key", n_k),
            scale=choice.scale,
            mask=material.mask(trees, n_q, n_k, causal=choice.causal),
            num_heads=heads,
            **fields,  # type: ignore[arg-type]  # which fields there are depends on the document
        )
    except InputError:
        return None
