"""Arithmetic without a name: a dot product, a row of weights or a weighted sum, told by its operands.

Every function returns claims of one row of a step; nothing where the operands fit no row, or several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.floats import NoValueError, float_of
from pellucid.checking.printed import Printed, is_exact, is_near, is_right
from pellucid.checking.problem import Claim
from pellucid.checking.values import Tree, factors_of
from pellucid.expressions import Exponential, Expression, Number, Quotient, Sum

_ROUGHLY = 0.05
"""How far rounding on the way may take a quotient from the weight that it is, relative."""


def inferred(
    tree: Tree | None,
    values: Array,
    true: Mapping[str, Array],
    focus: int | None,
    key: int | None = None,
    *,
    is_said: bool = False,
) -> list[Claim]:
    """What arithmetic computes, by its operands.

    Args:
        tree: the arithmetic, with places in the source.
        values: what is printed as its result: shape () or (n,).
        true: the true values of all steps.
        focus: the row that the document is about at this point; `None` where it has not said so.
        key: the column that a word before it names, if any.
        is_said: whether the document says in words that it is about that row, so that even wrong operands are its own.
    """
    if isinstance(tree, Expression) and values.ndim == 0:
        (number,) = values.reshape(-1)
        if isinstance(tree, Quotient) and focus is not None and key is not None and isinstance(number, Printed):
            return _share_of_sum(tree, number, true, focus, key)
        pairs = factors_of(tree)
        if pairs and isinstance(number, Printed) and _are_matrices(true, "query", "key"):
            return _dot_product(pairs, number, tree, true)
    if isinstance(tree, np.ndarray) and tree.ndim == 1 and values.shape == tree.shape:
        first = tree[0]
        if isinstance(first, Quotient) and isinstance(first.numerator, Exponential) and "weights" in true:
            return _softmax_row(tree, values, true, focus, is_said)
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


def _share_of_sum(tree: Quotient, number: Printed, true: Mapping[str, Array], row: int, column: int) -> list[Claim]:
    """`dog: 1.197/7.023 = 0.170`: an exponential over the sum of its row."""
    weights = true.get("weights")
    if weights is None or weights.ndim != 2 or column >= weights.shape[1]:
        return []
    if not (isinstance(tree.numerator, Printed) and isinstance(tree.denominator, Printed)):
        return []
    above, below = float(tree.numerator.value), float(tree.denominator.value)
    weight = float(weights[row, column])
    if not below or abs(above / below - weight) > _ROUGHLY * max(weight, number.unit):
        return []
    return [Claim("weights", (row, column), number, tree)]


def _softmax_row(
    tree: Array, values: Array, true: Mapping[str, Array], focus: int | None, is_said: bool
) -> list[Claim]:
    operands = [element.numerator.exponent for element in tree]
    divided = _divided(operands)
    if divided is None:
        return []
    arguments, divisor = divided
    for fits in (is_exact, is_right, is_near):  # whole numbers are near to much: 2 is right for 1.5
        for step in ("masked_scores", "scaled_scores", "scores"):
            matrix = true.get(step)
            if matrix is None or matrix.ndim != 2 or matrix.shape[1] != len(operands):
                continue
            row = _fitting_row(arguments, matrix * divisor, focus, fits)
            if row is not None:
                return [Claim("weights", (row, n), e) for n, e in enumerate(values) if isinstance(e, Printed)]
    if is_said and focus is not None and _is_of_row(operands, true, focus):
        return [Claim("weights", (focus, n), e) for n, e in enumerate(values) if isinstance(e, Printed)]
    return []


def _is_of_row(operands: Sequence[Expression], true: Mapping[str, Array], row: int) -> bool:
    """Whether operands are the scores of a row but for a slip: most of them are right, or all by another scale."""
    matrix = true.get("masked_scores")
    printed = [operand for operand in operands if isinstance(operand, Printed)]
    if matrix is None or matrix.ndim != 2 or matrix.shape[1] != len(operands) or len(printed) != len(operands):
        return False
    scores, shown = matrix[row], np.array([float(operand.value) for operand in printed])
    seen = np.isfinite(scores)
    if seen.sum() < 2 or not np.array_equal(seen, np.isfinite(shown)):
        return False  # a mask hides the same keys in both
    near = [_near(printed, one) for one in matrix]
    if near[row] * 2 > len(operands) > 2 and near[row] == max(near):
        return True
    scores, shown = scores[seen], shown[seen]
    largest = int(np.argmax(np.abs(scores)))
    if not scores[largest] or np.ptp(scores) == 0:
        return False
    factor = shown[largest] / scores[largest]
    units = np.array([operand.unit for operand in printed])[seen]
    return bool(factor > 0 and (np.abs(shown - factor * scores) <= 1.5 * units * max(1.0, factor)).all())


def _near(printed: Sequence[Printed], row: Array) -> int:
    return sum(is_near(operand, float(value)) for operand, value in zip(printed, row, strict=True))


def _weighted_sum(tree: Array, values: Array, true: Mapping[str, Array], focus: int | None) -> list[Claim]:
    value, weights = true["value"], true["weights"]
    columns = [pairs for element in tree if (pairs := factors_of(element))]
    terms = len(columns[0]) if columns else 0
    if len(columns) != len(tree) or len(tree) != value.shape[1] or {len(pairs) for pairs in columns} != {terms}:
        return []
    shown = np.array([[float(number.value) for _, number in pairs] for pairs in columns]).T
    if terms == value.shape[0]:
        row = _fitting_row([weight for weight, _ in columns[0]], weights, focus)
        row = focus if row is None else row
        keys: Sequence[int] = range(terms)
    else:  # a causal row: its terms are those that the mask leaves
        row = focus
        keys = [] if row is None else [int(key) for key in np.flatnonzero(weights[row] > 0)]
    if row is None or len(keys) != terms:
        return []
    wrong = ~np.isclose(shown, value[list(keys)], atol=1e-9)
    if wrong.sum() > (1 if shown.size > 2 else 0):
        return []  # one of many may be mistyped; more are the values of something else
    return [Claim("output", (row, n), e, tree[n]) for n, e in enumerate(values) if isinstance(e, Printed)]


def _divided(operands: Sequence[Expression]) -> tuple[Sequence[Expression], float] | None:
    """Numbers, and what all of them are divided by, such as 2, 0, 2 in softmax([2, 0, 2]/√3).

    `None` of anything else.
    """
    if all(isinstance(operand, Number) for operand in operands):
        return operands, 1.0
    quotients = [operand for operand in operands if isinstance(operand, Quotient)]
    numerators = [quotient.numerator for quotient in quotients if isinstance(quotient.numerator, Number)]
    if len(numerators) != len(operands):
        return None
    try:
        divisors = {float_of(quotient.denominator) for quotient in quotients}
    except NoValueError:
        return None
    return (numerators, divisors.pop()) if len(divisors) == 1 else None


def _fitting_row(
    operands: Sequence[Expression],
    matrix: Array,
    focus: int | None,
    fits: Callable[[Printed, float], bool] = is_near,
) -> int | None:
    """The row that operands are taken from: the only one that they fit, or the one in focus if they fit it."""
    printed = [(column, operand) for column, operand in enumerate(operands) if isinstance(operand, Printed)]
    fitting = [row for row, true in enumerate(matrix) if all(fits(one, float(true[at])) for at, one in printed)]
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
