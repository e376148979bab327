"""One row of one head in a few lines: what it looks at most, from the dot product to the weighted sum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.expressions import Expression, Sum
from pellucid.expressions.tree import Terms
from pellucid.rendering.document import Line, Working
from pellucid.rendering.focus import Focus

READS = (
    "query · key scores a token, the softmax of scaled scores makes weights, and the output is the values in these"
    " shares"
)
"""How the lines are to be read, to be ended with a mark."""
_COLUMNS = 2  # of the output


def in_brief(focus: Focus) -> Working:
    """The row that is looked at, of the keys that are spelled out, and the first columns of the output.

    Keys stand in the order of their weights, also in sums: what counts most comes first, and what is left out where
    there is little room counts least.

    Args:
        focus: the row, the head and the keys to spell out.
    """
    weights = focus.row(focus.weights).astype(np.float64)
    order = np.argsort(-weights, kind="stable").tolist()
    ranked = sorted(range(len(focus.keys)), key=lambda number: order.index(focus.keys[number]))
    scores, softmax = focus.along_keys(focus.derivation["scores"]).lines, focus.softmax().lines
    total, shares = softmax[: -len(ranked)], softmax[-len(ranked) :]
    output = focus.along_features(focus.derivation["head_outputs" if focus.several else "output"], _COLUMNS).lines
    lines = [scores[number] for number in ranked]
    lines += [_ordered(line, order) for line in total]
    lines += [
        Line(f"weight of {shares[number].label}", shares[number].expressions, shares[number].result)
        for number in ranked
    ]
    lines += [_ordered(line, order) for line in output]
    return Working(tuple(lines), brief=True)


def _ordered(line: Line, order: Sequence[int]) -> Line:
    return Line(line.label, tuple(_reordered(each, order) for each in line.expressions), line.result)


def _reordered(expression: Expression, order: Sequence[int]) -> Expression:
    """A sum over keys in their order; what is no key, a sink, stays last."""
    if not isinstance(expression, Sum):
        return expression
    terms, places = expression.terms, [*order, *range(len(order), len(expression.terms))]
    return Sum(Terms(len(places), lambda k: terms[places[k]]))
