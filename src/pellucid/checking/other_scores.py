"""Weights that are the softmax of other numbers than the scores of the example: with a bias, of another query.

What attention adds to its scores (ALiBi, relative positions) is not read, nor is a query that has no name here, such
as the state of a decoder. But what is printed just before weights says what they are the softmax of: where that makes
all of them right, they are. Numbers that are the scores but for a scale, a shift or a slip are none of these: there the
weights are wrong.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from msgspec import structs

from pellucid.arrays import Array
from pellucid.checking.assemble import assemble
from pellucid.checking.assembled import Assembled
from pellucid.checking.declarations import Declarations
from pellucid.checking.mention import FOCUS, INFERRED, UNNAMED, Mention
from pellucid.checking.naming import NO_STEPS, Quantity
from pellucid.checking.problem import SCORES
from pellucid.checking.scopes import Scope, as_floats
from pellucid.checking.variants import places_of, without, wrong_places

_SAME = 0.02
"""How far a score and a number made of it may lie from each other to be the same but for rounding."""

_FARTHEST = 50
"""Mentions before weights, among which the numbers are that they are the softmax of."""


def by_other_scores(built: Assembled, mentions: Sequence[Mention], declared: Declarations) -> list[Assembled]:
    """A worked example, and the parts of it that go on from other numbers than its scores.

    Args:
        built: the example.
        mentions: all of the document, by their places.
        declared: what the document declares.
    """
    found: list[Assembled] = []
    for between, results in _parts(built, mentions):
        part = _going_on(built, between, results, declared)
        if part is not None:
            found.append(part)
            built = without(built, places_of(results))
    return [built, *found]


def _parts(built: Assembled, mentions: Sequence[Mention]) -> Iterator[tuple[Mention, list[Mention]]]:
    """Numbers between scores and wrong weights, with these weights and what follows from them."""
    wrong = wrong_places(built)
    claims = sorted(built.scope.claims, key=lambda mention: mention.offset)
    for position, weights in enumerate(claims):
        if weights.quantity.step != "weights" or weights.values.size < 2 or not places_of([weights]) & wrong:
            continue
        scores = max((one.offset for one in claims[:position] if one.quantity.step in SCORES), default=-1)
        place = bisect_left(mentions, weights.offset, key=lambda mention: mention.offset)
        earlier = mentions[max(0, place - _FARTHEST - weights.values.size) : place]
        between = _array([one for one in earlier if one.offset > scores >= 0], weights)
        between = between or _items(earlier, weights, built)
        if between is not None and not _are_scores(as_floats(between.values), built):
            after = claims[position + 1 :]
            end = next((n for n, one in enumerate(after) if one.quantity.step in (*SCORES, "weights")), len(after))
            yield between, [weights, *(one for one in after[:end] if one.quantity.step == "output")]


def _array(earlier: Sequence[Mention], weights: Mention) -> Mention | None:
    """The last array without a name of its own that has the shape of the weights."""
    shape = weights.values.shape
    fitting = [one for one in earlier if one.quantity.step in (*NO_STEPS, UNNAMED) and one.values.shape == shape]
    return fitting[-1] if fitting else None


def _items(earlier: Sequence[Mention], weights: Mention, built: Assembled) -> Mention | None:
    """Numbers, one for each weight, that stand last before the weights and are results of none of the queries here."""
    last = [one for one in earlier if one.quantity.step != FOCUS][-weights.values.size :]
    if weights.values.ndim != 1 or len(last) < weights.values.size:
        return None
    placed = {claim.printed.start for claim in built.problem.claims}
    if any(
        one.quantity.step not in (INFERRED, *SCORES) or one.values.shape or places_of([one]) & placed for one in last
    ):
        return None
    values = np.array([one.values[()] for one in last], dtype=object)
    return structs.replace(last[-1], values=values, chain=None, computed=None)


def _are_scores(numbers: Array, built: Assembled) -> bool:
    """Whether numbers are the scores of the example or a row of them: masked, scaled, shifted, or with a slip."""
    if not np.isfinite(numbers).all():
        return True  # they are masked, or no numbers
    for step in SCORES[:2]:
        true = built.verdicts.true.get(step)
        if true is None or true.shape[-1] != numbers.shape[-1]:
            continue
        whole = np.reshape(true, (-1, *true.shape[-2:]))
        for scores in whole if numbers.ndim == 2 else np.reshape(true, (-1, true.shape[-1])):
            if scores.shape != numbers.shape or not np.isfinite(scores).all():
                continue
            near = np.isclose(numbers, scores, rtol=_SAME, atol=_SAME)
            largest = np.unravel_index(np.argmax(np.abs(scores)), scores.shape)
            factor = numbers[largest] / scores[largest] if scores[largest] else 0.0
            scaled = np.allclose(numbers, factor * scores, rtol=_SAME, atol=_SAME)
            shifted = np.ptp(numbers - scores, axis=-1).max() <= _SAME
            if near.sum() * 2 > near.size or scaled or shifted:
                return True
    return False


def _going_on(
    built: Assembled, between: Mention, results: Sequence[Mention], declared: Declarations
) -> Assembled | None:
    """Weights and outputs computed from the numbers before them; `None` where the weights are not their softmax."""
    start = structs.replace(between, quantity=Quantity("masked_scores", results[0].quantity.indices))
    inputs = built.scope.given
    projects = any(role.startswith("weights.") for role in inputs)
    value = inputs.get("value") or (None if projects else inputs.get("embeddings"))  # without weights they are the same
    scope = Scope(given={} if value is None else {"value": value}, claims=[start, *results], head=built.scope.head)
    part = assemble(scope, replace(declared, scales=["none"], causal=False, statements=[]))
    if part is None or part.conventions or not part.verdicts.checked:
        return None
    errors = {one.claim.printed.start for one in part.verdicts.judgements if one.severity == "error"}
    if errors & places_of(results[:1]):
        return None
    part.reading = [f"{results[0].values.size} weights are the softmax of numbers that are not checked themselves."]
    return part
