"""How a document was read, in sentences, so that a reader can tell whether it was understood."""

from __future__ import annotations

from pellucid.checking.assembled import Assembled
from pellucid.checking.choices import Choice
from pellucid.checking.material import Material


def describe(built: Assembled, choice: Choice, material: Material) -> None:
    """Say how the document was read, in `built.reading`.

    Args:
        built: the worked example.
        choice: the one it was built under.
        material: what the document gives.
    """
    problem = built.problem
    words = []
    for role, name in (("query", "Q"), ("key", "K"), ("value", "V"), ("embeddings", "X")):
        given = material.given.get(role)
        matrix = built.trees.get(role)
        if given is None or matrix is None or given.is_empty:
            continue
        size = "×".join(map(str, matrix.shape))
        how = "token by token" if given.rows else f"“{_short(given.mentions[0].label)}”" if given.mentions else ""
        words.append(f"{name} ({size}, {how})")
    if words:
        built.reading.append(f"Taken as given: {', '.join(words)}.")
    axes = problem.axes.get("weights")
    if axes is not None and axes[-1].labels:
        built.reading.append(f"Tokens: {', '.join(axes[-1].labels[:30])}.")
    if choice.columns:
        built.reading.append("Tokens are columns.")
    if choice.transposed_weights and not choice.columns:
        built.reading.append("Weight matrices are applied as x Wᵀ.")
    if any(claim.step in ("scaled_scores", "weights", "output", "head_outputs") for claim in problem.claims):
        scale = {"1/sqrt(d_k)": "1/√d_k", "none": "none"}.get(choice.scale, choice.scale)
        said = "as the document says" if material.declared.scales else "which the document does not state"
        built.reading.append(f"Scale: {scale}, {said}.")
    if problem.setting.mask is not None:
        built.reading.append("Mask: causal." if choice.causal else "Mask: the printed one.")
    if problem.num_heads > 1:
        built.reading.append(f"{problem.num_heads} heads.")


def _short(label: str) -> str:
    label = " ".join(label.split()).rstrip(":= ").lstrip(",;. ")
    return label if len(label) <= 40 else f"…{label[-39:]}"
