"""A worked example under one way to read the document: its problem, with the printed results as claims."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.assembled import Assembled
from pellucid.checking.choices import Choice
from pellucid.checking.from_example import problem_of
from pellucid.checking.judge import judge
from pellucid.checking.material import FLAT, Material
from pellucid.checking.partial_problem import partial_problem
from pellucid.checking.placing import Placing, place_claims
from pellucid.checking.printed import Printed
from pellucid.checking.problem import PER_KEY, Problem, compute
from pellucid.checking.whole_example import example_of
from pellucid.errors import InputError
from pellucid.examples import explain

_MOST_NUMBERS = 200_000
_ROUNDED_SHARE = 0.2
"""Of the printed numbers, which must disagree before the first of them are taken for rounded ones."""


def build(material: Material, choice: Choice) -> Assembled | None:
    """The worked example under one way to read the document; `None` where nothing can be computed.

    Args:
        material: what the document gives.
        choice: how it is read.
    """
    trees = {role: matrix for role in material.given if (matrix := material.matrix(role, choice.columns)) is not None}
    if sum(matrix.size for matrix in trees.values()) > _MOST_NUMBERS:
        return None
    example = example_of(material, trees, choice)
    derivation = None
    if example is not None:
        try:
            derivation = explain(example)
            problem = problem_of(example, derivation)
        except InputError:
            example = None
    if example is None:
        partial = partial_problem(material, trees, choice)
        if partial is None:
            return None
        problem = partial
    rounded = {name: half for name, half in _rounded(material, trees).items() if name in problem.inputs}
    problem = replace(
        problem, rounded=rounded, declared=bool(material.declared.scales), shows_scaled=material.declared.shows_scaled
    )
    true = compute(problem)
    placing = Placing(
        shapes={step: np.shape(value) for step, value in true.items()},
        query_labels=_side_labels(material, "query", problem),
        key_labels=_side_labels(material, "key", problem),
        transposed=choice.transposed_claims,
        base=choice.base,
        true=true,
        occurrence=choice.occurrence,
    )
    mentions = material.scope.claims
    if example is not None and example.embeddings is not None:
        # Queries, keys and values are results here: x W.
        computed = [mention for role in FLAT if role in material.given for mention in material.given[role].mentions]
        mentions = sorted([*computed, *mentions], key=lambda mention: mention.offset)
    claims = place_claims(mentions, placing)
    problem = _from_rounded(replace(problem, claims=tuple(claims)), trees)
    return Assembled(
        problem,
        material.scope,
        example,
        derivation,
        trees=trees,
        scale=choice.scale,
        causal=choice.causal,
        placing=placing,
    )


def _side_labels(material: Material, side: str, problem: Problem) -> list[str]:
    """The labels of the rows of one side, or of its declared tokens where they fit."""
    axes = next((axes for step, axes in problem.axes.items() if step in ("weights", "scores", "scaled_scores")), None)
    if axes is not None:
        axis = axes[-2] if side == "query" else axes[-1]
        if axis.labels is not None:
            return [axis.label(position) for position in range(axis.size)]
        return [""] * axis.size
    return material.labels[side]


def _rounded(material: Material, trees: dict[str, Array]) -> dict[str, float]:
    """Inputs of so many digits that they are rounded results themselves, and half a unit of their last digit."""
    halves: dict[str, float] = {}
    for role in material.given:
        matrix = trees.get(role)
        if matrix is None:
            continue
        places = {element.places for element in matrix.reshape(-1) if isinstance(element, Printed)}
        if places and max(places) >= 4:
            name = f"{role.removeprefix('weights.')}_weight" if role.startswith("weights.") else role
            halves[name] = 0.5 * 10.0 ** -max(places)
    return halves


def _from_rounded(problem: Problem, trees: dict[str, Array]) -> Problem:
    """The problem with its first printed results taken as rounded, where that alone explains what follows."""
    start = next((step for step in PER_KEY if step in problem.inputs and step in trees), None)
    if start is None or start in problem.rounded:
        return problem
    places = max((element.places for element in trees[start].reshape(-1) if isinstance(element, Printed)), default=0)
    wrong = len(judge(problem).judgements) if places > 0 else 0
    if wrong < 2 or wrong < _ROUNDED_SHARE * len(problem.claims):
        return problem
    rounded = replace(problem, rounded={**problem.rounded, start: 0.5 * 10.0**-places})
    return problem if judge(rounded).judgements else rounded
