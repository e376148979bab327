"""A slip in one number: a mistyped operand, a term left out, a wrong row, digits changed round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.printed import Printed, is_right
from pellucid.checking.problem import Claim, Problem

_KIND = {
    "scores": "dot_product",
    "scaled_scores": "scaling",
    "masked_scores": "arithmetic",
    "weights": "softmax",
    "output": "weighted_sum",
    "head_outputs": "weighted_sum",
    "concatenated": "arithmetic",
}


@dataclass(frozen=True)
class Slip:
    """Why one number is wrong: a word of `CAUSES`, and a sentence without its end, which may be empty."""

    cause: str
    reason: str = ""


def find_slip(
    problem: Problem,
    step: str,
    claim: Claim,
    true: Mapping[str, Array],
    printed: Mapping[str, Array],
) -> Slip:
    """The slip that explains one wrong number.

    Args:
        problem: inputs and choices.
        step: its step.
        claim: the number.
        true: the true values of all steps.
        printed: the printed ones, NaN where nothing is printed.
    """
    kind = _KIND.get(step, "projection")
    if step == "scores":
        return _of_scores(claim, true, printed)
    if step == "weights":
        return _of_weights(claim, true, printed)
    if step in ("output", "head_outputs") and "output_weight" not in problem.inputs:
        return _of_output(step, claim, true)
    if step == "masked_scores" and not np.isfinite(true[step][claim.index]):
        return Slip("mask_as_zero", "this key is masked: its score is −∞")
    if step == "output":
        kind = "projection"
    return Slip(kind, _digits(claim.printed, float(true[step][claim.index])))


def _of_scores(claim: Claim, true: Mapping[str, Array], printed: Mapping[str, Array]) -> Slip:
    query, key = true.get("query"), true.get("key")
    right = float(true["scores"][claim.index])
    if digits := _digits(claim.printed, right):
        return Slip("dot_product", digits)
    if query is None or key is None:
        return Slip("dot_product")
    *head, i, j = claim.index
    q = query[(*head, i)]
    group = (head[0] * key.shape[0] // query.shape[0],) if head else ()
    k = key[(*group, j)]
    terms = q * k
    for n in range(len(terms)):
        if terms[n] and is_right(claim.printed, float(right - terms[n])):
            return Slip("dot_product", f"the product {q[n]:g}×{k[n]:g} is left out")
        if terms[n] and is_right(claim.printed, float(right - 2 * terms[n])):
            return Slip("dot_product", f"the product {q[n]:g}×{k[n]:g} has the wrong sign")
    scores = true["scores"]
    if scores.shape[-1] == scores.shape[-2] and i != j and is_right(claim.printed, float(scores[(*head, j, i)])):
        symmetric = query.shape == key.shape and np.allclose(query, key)
        if not symmetric and abs(scores[(*head, j, i)] - right) > claim.printed.unit / 2:
            return Slip("transposed", "it is the score with query and key changed round")
    if query.shape == key.shape and np.allclose(query, key) and "scores" in printed:
        other = printed["scores"][(*head, j, i)]
        if i != j and np.isfinite(other) and abs(other - float(claim.printed.value)) > claim.printed.unit / 2:
            return Slip(
                "not_symmetric", "queries and keys are the same vectors, so QKᵀ must be symmetric, and it is not"
            )
    if claim.arithmetic is not None:
        return Slip("dot_product")  # its operands are displayed, and are looked at by themselves
    for n in range(len(terms)):
        for factor, other, name in ((q, k, "query"), (k, q, "key")):
            if other[n]:
                needed = factor[n] + (float(claim.printed.value) - right) / other[n]
                nice = round(float(needed), 2)
                if abs(needed - nice) < 1e-9 and _is_typo(float(factor[n]), nice):
                    return Slip(
                        "dot_product",
                        f"it would be right if component {n + 1} of the {name} were {nice:g} in place of {factor[n]:g}",
                    )
    return Slip("dot_product")


def _sum_text(row: Array, printed: Printed) -> str:
    """The sum of a printed row, with as many places as its numbers have: 1.0003, where four digits would say 1."""
    text = f"{row.sum():.{max(printed.places, 1)}f}"
    return text.rstrip("0").rstrip(".")


def _is_typo(right: float, other: float) -> bool:
    """Whether two numbers differ as a slip of the keyboard does: in one digit or in the sign."""
    first, second = f"{right:.2f}", f"{other:.2f}"
    if first.lstrip("-") == second.lstrip("-"):
        return True
    return len(first) == len(second) and sum(a != b for a, b in zip(first, second, strict=True)) == 1


def _of_weights(claim: Claim, true: Mapping[str, Array], printed: Mapping[str, Array]) -> Slip:
    row = printed["weights"][claim.index[:-1]]
    right = true["weights"][claim.index]
    if right == 0:
        masked = true.get("masked_scores")
        if masked is not None and np.isneginf(masked[claim.index]):
            return Slip("mask_forgotten", "this key is masked: its weight is 0")
    if digits := _digits(claim.printed, float(right)):
        return Slip("softmax", digits)
    shown = np.isfinite(row)
    if 2 <= shown.sum() < len(row) and abs(row[shown].sum() - 1) <= claim.printed.unit / 2 * shown.sum() + 1e-9:
        shares = true["weights"][claim.index[:-1]][shown]
        if shares.sum() < 1 - claim.printed.unit and "masked_scores" in true:
            over = ", ".join(f"{share:.4f}" for share in shares / shares.sum())
            whole = ", ".join(f"{share:.4f}" for share in shares)
            return Slip(
                "softmax_subset",
                f"the weights of {shown.sum()} of the {len(row)} keys sum to 1; over these keys alone they would be "
                f"{over}, over all {len(row)} they are {whole}",
            )
    if shown.all():
        off = abs(row.sum() - 1)
        if off > claim.printed.unit / 2 * len(row) + 1e-9:
            return Slip("weights_sum", f"the weights of this row sum to {_sum_text(row, claim.printed)}, not to 1")
    return Slip("softmax")


def _of_output(step: str, claim: Claim, true: Mapping[str, Array]) -> Slip:
    value = true.get("value")
    number = float(claim.printed.value)
    if value is not None:
        if digits := _digits(claim.printed, float(true[step][claim.index])):
            return Slip("weighted_sum", digits)
        if value.ndim != len(claim.index):
            return Slip("weighted_sum")  # heads side by side
        group = (claim.index[0] * value.shape[0] // true["weights"].shape[0],) if len(claim.index) == 3 else ()
        column = value[(*group, slice(None), claim.index[-1])]
        slack = claim.printed.unit / 2 + 1e-9
        if number > column.max() + slack or number < column.min() - slack:
            return Slip(
                "output_range",
                "a weighted mean lies between the smallest and the largest value, "
                f"{column.min():g} and {column.max():g}",
            )
        weights = true["weights"][claim.index[:-1]]
        right = float(weights @ column)
        for n in range(len(column)):
            term = float(weights[n] * column[n])
            if abs(term) > 2 * claim.printed.unit and is_right(claim.printed, right - term):
                return Slip("weighted_sum", f"the value of key {n} is left out")
    return Slip("weighted_sum", _digits(claim.printed, float(true[step][claim.index])))


def _digits(printed: Printed, true: float) -> str:
    """Whether the digits are right but in the wrong order, or the point or the sign is wrong."""
    if not np.isfinite(true) or not printed.value.is_finite():
        return ""
    value = float(printed.value)
    if value and is_right(printed, -true):
        return "its sign is wrong"
    for power in (10, 100, 0.1, 0.01):
        if value and abs(value - true * power) <= printed.unit / 2 and abs(true) > 1e-9:
            return "its decimal point is in the wrong place"
    places = max(printed.places, 0)
    right = f"{abs(true):.{places}f}"
    shown = f"{abs(value):.{places}f}"
    if len(right) == len(shown) and sorted(right) == sorted(shown):
        swapped = [n for n in range(len(right)) if right[n] != shown[n]]
        if len(swapped) == 2 and right[swapped[0]] == shown[swapped[1]]:
            return "two of its digits are changed round"
    return ""
