"""The operands of displayed arithmetic against the inputs: `0.4×0.3 + …` for sitting · The must hold their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.assembled import Assembled
from pellucid.checking.printed import Printed, is_exact, is_right
from pellucid.checking.problem import Claim
from pellucid.checking.values import factors_of
from pellucid.expressions import Exponential, Expression, Number, Quotient, SquareRoot


@dataclass(frozen=True, eq=False)
class WrongOperand:
    """A number in displayed arithmetic that is not the one it stands for.

    Args:
        claim: whose arithmetic it is.
        printed: the operand.
        true: what it should be.
        step, index: where that number comes from.
        cause: a word of `CAUSES`.
        reason: a sentence without its end.
        correct: the right operand as it is to be written.
    """

    claim: Claim
    printed: Printed
    true: float
    step: str
    index: tuple[int, ...]
    cause: str = "operand"
    reason: str = ""
    correct: str = ""


def wrong_operands(built: Assembled, true: dict[str, Array], printed: dict[str, Array]) -> Iterator[WrongOperand]:
    """The mistyped operands in the arithmetic of a worked example's claims.

    Args:
        built: the example.
        true: the true values of its steps.
        printed: the printed ones, NaN where nothing is printed.
    """
    seen: set[int] = set()
    for claim in built.problem.claims:
        if claim.arithmetic is None or len(claim.index) != 2:
            continue
        match claim.step:
            case "scores":
                found = list(_of_dot_product(claim, true))
            case "output" if "head_outputs" not in true:
                found = list(_of_weighted_sum(claim, true, printed))
            case _:
                continue
        for operand in found:
            if operand.printed.start not in seen:
                seen.add(operand.printed.start)
                yield operand


def _of_dot_product(claim: Claim, true: dict[str, Array]) -> Iterator[WrongOperand]:
    query, key = true.get("query"), true.get("key")
    pairs = factors_of(claim.arithmetic) if claim.arithmetic is not None else None
    if query is None or key is None or pairs is None or query.ndim != 2:
        return
    i, j = claim.index
    if len(pairs) != query.shape[1]:
        return
    best: list[WrongOperand] | None = None
    for first, second, swapped in ((query[i], key[j], False), (key[j], query[i], True)):
        wrong: list[WrongOperand] = []
        for n, (left, right) in enumerate(pairs):
            for operand, vector in ((left, first), (right, second)):
                if not _same(operand, float(vector[n])):
                    is_query = (vector is first) != swapped
                    wrong.append(
                        WrongOperand(
                            claim, operand, float(vector[n]), "query" if is_query else "key", (i if is_query else j, n)
                        )
                    )
        if not wrong:
            return
        if best is None or len(wrong) < len(best):
            best = wrong
    if best and len(best) <= max(1, len(pairs) // 2):
        yield from best


def _of_weighted_sum(claim: Claim, true: dict[str, Array], printed: dict[str, Array]) -> Iterator[WrongOperand]:
    weights, value = true.get("weights"), true.get("value")
    pairs = factors_of(claim.arithmetic) if claim.arithmetic is not None else None
    if weights is None or value is None or pairs is None or value.ndim != 2:
        return
    i, c = claim.index
    keys = summed_keys(weights[i], len(pairs))
    if len(keys) != len(pairs):
        return
    wrong: list[WrongOperand] = []
    for j, (weight, number) in zip(keys, pairs, strict=True):
        shown = printed["weights"][i, j] if "weights" in printed else np.nan
        if not is_right(weight, float(weights[i, j])) and not _same(weight, float(shown)) and not np.isnan(shown):
            wrong.append(WrongOperand(claim, weight, float(weights[i, j]), "weights", (i, j)))
        if not _same(number, float(value[j, c])) and not is_right(number, float(value[j, c])):
            wrong.append(WrongOperand(claim, number, float(value[j, c]), "value", (j, c)))
    if wrong and len(wrong) <= max(1, len(pairs) // 2):
        yield from wrong


def summed_keys(weights: Array, terms: int) -> Sequence[int]:
    """The keys that the terms of a weighted sum belong to: all, or those that a mask leaves."""
    return range(len(weights)) if terms == len(weights) else [int(key) for key in np.flatnonzero(weights > 0)]


def _same(printed: Printed, true: float) -> bool:
    return is_exact(printed, true) or (printed.digits >= 3 and is_right(printed, true))


def divisors(tree: Expression) -> Iterator[tuple[Printed, Expression]]:
    """The scores that are divided in an expression, and what they are divided by."""
    if isinstance(tree, Quotient):
        numerator, denominator = tree.numerator, tree.denominator
        if isinstance(numerator, Printed) and (isinstance(denominator, (Number, SquareRoot))):
            yield numerator, denominator
            return
        if isinstance(numerator, Exponential):
            yield from divisors(numerator.exponent)
            return
        yield from divisors(numerator)
    elif isinstance(tree, Exponential):
        yield from divisors(tree.exponent)
