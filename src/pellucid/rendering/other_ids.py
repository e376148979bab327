"""Ids of tokens that differ between two runs, in words: they are names, and no amounts."""

from __future__ import annotations

from pellucid.derivation import Step
from pellucid.derivation.comparison import StepDifference
from pellucid.operations import ArgMax
from pellucid.rendering.labels import token_label

_LONGEST = 24
_END = "nothing"


def told_ids(step: StepDifference) -> str:
    """`after “The”, A has “dog” and B “cat”`; of texts of different lengths also how long they are.

    Args:
        step: of ids, which are not the same in both runs.
    """
    place = _first_other(step)
    one, other = _token(step.a, place), _token(step.b, place)
    if one == other:
        return f"{one} has the id {step.a.value[place]} in A and {step.b.value[place]} in B, in other vocabularies"
    follows = place and not isinstance(step.a.operation, ArgMax)
    before = f"after {_token(step.a, place - 1)}, " if follows else ""
    words = f"{before}A has {one} and B {other}"
    if len(step.a.value) != len(step.b.value):
        words = f"A has {len(step.a.value)} tokens and B {len(step.b.value)}; {words}"
    return words


def texts_of_ids(step: StepDifference) -> tuple[str, str]:
    """The first tokens that are not the same, of A and of B.

    Args:
        step: of ids, which are not the same in both runs.
    """
    place = _first_other(step)
    one, other = _token(step.a, place), _token(step.b, place)
    if one == other:
        return f"id {step.a.value[place]}", f"id {step.b.value[place]}"
    return one, other


def _first_other(step: StepDifference) -> int:
    """The place of the first id that is not the same; where one run has no more, that after its last."""
    a, b = step.a.value.tolist(), step.b.value.tolist()
    shorter = min(len(a), len(b))
    return next((place for place in range(shorter) if a[place] != b[place]), shorter)


def _token(step: Step, place: int) -> str:
    """The token of an id, in quotation marks; without its text the id."""
    if place >= len(step.value):
        return _END
    id_ = int(step.value[place])
    if isinstance(step.operation, ArgMax):
        vocabulary = step.operands[0].axes[-1]
        token = None if vocabulary.labels is None else vocabulary.labels[id_]
    else:
        token = None if step.axes[0].labels is None else step.axes[0].labels[place]
    return f"id {id_}" if token is None else f"“{token_label(token, _LONGEST)}”"
