"""What else an author may have computed: the known mistakes, each as a way to compute a step.

Every alternative is made of the same operations as the right computation. Which one a document follows is found by
trying: the one whose numbers are the printed ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.problem import Problem, compute
from pellucid.expressions import Expression, Number, Quotient, SquareRoot
from pellucid.operations import Mask, MatMul, Scale, Softmax

_HIDDEN = (2, 4, 8, 16, 3, 5, 10, 64, 100)
_PREFIXES = 6
_ROUNDED_TO = (2, 3, 4)
"""Places to which people round what they do not print."""
_CLOSE = 0.34
"""How far a change of one input may be from what is off, relative to the largest: room for rounding."""


@dataclass(frozen=True, eq=False)
class Alternative:
    """A mistake, and the numbers it gives.

    Args:
        cause: its word in `CAUSES`.
        values: what the step would be.
        message: what was done, as a sentence without its end.
    """

    cause: str
    values: Array
    message: str


def alternatives(problem: Problem, step: str, have: Mapping[str, Array], printed: Array) -> Iterator[Alternative]:
    """The mistakes that could have given a step, the likeliest first.

    Args:
        problem: inputs and choices.
        step: which step.
        have: the values of all steps, as the author had them before this step.
        printed: what is printed for the step, NaN where nothing is.
    """
    with np.errstate(all="ignore"):
        found: Iterator[Alternative]
        match step:
            case "query" | "key" | "value" | "projected_query" | "projected_key" | "projected_value":
                found = _of_projection(problem, step, have)
            case "scores":
                found = _of_scores(have)
            case "scaled_scores":
                found = _of_scaled(problem, have, printed)
            case "masked_scores":
                found = _of_masked(problem, have, printed)
            case "weights":
                found = _of_weights(problem, have, printed)
            case "output" | "head_outputs":
                found = _of_output(problem, step, have, printed)
            case _:
                found = iter(())
        for alternative in chain(found, changed_input(problem, step, have, printed)):
            if alternative.values.shape == printed.shape:
                yield alternative


def changed_input(problem: Problem, step: str, have: Mapping[str, Array], printed: Array) -> Iterator[Alternative]:
    """One input that had another value when a step was computed: the columns or rows that it moves tell which.

    Args:
        problem: inputs and choices.
        step: which step.
        have: the true values.
        printed: what is printed for the step, NaN where nothing is.
    """
    true = have[step]
    if true.ndim != 2:
        return

    def upright(found: Iterator[Alternative]) -> Iterator[Alternative]:
        return (replace(alternative, values=np.ascontiguousarray(alternative.values.T)) for alternative in found)

    off = np.where(np.isfinite(printed), printed - true, np.nan)
    if step == "scores" and "query" in have and "key" in have:
        yield from _moved(off, have["query"], "key", have, true)
        yield from upright(_moved(off.T, have["key"], "query", have, true.T))
    elif step in ("output", "head_outputs") and "weights" in have and "value" in have and "head_outputs" not in have:
        yield from _moved(off, have["weights"], "value", have, true, columns=True)
    elif step in ("query", "key", "value"):
        source_name = "memory" if step != "query" and "memory" in have else "x" if "x" in have else "embeddings"
        source, weight = have.get(source_name), have.get(f"{step}_weight")
        if source is not None and weight is not None and not problem.setting.transposed_weights:
            yield from _moved(off, source, f"{step}_weight", have, true, columns=True)
            yield from upright(_moved(off.T, np.ascontiguousarray(weight.T), source_name, have, true.T))


def _moved(
    off: Array, factors: Array, name: str, have: Mapping[str, Array], true: Array, *, columns: bool = False
) -> Iterator[Alternative]:
    """Which entry of an input explains that one column of a product is off: off[:, j] = factors[:, m] · change."""
    for j in range(off.shape[1]):
        usable = np.isfinite(off[:, j])
        if usable.sum() < 2 or not (np.abs(off[usable, j]) > 0).any():
            continue
        for m in range(factors.shape[1]):
            factor = factors[usable, m]
            size = float((factor**2).sum())
            if size < 1e-9 or (np.abs(factor) > 1e-9).sum() < 2:
                continue
            place = (m, j) if columns else (j, m)  # of the entry that the j-th column is computed with
            was = float(have[name][place])
            for places in (1, 2, 3, 4):
                now = round(was + float((factor * off[usable, j]).sum()) / size, places)
                moved = np.zeros_like(off)
                moved[:, j] = factors[:, m] * (now - was)
                if now == was or np.abs(moved[usable, j] - off[usable, j]).max() > _CLOSE * max(
                    1e-3, np.abs(off[usable, j]).max()
                ):
                    continue
                yield Alternative(
                    "stale",
                    true + moved,
                    f"everything fits {name}[{place[0]}, {place[1]}] = {now:g}, where the input is {was:g}",
                )
                break


def scales(problem: Problem) -> Iterator[tuple[str, Expression, str]]:
    """The factors that authors take for the scale: cause, factor, words."""
    d_k = problem.d_k
    one = Number(Decimal(1))
    yield "no_scale", one, "the scores were not scaled"
    if d_k is not None and d_k > 1:
        yield "scale_d_k", Quotient(one, Number(Decimal(d_k))), f"the scores were divided by d_k = {d_k}, not by √{d_k}"
        yield "hidden_constant", Quotient(one, SquareRoot(Number(Decimal(d_k)))), f"the scores were divided by √{d_k}"
        yield "hidden_constant", SquareRoot(Number(Decimal(d_k))), f"the scores were multiplied by √{d_k}"
    for name in ("embeddings", "x"):
        if name in problem.inputs and (d_model := problem.inputs[name].shape[-1]) != d_k:
            yield (
                "hidden_constant",
                Quotient(one, SquareRoot(Number(Decimal(d_model)))),
                f"the scores were divided by √d_model = √{d_model}",
            )
    for constant in _HIDDEN:
        if constant != d_k:
            yield (
                "hidden_constant",
                Quotient(one, Number(Decimal(constant))),
                f"everything fits a division of the scores by {constant}",
            )


def _of_projection(problem: Problem, step: str, have: Mapping[str, Array]) -> Iterator[Alternative]:
    name = step.removeprefix("projected_")
    source = have.get("x", have.get("embeddings"))
    if name != "query":
        source = have.get("memory", source)
    weight = have.get(f"{name}_weight")
    if source is None or weight is None:
        return
    matrix = weight.T if problem.setting.transposed_weights else weight
    if matrix.T.shape[0] == source.shape[-1]:
        yield Alternative("transposed", source @ matrix.T, f"the weight matrix of the {name} was transposed")
    for other in ("query", "key", "value"):
        different = have.get(f"{other}_weight")
        if other != name and different is not None and different.shape == weight.shape:
            swapped = different.T if problem.setting.transposed_weights else different
            yield Alternative("swapped", source @ swapped, f"the weight matrix of the {other} was used")


def _of_scores(have: Mapping[str, Array]) -> Iterator[Alternative]:
    product = MatMul(transpose=True)
    query, key, value = have.get("query"), have.get("key"), have.get("value")
    if query is None or key is None:
        return
    if query.shape == key.shape:
        yield Alternative("transposed", product.evaluate(key, query), "K Qᵀ was computed in place of Q Kᵀ")
        yield Alternative("swapped", product.evaluate(query, query), "the queries were multiplied with themselves")
        yield Alternative("swapped", product.evaluate(key, key), "the keys were multiplied with themselves")
    if query.shape[-1] == key.shape[-2]:
        yield Alternative("transposed", MatMul().evaluate(query, key), "Q K was computed, without the transposition")
    if value is not None and value.shape == key.shape:
        yield Alternative("swapped", product.evaluate(query, value), "the values were taken for the keys")


def _of_scaled(problem: Problem, have: Mapping[str, Array], printed: Array) -> Iterator[Alternative]:
    scores = have.get("scores")
    if scores is None:
        return
    for cause, factor, message in scales(problem):
        yield Alternative(cause, Scale(factor, {}).evaluate(scores), message)
    usable = np.isfinite(printed) & (np.abs(scores) > 1e-9) & (printed != 0)
    if usable.sum() >= 2:
        constant = float(np.median(scores[usable] / printed[usable]))
        if np.isfinite(constant) and abs(constant) > 1e-6:
            yield Alternative(
                "hidden_constant", scores / constant, f"everything fits a division of the scores by {constant:.4g}"
            )


def _of_masked(problem: Problem, have: Mapping[str, Array], printed: Array) -> Iterator[Alternative]:
    scaled, scores, mask = have.get("scaled_scores"), have.get("scores"), problem.setting.mask
    if scaled is not None and mask is not None:
        yield Alternative("mask_forgotten", scaled, "the mask was left out")
        yield Alternative("mask_as_zero", np.where(mask, scaled, 0.0), "masked scores were set to 0, not to −∞")
        yield Alternative("transposed", Mask().evaluate(scaled, _transposed(mask)), "the mask was transposed")
    if scores is not None:
        for cause, factor, message in scales(problem):
            values = Scale(factor, {}).evaluate(scores)
            yield Alternative(cause, values if mask is None else Mask().evaluate(values, mask), message)


def _transposed(mask: Array) -> Array:
    return np.ascontiguousarray(mask.T) if mask.shape[0] == mask.shape[1] else mask


def _of_weights(problem: Problem, have: Mapping[str, Array], printed: Array) -> Iterator[Alternative]:
    softmax, mask = Softmax(), problem.setting.mask
    masked, scaled, scores = have.get("masked_scores"), have.get("scaled_scores"), have.get("scores")
    if masked is None:
        return
    by_scale: list[tuple[str, Array, str]] = []
    if scores is not None:
        for cause, factor, message in scales(problem):
            values = Scale(factor, {}).evaluate(scores)
            by_scale.append((cause, values if mask is None else Mask().evaluate(values, mask), message))
    for cause, values, message in by_scale[:2]:
        yield Alternative(cause, softmax.evaluate(values), message)
    if mask is not None and scaled is not None:
        yield Alternative("mask_forgotten", softmax.evaluate(scaled), "the mask was left out")
        zeroed = softmax.evaluate(np.where(mask, scaled, 0.0))
        yield Alternative("mask_as_zero", zeroed, "masked scores were set to 0, not to −∞")
        yield Alternative("mask_as_zero", softmax.evaluate(scaled) * mask, "weights were set to 0 after the softmax")
        if mask.shape[0] == mask.shape[1]:
            flipped = softmax.evaluate(Mask().evaluate(scaled, _transposed(mask)))
            yield Alternative("transposed", flipped, "the mask was transposed")
    starts = [("", masked, ""), *list(by_scale[:2])]
    for _, values, _ in starts:
        yield from _normalised(values, printed)
    if masked.shape[-1] == masked.shape[-2]:
        yield Alternative("transposed", softmax.evaluate(masked).swapaxes(-1, -2), "the matrix was transposed")
        if mask is None:
            yield Alternative("transposed", softmax.evaluate(masked.swapaxes(-1, -2)), "the scores were transposed")
    for cause, values, message in by_scale[2:]:
        yield Alternative(cause, softmax.evaluate(values), message)
    yield from _fitted(have, printed, mask)


def _normalised(values: Array, printed: Array) -> Iterator[Alternative]:
    """Other ways to make scores sum to 1."""
    softmax = Softmax()
    finite = np.where(np.isfinite(values), values, 0.0)
    shown = np.isfinite(printed)
    if values.shape[-1] > 1:
        ones = np.where(np.isfinite(values), 1.0, 0.0)
        yield Alternative("softmax_single", ones, "the softmax was taken of one number at a time, which is always 1")
    yield Alternative(
        "wrong_axis",
        np.ascontiguousarray(softmax.evaluate(np.ascontiguousarray(values.swapaxes(-1, -2))).swapaxes(-1, -2)),
        "the softmax was taken over the queries (columns), not over the keys (rows)",
    )
    sums = finite.sum(axis=-1, keepdims=True)
    yield Alternative(
        "linear_normalisation",
        finite / sums,
        "the scores were divided by their sum; a softmax divides exponentials by theirs",
    )
    whole = softmax.evaluate(values.reshape(*values.shape[:-2], -1)).reshape(values.shape)
    yield Alternative("wrong_axis", whole, "the softmax was taken over the whole matrix, not row by row")
    n_k = values.shape[-1]
    partial = shown & (printed != 0)
    if not partial.all() and partial.any():
        # Only the keys whose weights are printed.
        chosen = np.where(shown, values, -np.inf)
        yield Alternative("softmax_subset", softmax.evaluate(chosen), _subset_words(int(shown.sum(axis=-1).max()), n_k))
        chosen = np.where(partial, values, -np.inf)
        yield Alternative(
            "softmax_subset", softmax.evaluate(chosen), _subset_words(int(partial.sum(axis=-1).max()), n_k)
        )
    for count in range(1, n_k):
        if count > _PREFIXES and count != n_k - 1:
            continue
        chosen = values.copy()
        chosen[..., count:] = -np.inf
        yield Alternative("softmax_subset", softmax.evaluate(chosen), _subset_words(count, n_k))
        without = values.copy()
        without[..., count:] = -np.inf
        powers = np.exp(values)
        yield Alternative(
            "softmax_subset",
            powers / np.exp(without).sum(axis=-1, keepdims=True),
            f"the exponentials were divided by the sum of the first {count} only",
        )
    if values.shape[-1] == values.shape[-2]:
        chosen = values.copy()
        for k in range(n_k):
            chosen[..., k, k] = -np.inf
        yield Alternative("softmax_subset", softmax.evaluate(chosen), "every token itself was left out")


def _subset_words(count: int, n_k: int) -> str:
    return f"the softmax was taken over {count} of the {n_k} keys"


def _fitted(have: Mapping[str, Array], printed: Array, mask: Array | None) -> Iterator[Alternative]:
    """The constant that makes softmax(scores / constant) the printed weights, from the ratios of a row's weights."""
    scores = have.get("scores")
    if scores is None or scores.shape[-1] < 2:
        return
    slopes: list[float] = []
    for row in np.ndindex(*scores.shape[:-1]):
        usable = np.isfinite(printed[row]) & (printed[row] > 1e-3)
        if usable.sum() < 2:
            continue
        x, y = scores[row][usable], np.log(printed[row][usable])
        spread = x - x.mean()
        if (spread**2).sum() > 1e-9:
            slopes.append(float((spread * y).sum() / (spread**2).sum()))
    slopes = [slope for slope in slopes if slope > 1e-4]
    if not slopes:
        return
    slope = float(np.median(slopes))
    for constant in (round(1 / slope), round(1 / slope, 1), 1 / slope):
        if constant:
            values = scores / constant
            values = values if mask is None else Mask().evaluate(values, mask)
            yield Alternative(
                "hidden_constant",
                Softmax().evaluate(values),
                f"everything fits softmax(scores / {constant:.4g})",
            )


def _of_output(problem: Problem, step: str, have: Mapping[str, Array], printed: Array) -> Iterator[Alternative]:
    weights, value = have.get("weights"), have.get("value")
    if weights is None or value is None or (step == "output" and "head_outputs" in have):
        return
    product = MatMul()
    for name in ("key", "query"):
        other = have.get(name)
        if other is not None and other.shape[-2] == weights.shape[-1]:
            noun = {"key": "keys", "query": "queries"}[name]
            yield Alternative(
                "swapped", product.evaluate(weights, other), f"the {noun} were weighted in place of the values"
            )
    if weights.shape[-1] == weights.shape[-2]:
        transposed = np.ascontiguousarray(weights.swapaxes(-1, -2))
        yield Alternative("transposed", product.evaluate(transposed, value), "the weights were transposed")
    if value.shape[-1] == value.shape[-2]:
        flipped = np.ascontiguousarray(value.swapaxes(-1, -2))
        if flipped.shape[-2] == weights.shape[-1]:
            yield Alternative("transposed", product.evaluate(weights, flipped), "the values were transposed")
    for name, words in (("scores", "the raw scores"), ("scaled_scores", "the scaled scores")):
        other = have.get(name)
        if other is not None and np.isfinite(other).all():
            yield Alternative("softmax", product.evaluate(other, value), f"{words} were taken for the weights")
    blank = np.full(weights.shape, np.nan)
    for alternative in _of_weights(problem, have, blank):
        if alternative.values.shape == weights.shape and np.isfinite(alternative.values).all():
            yield replace(alternative, values=product.evaluate(alternative.values, value))
    for count in range(1, value.shape[-2]):
        if count <= _PREFIXES or count == value.shape[-2] - 1:
            kept = weights.copy()
            kept[..., count:] = 0
            yield Alternative(
                "weighted_sum",
                product.evaluate(kept, value),
                f"only the first {count} of {value.shape[-2]} values were summed",
            )


def variants(problem: Problem, step: str, known: Mapping[str, Array]) -> Iterator[Array]:
    """The step computed on from what is printed, in the ways in which people round on the way."""
    have = compute(problem, known)
    if step not in have:
        return
    yield have[step]
    masked, weights, value = have.get("masked_scores"), have.get("weights"), have.get("value")
    if step == "weights" and masked is not None:
        for places in _ROUNDED_TO:
            powers = np.round(np.exp(masked), places)
            yield powers / powers.sum(axis=-1, keepdims=True)
            yield powers / np.round(powers.sum(axis=-1, keepdims=True), places)
            if "masked_scores" not in known and "scaled_scores" not in known:
                yield Softmax().evaluate(np.round(masked, places))
    first_output = step == "head_outputs" or (step == "output" and "head_outputs" not in have)
    if first_output and weights is not None and value is not None and "weights" not in known:
        for places in _ROUNDED_TO:
            yield MatMul().evaluate(np.round(weights, places), value)
