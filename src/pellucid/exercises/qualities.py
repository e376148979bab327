"""What makes numbers nice, as things that can be counted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pellucid.arrays import Array
from pellucid.examples import Example
from pellucid.exercises.by_hand import off_by, rounded
from pellucid.exercises.chain import Chain
from pellucid.exercises.input_arrays import first_rows
from pellucid.operations import Softmax

COSTS = {
    "vanishing weights": 20,
    "flat rows": 20,
    "large scores": 10,
    "dull vectors": 6,
    "weights alike": 2,
    "paper differs": 1,
    "halves": 1,
}
"""The blemishes numbers can have, and how much each weighs against the others.

    vanishing weights   a weight that is not masked is printed as zero
    flat rows           the largest weight of a row is not at least 1½ times the smallest (as printed)
    large scores        a scaled score is beyond ±4: its exponential is too large or too small for paper
    dull vectors        a query or key with less than two entries other than 0 or the same as another token's; a
                        column of values of which more than half are 0
    weights alike       neighbours in size whose scores differ, but whose weights are printed alike
    paper differs       a result that differs when every number is rounded as it is written down
    halves              a score that lies halfway between two printed numbers, which some people round down
"""

_CONTRAST = 1.5
_LARGEST_SCORE = 4
_SAME = 1e-9
_MOST_UNITS = 5


def count_blemishes(structure: Example, inputs: Mapping[str, Array], digits: int) -> dict[str, Array]:
    """How many blemishes of each kind every candidate has.

    Args:
        structure: shapes, tokens, heads, mask and scale.
        inputs: as `input_arrays` names them, each with a leading axis of candidates.
        digits: places to which results are printed.
    """
    exact, paper = Chain(structure, inputs).steps, Chain(structure, inputs, digits).steps
    candidates = len(next(iter(inputs.values())))

    def count(wrong: Array) -> Array:
        return np.asarray(wrong.reshape(candidates, -1).sum(axis=1))

    scaled, masked = exact["scaled_scores"], exact["masked_scores"]
    weights, allowed = rounded(exact["weights"], digits), masked > -np.inf
    return {
        "vanishing weights": count(allowed & (weights == 0)),
        "flat rows": count(_flat(weights, allowed)),
        "large scores": count(allowed & (np.abs(scaled) > _LARGEST_SCORE)),
        "dull vectors": sum((count(dull) for dull in _dull(structure, exact)), np.zeros(candidates)),
        "weights alike": count(_alike(masked, weights)),
        "paper differs": sum((count(units) for units in _differences(exact, paper, digits)), np.zeros(candidates)),
        "halves": count(_halves(scaled, digits)),
    }


def penalty(blemishes: Mapping[str, Array]) -> Array:
    """One number a candidate: its blemishes by what they cost."""
    return np.asarray(sum(COSTS[kind] * counts for kind, counts in blemishes.items()))


def _flat(weights: Array, allowed: Array) -> Array:
    smallest = np.where(allowed, weights, np.inf).min(axis=-1)
    return np.asarray((allowed.sum(axis=-1) > 1) & (weights.max(axis=-1) < _CONTRAST * smallest - _SAME))


def _alike(scores: Array, weights: Array) -> Array:
    order = np.argsort(scores, axis=-1, kind="stable")
    lower = np.take_along_axis(scores, order, axis=-1)[..., :-1]
    higher = np.take_along_axis(scores, order, axis=-1)[..., 1:]
    steps = np.diff(np.take_along_axis(weights, order, axis=-1), axis=-1)
    return np.asarray((lower > -np.inf) & (higher > lower + _SAME) & (steps < _SAME))


def _differences(exact: Mapping[str, Array], paper: Mapping[str, Array], digits: int) -> list[Array]:
    """How far paper leads elsewhere; the last is for those who do not round inside the softmax."""
    units = [off_by(paper[name], exact[name], digits).clip(max=_MOST_UNITS) for name in exact]
    unrounded = rounded(Softmax().evaluate(paper["masked_scores"]), digits)
    return [*units, np.abs(unrounded - paper["weights"]) > _SAME]


def _halves(scores: Array, digits: int) -> Array:
    units = np.abs(scores) * 10.0**digits
    fraction = units - np.floor(units, out=np.zeros_like(units), where=np.isfinite(units))
    return np.asarray(np.abs(fraction - 0.5) < 1e-6)


def _dull(structure: Example, steps: Mapping[str, Array]) -> list[Array]:
    query_rows, key_rows = (sorted(set(rows)) for rows in first_rows(structure))
    found = []
    for name, rows in (("query", query_rows), ("key", key_rows)):
        if name in steps:
            vectors = steps[name]
            found += [np.count_nonzero(vectors, axis=-1) < min(2, vectors.shape[-1]), _repeated(vectors[:, rows])]
    if "value" in steps:
        values = steps["value"]
        found += [2 * np.count_nonzero(values, axis=-2) < values.shape[-2], _repeated(values[:, key_rows])]
    return found


def _repeated(vectors: Array) -> Array:
    """Where two rows of a matrix are the same: one entry a pair of neighbours, once the rows are sorted."""
    keys = np.round(vectors @ np.sin(np.arange(1.0, vectors.shape[-1] + 1)), 6)
    return np.asarray(np.diff(np.sort(keys, axis=-1), axis=-1) == 0)
