"""Printed inputs against those that an example file states, which decides what they are."""

from __future__ import annotations

from collections.abc import Iterator

from pellucid.checking.findings import exact_digits
from pellucid.checking.mapped_text import Span
from pellucid.checking.number_style import number_as_written
from pellucid.checking.printed import correct_text, is_right
from pellucid.checking.problem import Claim, Problem
from pellucid.checking.report import Finding
from pellucid.checking.source import Source


def claims_of_inputs(problem: Problem) -> list[Claim]:
    """The claims that say again what is given."""
    return [claim for claim in problem.claims if claim.step in problem.inputs]


def wrong_inputs(problem: Problem, source: Source) -> Iterator[Finding]:
    """The printed inputs that are not what the example file states.

    Args:
        problem: whose inputs an example file states.
        source: the file that the claims stand in.
    """
    for claim in claims_of_inputs(problem):
        printed, true = claim.printed, float(problem.inputs[claim.step][claim.index])
        if is_right(printed, true):
            continue
        span = Span(printed.start, printed.end) if printed.start >= 0 else None
        written = number_as_written(source, span, printed.text)
        correct = correct_text(printed, true, written)
        axes = problem.axes.get(claim.step, ())
        at: tuple[int | str, ...] = claim.index
        if len(axes) == len(claim.index):
            at = tuple(axis.label(n) if axis.labels else n for axis, n in zip(axes, claim.index, strict=True))
        label = f"{claim.step}[{', '.join(map(str, at))}]"
        yield Finding(
            "error",
            "stale",
            f"{label} is given as {correct}, and {written} is printed here.",
            claim.step,
            at,
            span,
            None if span is None else source.line(span.start),
            written,
            correct,
            exact_digits(true),
            label=label,
        )
