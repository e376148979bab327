"""The digits of right numbers, certain ones."""

from __future__ import annotations

from pellucid.derivation import Derivation
from pellucid.examples import Example, explain

_MOST_EXACT = 4_000
_EXACT_DIGITS = 25


def exact_derivation(example: Example, derivation: Derivation) -> Derivation | None:
    """The same in exact decimals, where that does not take long."""
    if sum(step.value.size for step in derivation) > _MOST_EXACT:
        return None
    return explain(example, exact=_EXACT_DIGITS)
