"""From one worked example of a document to a problem: which matrix is Q, which way it lies, what is scaled by what.

Where a document leaves a choice open, the choices are tried and the one that fits the printed numbers best is taken;
the report says which.
"""

from __future__ import annotations

from dataclasses import replace

from pellucid.checking.assembled import Assembled
from pellucid.checking.build import build
from pellucid.checking.choices import Choice, choices
from pellucid.checking.declarations import Declarations
from pellucid.checking.describe import describe
from pellucid.checking.material import FLAT, Material
from pellucid.checking.printed import is_near, is_right
from pellucid.checking.problem import Problem, compute
from pellucid.checking.scopes import Scope


def assemble(scope: Scope, declared: Declarations) -> Assembled | None:
    """Put a worked example together; `None` where there is nothing to compute from.

    Args:
        scope: the mentions of the example.
        declared: what the document declares.
    """
    material = Material(scope, declared)
    best: tuple[tuple[bool, float], Assembled, Choice] | None = None
    for choice in choices(material):
        built = build(material, choice)
        if built is None:
            continue
        # A reading that leaves given embeddings aside explains more, but it does not explain why they are there.
        fit = (_projects(built), _fit(built.problem))
        if best is None or fit > (best[0][0], best[0][1] + 1e-9):
            best = (fit, built, choice)
        if best[0][1] == len(best[1].problem.claims) and best[0][1] > 0:
            break
    if best is None:
        return None
    built, taken = _with_conventions(best[1], best[2], material)
    describe(built, taken, material)
    return built


def _with_conventions(built: Assembled, choice: Choice, material: Material) -> tuple[Assembled, Choice]:
    """Choices that the document does not declare but keeps to: no scaling, another scale, a mask."""
    problem = built.problem
    result, taken = built, choice
    if any(
        claim.step in ("scaled_scores", "masked_scores", "weights", "output", "head_outputs")
        for claim in problem.claims
    ):
        wrong = _errors(built)
        options: list[tuple[Choice, str]] = []
        if wrong:
            if material.declared.causal is None:
                options.append((replace(choice, causal=True), "The numbers are those of a causal mask."))
            if not material.declared.scales:
                options += [
                    (
                        replace(choice, scale="none"),
                        "The scores are not scaled, and the document does not say that they are.",
                    ),
                    (replace(choice, scale="1/d_k"), "The scores are divided by d_k; the paper divides by √d_k."),
                ]
                if material.declared.causal is None:
                    options.append(
                        (
                            replace(choice, scale="none", causal=True),
                            "The scores are not scaled; the numbers are those of a causal mask.",
                        )
                    )
            for other, sentence in options:
                rebuilt = build(material, other)
                # A setting under which fewer numbers can be placed explains nothing.
                places = rebuilt is not None and len(rebuilt.problem.claims) >= len(problem.claims)
                if rebuilt is not None and places and _errors(rebuilt) == 0:
                    rebuilt.conventions.append(sentence)
                    result, taken = rebuilt, other
                    break
    return result, taken


def _projects(built: Assembled) -> bool:
    """Whether queries, keys and values are computed from embeddings, and most that are printed agree."""
    if built.example is None or built.example.embeddings is None:
        return False
    true = compute(built.problem)
    claims = [claim for claim in built.problem.claims if claim.step.removeprefix("projected_") in FLAT]
    right = sum(is_near(claim.printed, float(true[claim.step][claim.index])) for claim in claims)
    return 0 < len(claims) <= 2 * right


def _fit(problem: Problem) -> float:
    """How many printed numbers are right, or nearly."""
    true = compute(problem)
    right = 0.0
    for claim in problem.claims:
        if claim.step in problem.inputs:
            right += 0.5
            continue
        value = float(true[claim.step][claim.index])
        if is_right(claim.printed, value):
            right += 1
        elif is_near(claim.printed, value):
            right += 0.4
    return right


def _errors(built: Assembled) -> int:
    return sum(judgement.severity == "error" for judgement in built.verdicts.judgements)
