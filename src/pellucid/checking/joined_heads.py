"""The outputs of a document's heads side by side, where it prints them so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.checking.assembled import Assembled
from pellucid.checking.mention import Mention
from pellucid.checking.printed import Printed
from pellucid.checking.problem import Claim, Problem, Setting
from pellucid.checking.scopes import Scope
from pellucid.derivation import Axis


def joined_heads(found: Sequence[Assembled], mentions: Sequence[Mention]) -> Assembled | None:
    """The concatenation of heads that are worked out one by one; `None` where none is printed, or it is unclear.

    Args:
        found: the worked examples of the document.
        mentions: of the document.
    """
    heads = sorted((built for built in found if built.scope.head is not None), key=_head)
    outputs = [built.verdicts.true.get("output") for built in heads]
    known = [output for output in outputs if output is not None and output.ndim == 2]
    is_clear = len(set(map(_head, heads))) == len(known) == len(heads) > 1
    are_alike = len({output.shape for output in known}) == 1
    if not is_clear or not are_alike or any(built.problem.rounded for built in heads):
        return None
    whole = np.concatenate(known, axis=1)
    printed = [one for one in mentions if one.quantity.step == "concatenated" and one.values.shape == whole.shape]
    if not printed:
        return None
    places = _places(heads)
    follows: dict[int, int] = {}
    claims: list[Claim] = []
    for mention in printed:
        for index, element in np.ndenumerate(mention.values):
            if isinstance(element, Printed):
                claims.append(Claim("concatenated", index, element))
                if index in places:
                    follows[element.start] = places[index]
    queries = heads[0].problem.axes["weights"][-2] if "weights" in heads[0].problem.axes else Axis("query", len(whole))
    axes = {"concatenated": (queries, Axis("feature", whole.shape[1]))}
    count = len(heads)
    problem = Problem({"head_outputs": np.stack(known)}, Setting(), axes, count, count, tuple(claims))
    size = "×".join(map(str, whole.shape))
    return Assembled(problem, Scope(), reading=[f"The {count} heads side by side: {size}."], follows=follows)


def _head(built: Assembled) -> int:
    return -1 if built.scope.head is None else built.scope.head


def _places(heads: Sequence[Assembled]) -> dict[tuple[int, ...], int]:
    """Where each number of the heads' outputs stands in the source, by its place in their concatenation."""
    places: dict[tuple[int, ...], int] = {}
    first = 0
    for built in heads:
        for claim in built.problem.claims:
            if claim.step == "output":
                row, column = claim.index
                places.setdefault((row, first + column), claim.printed.start)
        first += built.verdicts.true["output"].shape[1]
    return places
