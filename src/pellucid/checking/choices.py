"""The choices that a document leaves open: which way its matrices lie, what its scores are scaled by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from pellucid.checking.material import FLAT, Material


@dataclass(frozen=True)
class Choice:
    """One way to read a document.

    Args:
        columns: tokens are columns of the inputs.
        transposed_claims: tokens are columns of the results.
        transposed_weights: weight matrices stand the other way round than x W has them.
        scale: the factor of the scores.
        causal: whether the mask is causal.
        base: what the first row is called where rows are counted: 0 or 1.
        occurrence: which of several equal tokens a result is about that names no number.
    """

    columns: bool = False
    transposed_claims: bool = False
    transposed_weights: bool = False
    scale: str = "1/sqrt(d_k)"
    causal: bool = False
    base: int = 1
    occurrence: int = 0


def choices(material: Material) -> Iterator[Choice]:
    """The ways to read the document, the most natural first."""
    matrices = [
        given.matrix
        for role, given in material.given.items()
        if given.matrix is not None and role in (*FLAT, "embeddings")
    ]
    labelled = any(given.labels for role, given in material.given.items() if role in (*FLAT, "embeddings"))
    layouts = [False, True] if matrices and not labelled else [False]
    if material.declared.columns:
        layouts.reverse()
    has_weights = any(role.startswith("weights.") for role in material.given)
    scales = material.declared.scales or ["1/sqrt(d_k)"]
    causal = bool(material.declared.causal)
    most = max(
        (material.declared_tokens("query").count(token) for token in material.declared_tokens("query")), default=1
    )
    # Tokens may be columns of the inputs and rows of the results (QᵀK); not the other way round.
    for columns, claims, weights, occurrence, scale in product(
        layouts, (True, False), (False, True) if has_weights else (False,), range(min(most, 3)), scales
    ):
        if claims and not columns:
            continue
        yield Choice(
            columns,
            claims,
            weights != columns if has_weights else False,
            scale,
            causal,
            material.base,
            occurrence,
        )
