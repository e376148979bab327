"""Arithmetic without a name: a dot product, a row of weights or a weighted sum, told by its operands.

Every function returns claims of one row of a step; nothing where the operands fit no row, or several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.printed import Printed, is_near
from pellucid.checking.problem import Claim
from pellucid.checking.values import Tree, factors_of
from pellucid.expressions import Exponential, Expression, Number, Quotient, Sum


def inferred(tree: Tree | None, values: Array, true: Mapping[str, Array], focus: int | None) -> list[Claim]:
    """What arithmetic computes, by its operands.

    Args:
        tree: the arithmetic, with places in the source.
        values: what is printed as its result: shape () or (n,).
        true: the true values of all steps.
        focus: the row that the document is about at this point; `None` where it has not said so.
    """
    if isinstance(tree, Expression) and values.ndim == 0:
        (number,) = values.reshape(-1)
        pairs = factors_of(tree)
        if pairs and isinstance(number, Printed) and _are_matrices(true, "query", "key"):
            return _dot_product(pairs, number, tree, true)
    if isinstance(tree, np.ndarray) and tree.ndim == 1 and values.shape == tree.shape:
        first = tree[0]
        if isinstance(first, Quotient) and isinstance(first.numerator, Exponential) and "weights" in true:
            return _softmax_row(tree, values, true, focus)
        if isinstance(first, Sum) and _are_matrices(true, "output", "value", "weights") and "head_outputs" not in true:
            return _weighted_sum(tree, values, true, focus)
    return []


def _are_matrices(true: Mapping[str, Array], *steps: str) -> bool:
    return all(step in true and true[step].ndim == 2 for step in steps)


def _dot_product(
    pairs: Sequence[tuple[Printed, Printed]], number: Printed, tree: Expression, true: Mapping[str, Array]
) -> list[Claim]:
    query, key = true["query"], true["key"]
    if not len(pairs) == query.shape[1] == key.shape[1]:
        return []
    left, right = (np.array([float(pair[side].value) for pair in pairs]) for side in (0, 1))
    for first, second in ((left, right), (right, left)):
        rows = np.flatnonzero(np.isclose(query, first, atol=1e-9).all(axis=1))
        columns = np.flatnonzero(np.isclose(key, second, atol=1e-9).all(axis=1))
        if len(rows) == len(columns) == 1:
            return [Claim("scores", (int(rows[0]), int(columns[0])), number, tree)]
    return []


def _softmax_row(tree: Array, values: Array, true: Mapping[str, Array], focus: int | None) -> list[Claim]:
    operands = [element.numerator.exponent for element in tree]
    if not all(isinstance(operand, Number) for operand in operands):
        return []
    for step in ("masked_scores", "scaled_scores", "scores"):
        matrix = true.get(step)
        if matrix is None or matrix.ndim != 2 or matrix.shape[1] != len(operands):
            continue
        row = _fitting_row(operands, matrix, focus)
        if row is not None:
            return [Claim("weights", (row, n), e) for n, e in enumerate(values) if isinstance(e, Printed)]
    return []


def _weighted_sum(tree: Array, values: Array, true: Mapping[str, Array], focus: int | None) -> list[Claim]:
    value, weights = true["value"], true["weights"]
    columns = [pairs for element in tree if (pairs := factors_of(element)) and len(pairs) == value.shape[0]]
    if len(columns) != len(tree) or len(tree) != value.shape[1]:
        return []
    shown = np.array([[float(number.value) for _, number in pairs] for pairs in columns]).T
    if not np.isclose(shown, value, atol=1e-9).all():
        return []
    row = _fitting_row([weight for weight, _ in columns[0]], weights, focus)
    row = focus if row is None else row
    if row is None:
        return []
    return [Claim("output", (row, n), e, tree[n]) for n, e in enumerate(values) if isinstance(e, Printed)]


def _fitting_row(operands: Sequence[Expression], matrix: Array, focus: int | None) -> int | None:
    """The row that operands are taken from: the only one that they fit, or the one in focus if they fit it."""
    fitting = [
        row
        for row in range(matrix.shape[0])
        if all(
            is_near(operand, float(true))
            for operand, true in zip(operands, matrix[row], strict=True)
            if isinstance(operand, Printed)
        )
    ]
    if len(fitting) == 1:
        return fitting[0]
    return focus if focus in fitting else None


def exponents(claims: Sequence[Claim], tree: Tree | None, true: Mapping[str, Array]) -> list[Claim]:
    """The exponents in a displayed softmax, `e^0.12/(e^0.12 + e^0.17)`, as claims: they are scaled scores too.

    Those of scores less their largest are not: a number that all are off by says so.

    Args:
        claims: of the weights whose arithmetic it is.
        tree: the arithmetic, with places in the source.
        true: the true values of all steps.
    """
    masked = true.get("masked_scores")
    first = tree.reshape(-1)[0] if isinstance(tree, np.ndarray) and tree.size else tree
    if claims[0].step != "weights" or masked is None or masked.ndim != 2 or not isinstance(first, Quotient):
        return []
    terms = first.denominator.terms if isinstance(first.denominator, Sum) else ()
    query = claims[0].index[0]
    row = masked[query]
    places = [int(place) for place in np.flatnonzero(np.isfinite(row))]
    if len(terms) == len(row):
        places = list(range(len(row)))
    operands = [term.exponent for term in terms if isinstance(term, Exponential)]
    if len(operands) != len(terms) or len(terms) != len(places):
        return []
    step = "scaled_scores" if "scaled_scores" in true else "masked_scores"
    found = [
        Claim(step, (query, place), operand)
        for place, operand in zip(places, operands, strict=True)
        if isinstance(operand, Printed) and np.isfinite(row[place]) and operand.value.is_finite()
    ]
    off = np.array([float(claim.printed.value) - row[claim.index[1]] for claim in found])
    units = max((claim.printed.unit for claim in found), default=0.0)
    if len(off) < 2 or (np.ptp(off) <= 1.5 * units and abs(off.mean()) > units):
        return []
    return found
