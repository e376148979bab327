"""Judging the printed numbers of one worked example: right, rounded on the way, or wrong, and from where.

Every printed number is compared with its true value. One that is not right is then compared with what follows from
the printed numbers before it: rounded ones (drift) or wrong ones (it follows from them). What is left is wrong by
itself, and its cause is searched for: first a mistake that explains whole rows (`alternatives`), then a slip in the
one number (`slips`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.alternatives import Alternative, alternatives
from pellucid.checking.carried import Carried
from pellucid.checking.precision import off_in_last_digits
from pellucid.checking.printed import Printed, is_last_digit, is_right, is_truncated, tolerance
from pellucid.checking.problem import CHAIN, Claim, Problem, compute, depends
from pellucid.checking.report import Severity
from pellucid.checking.slips import Slip, find_slip

_PERTURBATIONS = 6
_OF_ROWS = frozenset({"softmax_subset", "weights_sum"})


@dataclass(eq=False)
class Judgement:
    """What is said of one printed number that is not right.

    Args:
        claim: the number.
        severity: how bad.
        cause: a word of `CAUSES`.
        true: the true value.
        reason: why, as a sentence without its end; may be empty.
        root: the judgement that this one follows from.
    """

    claim: Claim
    severity: Severity
    cause: str
    true: float
    reason: str = ""
    root: Judgement | None = None


@dataclass(eq=False)
class Verdicts:
    """All that is said of the claims of one problem.

    Args:
        true: the true values of all steps.
        checked: how many printed numbers were compared.
        judgements: those that are not right, in the order in which they were found.
    """

    true: dict[str, Array]
    checked: int = 0
    judgements: list[Judgement] = field(default_factory=list)


def judge(problem: Problem) -> Verdicts:
    """Judge every claim of a problem."""
    return _Judge(problem).verdicts()


class _Judge:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.true = compute(problem)
        self.result = Verdicts(self.true)
        self.printed: dict[str, Array] = {}
        self.claims: dict[str, list[Claim]] = {}
        for claim in problem.claims:
            self.claims.setdefault(claim.step, []).append(claim)
        for step, claims in self.claims.items():
            if step in self.true:
                array = np.full(self.true[step].shape, np.nan)
                for claim in reversed(claims):
                    if np.isnan(float(claim.printed.value)):
                        continue
                    array[claim.index] = float(claim.printed.value)
                self.printed[step] = array
        self.errors: dict[str, dict[tuple[int, ...], Judgement]] = {}
        self.slack = self._slack()
        self.carried_on = Carried(problem, self.printed)

    def verdicts(self) -> Verdicts:
        for step in CHAIN:
            if step in self.claims and step in self.true and step not in self.problem.inputs:
                self.step(step)
        return self.result

    def _slack(self) -> dict[str, Array]:
        """How far the true values may be off because inputs are themselves rounded prints."""
        if not self.problem.rounded:
            return {}
        random = np.random.default_rng(0)
        slack = {step: np.zeros(np.shape(self.true[step])) for step in self.claims if step in self.true}
        for _ in range(_PERTURBATIONS):
            inputs = dict(self.problem.inputs)
            for name, half in self.problem.rounded.items():
                signs = random.choice([-1.0, 1.0], size=inputs[name].shape)
                inputs[name] = inputs[name] + half * signs
            moved = compute(
                Problem(inputs, self.problem.setting, {}, self.problem.num_heads, self.problem.num_key_value_heads)
            )
            with np.errstate(invalid="ignore"):
                for step, most in slack.items():
                    np.maximum(most, np.nan_to_num(np.abs(moved[step] - self.true[step])), out=most)
        return {step: 1.5 * most for step, most in slack.items()}

    def step(self, step: str) -> None:
        """Judge the claims of one step."""
        true = self.true[step]
        slack = self.slack.get(step)
        finite = np.abs(true[np.isfinite(true)])
        size = max(1.0, float(finite.max())) if finite.size else 1.0
        wrong: list[Claim] = []
        right: list[Claim] = []
        for claim in self.claims[step]:
            value = float(true[claim.index])
            if np.isnan(value):
                continue
            self.result.checked += 1
            if is_right(claim.printed, value, size) or (
                slack is not None
                and abs(float(claim.printed.value) - value) <= tolerance(claim.printed) + float(slack[claim.index])
            ):
                right.append(claim)
            else:
                wrong.append(claim)
        for claim in off_in_last_digits(right, true) if slack is None else ():
            self.slight(step, claim)
        if not wrong:
            return
        if self.is_cut_off(step, wrong):
            for claim in wrong:
                self.add(
                    step,
                    Judgement(
                        claim,
                        "last_digit",
                        "truncation",
                        float(true[claim.index]),
                        "its digits were cut off, not rounded",
                    ),
                )
            return
        carried = list(self.carried_on.results(step))
        open_claims: list[Claim] = []
        for claim in wrong:
            if not self.follows(step, claim, carried):
                open_claims.append(claim)
        open_claims = self.last_digits(step, open_claims, carried)
        if open_claims:
            self.find_causes(step, open_claims)

    def slight(self, step: str, claim: Claim) -> None:
        """Judge a number that is off by more than its precision allows, however little that is."""
        true = float(self.true[step][claim.index])
        if is_last_digit(claim.printed, true):
            self.add(step, Judgement(claim, "last_digit", "last_digit", true, "its last digit is off"))
        else:
            self.add(step, self.slipped(step, claim, find_slip(self.problem, step, claim, self.true, self.printed)))

    def is_cut_off(self, step: str, wrong: list[Claim]) -> bool:
        """Whether every number of a step is its true value with digits cut off, and at least two show it."""
        true = self.true[step]
        if len({claim.index for claim in wrong}) < 2 or not all(
            is_truncated(claim.printed, float(true[claim.index])) for claim in wrong
        ):
            return False
        compared = [claim for claim in self.claims[step] if np.isfinite(true[claim.index])]
        return all(
            abs(float(claim.printed.value)) <= abs(float(true[claim.index])) + claim.printed.unit * 1e-6
            for claim in compared
        )

    def follows(self, step: str, claim: Claim, carried: list[Array]) -> bool:
        """Whether a number is right when computed on from the printed ones before it."""
        root = self.root_of(step, claim.index)
        slack = self.carried_slack(step, claim) if root is not None else 0.0
        for values in carried:
            value = float(values[claim.index])
            near = slack and abs(float(claim.printed.value) - value) <= slack + claim.printed.unit / 2
            if is_right(claim.printed, value) or near:
                self.add(
                    step,
                    Judgement(
                        claim,
                        "drift",
                        "follows" if root else "drift",
                        float(self.true[step][claim.index]),
                        "" if root else "it is right if computed on from the rounded numbers before it",
                        root,
                    ),
                )
                return True
        return False

    def carried_slack(self, step: str, claim: Claim) -> float:
        """How far a weighted sum may be off because the author carried on weights of more digits than are printed."""
        value = self.true.get("value")
        weights = self.claims.get("weights", [])
        if step not in ("output", "head_outputs") or value is None or value.ndim != 2 or not weights:
            return 0.0
        column = claim.index[-1]
        return float(np.abs(value[:, column]).sum()) * weights[0].printed.unit / 2 if column < value.shape[1] else 0.0

    def last_digits(self, step: str, claims: list[Claim], carried: list[Array]) -> list[Claim]:
        """Numbers off by less than a unit of their last digit; those that are wrong by more are given back."""
        left: list[Claim] = []
        found: list[tuple[Claim, bool, float]] = []
        for claim in claims:
            true = float(self.true[step][claim.index])
            root = self.root_of(step, claim.index)
            candidates = [true] if root is None else []
            candidates += [float(values[claim.index]) for values in carried]
            near = next((value for value in candidates if is_last_digit(claim.printed, value)), None)
            if near is None:
                left.append(claim)
            elif root is not None:
                self.add(step, Judgement(claim, "drift", "follows", true, "", root))
            else:
                found.append((claim, is_truncated(claim.printed, true), true))
        truncated = sum(cut for _, cut, _ in found)
        if left and len(left) > len(found):
            # A mistake that moves whole rows also moves some numbers by little: they are not slips of a digit.
            explained = self.explained(step, [*left, *(claim for claim, _, _ in found)])
            if explained:
                return [*left, *(claim for claim, _, _ in found)]
        all_cut = truncated == len(found) and truncated > 0
        for claim, cut, true in found:
            cause = "truncation" if cut and (all_cut or truncated >= 2) else "last_digit"
            reason = "its digits were cut off, not rounded" if cause == "truncation" else "its last digit is off"
            self.add(step, Judgement(claim, "last_digit", cause, true, reason))
        return left

    def root_of(self, step: str, index: tuple[int, ...]) -> Judgement | None:
        """The root of the nearest wrong number that the element at `index` is computed from."""
        for name in reversed(CHAIN[: CHAIN.index(step)]):
            for place, judgement in self.errors.get(name, {}).items():
                if depends(step, index, name, place):
                    return judgement.root or judgement
        return None

    def add(self, step: str, judgement: Judgement) -> None:
        self.result.judgements.append(judgement)
        if judgement.severity == "error" or judgement.root is not None:
            self.errors.setdefault(step, {})[judgement.claim.index] = judgement

    # Causes

    def find_causes(self, step: str, claims: list[Claim]) -> None:
        """Name the cause of numbers that are wrong by themselves."""
        left = claims
        while left:
            best = self.explained(step, left)
            if best is None:
                break
            alternative, explained = best
            root: Judgement | None = None
            for claim in explained:
                true = float(self.true[step][claim.index])
                cause = self.renamed(step, alternative, explained)
                upstream = self.root_of(step, claim.index)
                if upstream is not None and upstream.cause == cause:
                    # The same mistake, carried on without what is printed in between.
                    self.add(step, Judgement(claim, "drift", "follows", true, "", upstream))
                    continue
                judgement = Judgement(
                    claim,
                    "error",
                    cause,
                    true,
                    alternative.message if root is None else "",
                    root,
                )
                root = root or judgement
                self.add(step, judgement)
            taken = set(map(id, explained))
            left = [claim for claim in left if id(claim) not in taken]
        of_row: dict[tuple[object, ...], Judgement] = {}
        slips: dict[tuple[object, ...], Slip] = {}
        for claim in left:
            slip = slips.get(same := _sameness(claim))
            if slip is None:
                slip = slips[same] = find_slip(self.problem, step, claim, self.true, self.printed)
            judgement = self.slipped(step, claim, slip)
            if slip.cause in _OF_ROWS:  # one mistake, which every number of the row shows
                key = (claim.index[:-1], slip.cause, slip.reason)
                judgement.root = of_row.get(key)
                of_row.setdefault(key, judgement)
            self.add(step, judgement)

    def slipped(self, step: str, claim: Claim, slip: Slip) -> Judgement:
        return Judgement(claim, "error", slip.cause, float(self.true[step][claim.index]), slip.reason)

    def renamed(self, step: str, alternative: Alternative, explained: list[Claim]) -> str:
        """No scaling after scaled scores were printed is another mistake than no scaling at all."""
        if alternative.cause == "no_scale" and step == "scaled_scores":
            wrong = {id(claim) for claim in explained}
            first = {claim.index: claim for claim in reversed(self.claims[step])}
            if self.problem.shows_scaled or any(id(first[claim.index]) not in wrong for claim in explained):
                return "unscaled_carried_on"
        if alternative.cause == "no_scale" and step in ("weights", "masked_scores", "output", "head_outputs"):
            scaled = self.printed.get("scaled_scores")
            printed = scaled is not None and np.isfinite(scaled).any() and "scaled_scores" not in self.errors
            if printed or self.problem.shows_scaled:
                return "unscaled_carried_on"
        return alternative.cause

    def explained(self, step: str, claims: list[Claim]) -> tuple[Alternative, list[Claim]] | None:
        """The alternative that gives most of the rows that hold wrong numbers, and the numbers it explains."""
        printed = self.printed[step]
        rows: dict[tuple[int, ...], list[Claim]] = {}
        for claim in claims:
            rows.setdefault(claim.index[:-1], []).append(claim)
        of_row: dict[tuple[int, ...], list[Claim]] = {}
        wrong = set(map(id, claims))
        places = {claim.index for claim in claims}
        for claim in self.claims[step]:
            # A number that stands right in one place and wrong in another tells nothing about the mistake.
            if id(claim) in wrong or claim.index not in places:
                of_row.setdefault(claim.index[:-1], []).append(claim)
        best: tuple[tuple[float, ...], Alternative, list[Claim]] | None = None
        for known in self.carried_on.starting_points(step):
            have = compute(self.problem, known)
            for alternative in alternatives(self.problem, step, have, printed):
                explained: list[Claim] = []
                exact = 0
                for row, of_this in rows.items():
                    values = [float(alternative.values[claim.index]) for claim in of_row[row]]
                    if all(map(_fits, of_row[row], values)):
                        explained += of_this
                        exact += sum(map(is_right, of_row_printed(of_row[row]), values))
                if not explained or not self.is_convincing(step, alternative, explained, of_row):
                    continue
                score = (len(explained), exact)
                if best is None or score > best[0]:
                    best = (score, alternative, explained)
            if best is not None and len(best[2]) == len(claims) and best[0][1] >= best[0][0]:
                break
        return None if best is None else (best[1], best[2])

    def is_convincing(
        self, step: str, alternative: Alternative, explained: list[Claim], of_row: Mapping[tuple[int, ...], list[Claim]]
    ) -> bool:
        """Whether an alternative explains more than a coincidence would: a lone number needs a strong reason."""
        if alternative.cause == "stale":
            return len(explained) >= 2
        rows = {claim.index[:-1] for claim in explained}
        seen = sum(len(of_row[row]) for row in rows)
        if seen >= 2 and len(explained) >= 2:
            return True
        if step == "scores":
            return False  # a single number agrees with some other product too easily
        digits = max(claim.printed.digits for claim in explained)
        common = alternative.cause in ("no_scale", "scale_d_k", "mask_forgotten", "mask_as_zero", "softmax_single")
        return digits >= 2 and (common or digits >= 3 or seen >= 2)


def _sameness(claim: Claim) -> tuple[object, ...]:
    """What claims that are printed again have in common: the slip that explains one explains all."""
    printed = claim.printed
    return claim.index, printed.value, printed.text, printed.places, printed.program, claim.arithmetic is None


def of_row_printed(claims: Iterable[Claim]) -> list[Printed]:
    """The printed numbers of claims."""
    return [claim.printed for claim in claims]


def _fits(claim: Claim, value: float) -> bool:
    """Whether a number is what an alternative gives, with room for rounding on the way."""
    if is_right(claim.printed, value):
        return True
    if not np.isfinite(value) or not np.isfinite(float(claim.printed.value)):
        return False
    off = abs(float(claim.printed.value) - value)
    return off <= 1.5 * claim.printed.unit and off <= 0.02 * max(abs(value), claim.printed.unit * 10)
