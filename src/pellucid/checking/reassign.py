"""Results told side by side: each goes to the worked example that it fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pellucid.checking.assemble import assemble
from pellucid.checking.assembled import Assembled
from pellucid.checking.declarations import Declarations
from pellucid.checking.mention import FOCUS, INFERRED, SECTION, Mention
from pellucid.checking.placing import place_claims
from pellucid.checking.printed import is_near
from pellucid.checking.values import factors_of

_MOST_TOGETHER = 12
_FITS_HERE = 0.5


def reassigned(found: list[Assembled], declared: Declarations) -> list[Assembled]:
    """The worked examples with results that fit another of them moved to it.

    Two examples, or two heads, may be told side by side, stage by stage; a result then stands behind the wrong one.
    """
    if not 1 < len(found) <= _MOST_TOGETHER:
        return found
    moves: list[tuple[Mention, int, int]] = []
    for at, built in enumerate(found):
        focus: list[Mention] = []
        for mention in built.scope.claims:
            if mention.quantity.step == FOCUS:
                focus = [mention]
            if mention.quantity.step in (FOCUS, SECTION, INFERRED) or _share_right(focus, mention, built) >= _FITS_HERE:
                continue
            for other, candidate in enumerate(found):
                if other != at and _fits(focus, mention, candidate):
                    moves.append((mention, at, other))
                    break
    if not moves:
        return found
    for mention, at, other in moves:
        found[at].scope.claims.remove(mention)
        found[other].scope.claims.append(mention)
        found[other].scope.claims.sort(key=lambda claim: claim.offset)
    again = [assemble(built.scope, declared) for built in found]
    return [new for new in again if new is not None]


def _fits(focus: list[Mention], mention: Mention, built: Assembled) -> bool:
    """Whether all of a mention's numbers are right in an example that counts from 1 or, as another may, from 0."""
    if _share_right(focus, mention, built) == 1:
        return True
    from_zero = replace(built, placing=replace(built.placing, base=0))
    return built.placing.base == 1 and _share_right(focus, mention, from_zero) == 1


def _share_right(focus: list[Mention], mention: Mention, built: Assembled) -> float:
    """How many of a mention's numbers are right in an example; 0 where it cannot be placed in it."""
    placed = place_claims([*focus, mention], built.placing)
    if not placed or (len(placed) == 1 and (placed[0].printed.digits < 2 and placed[0].arithmetic is None)):
        return 0.0
    true = built.placing.true
    if len(placed) == 1 and placed[0].step == "scores" and placed[0].arithmetic is not None:
        pairs = factors_of(placed[0].arithmetic)
        row, column = placed[0].index[-2:]
        if pairs and true["query"].ndim == 2 and len(pairs) == true["query"].shape[1]:
            first = np.array([float(left.value) for left, _ in pairs])
            second = np.array([float(right.value) for _, right in pairs])
            return float(np.allclose(first, true["query"][row]) and np.allclose(second, true["key"][column]))
    return sum(is_near(claim.printed, float(true[claim.step][claim.index])) for claim in placed) / len(placed)
