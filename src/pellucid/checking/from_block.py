"""A document read by an example: a block or a side file says what the inputs are, the document what is claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.checking.assembled import Assembled
from pellucid.checking.from_example import claim_places, claims_of, problem_of
from pellucid.checking.mention import UNNAMED, Mention
from pellucid.checking.naming import NO_STEPS
from pellucid.checking.placing import Placing, place_claims
from pellucid.checking.problem import Claim, compute
from pellucid.checking.scopes import INPUTS, Scope
from pellucid.examples import Example, explain


def assembled_from(
    examples: Sequence[Example], blocks: Sequence[tuple[Example, str, int]], mentions: Sequence[Mention]
) -> list[Assembled]:
    """The worked examples that blocks or a side file describe; the document's results are claims of the first.

    Args:
        examples: the examples, a side file's first.
        blocks: those that stand in the document: the example, its text, and where it begins.
        mentions: of the document.
    """
    texts = {id(example): (text, start) for example, text, start in blocks}
    found = []
    for number, example in enumerate(examples):
        derivation = explain(example)
        problem = problem_of(example, derivation)
        text, start = texts.get(id(example), ("", 0))
        own = claims_of(example, derivation, claim_places(text, start)) if text else ()
        true = compute(problem)
        results = [mention for mention in mentions if mention.quantity.step not in (*NO_STEPS, UNNAMED)]
        scope = Scope(claims=results if number == 0 else [])
        placed: list[Claim] = []
        if number == 0:
            weights = derivation["weights"]
            query, key = weights.axes[-2], weights.axes[-1]
            placing = Placing(
                {step: np.shape(value) for step, value in true.items()},
                [query.label(n) if query.labels else "" for n in range(query.size)],
                [key.label(n) if key.labels else "" for n in range(key.size)],
                False,
                0 if any("0" in mention.quantity.indices for mention in mentions) else 1,
                true,
            )
            results = [
                mention
                for mention in scope.claims
                if mention.quantity.step not in INPUTS or mention.quantity.step in true
            ]
            placed = place_claims(results, placing)
        problem = replace(problem, claims=(*own, *placed))
        reading = [f"Inputs taken from {'the example block' if text else 'the example file'} “{example.title}”."]
        found.append(Assembled(problem, scope, example, derivation, reading))
    return found
