"""A production as data, for programs: with full precision."""

from __future__ import annotations

from typing import Any

from pellucid.derivation import Derivation
from pellucid.production import Candidate, Production


def production_data(
    production: Production, attention: Derivation, layer: int | None, head: int | None
) -> dict[str, Any]:
    """`{"source", "translation", "tokens", "score", "steps", "attention", "beams", …}`; of a text "prompt" and "text".

    Args:
        production: the text.
        attention: of `Production.attention`.
        layer: of it; `None` for the last.
        head: of it; `None` for the mean of all.
    """
    made = production
    given, text = ("source", "translation") if made.is_translation else ("prompt", "text")
    layers = made.steps[0].passes.transformer.config.num_decoder_layers
    data: dict[str, Any] = {
        given: made.given,
        text: made.text,
        "tokens": list(made.tokens),
        "score": made.score,
        "model": made.model,
        "forced": made.forced,
        "log_probability": made.hypothesis.log_probability,
        "ending": made.hypothesis.ending,
        f"{given}_tokens": list(made.given_tokens),
        f"{given}_ids": list(made.given_ids),
        "steps": [
            {
                "token": step.token,
                "id": step.id,
                "probability": step.probability,
                "rank": step.rank,
                "distance": distance,
                "candidates": [_candidate(each) for each in step.candidates],
            }
            for step, distance in zip(made.steps, made.distances.tolist(), strict=True)
        ],
        "attention": {
            "kind": made.kind,
            "layer": layers - 1 if layer is None else layer,
            "head": head,
            "keys": list(attention.output.axes[1].labels or ()),
            "weights": attention.output.value.tolist(),
        },
        "distance": made.distance,
        "verified": made.verified,
    }
    if made.tree:
        data["beams"] = [
            [
                {
                    "token": made.vocabulary[each.token],
                    "id": each.token,
                    "origin": each.origin,
                    "log_probability": each.log_probability,
                    "beam": each.beam,
                    "score": each.score,
                }
                for each in candidates
            ]
            for candidates in made.tree
        ]
    if made.others:
        data["alternatives"] = [
            {text: other.text, "tokens": list(other.tokens), "score": other.score} for other in made.others
        ]
    return data


def _candidate(candidate: Candidate) -> dict[str, Any]:
    drawn = {} if candidate.drawn is None else {"drawn": candidate.drawn}
    return {
        "token": candidate.token,
        "id": candidate.id,
        "logit": candidate.logit,
        "probability": candidate.probability,
        **drawn,
    }
