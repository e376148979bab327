"""From judgements to findings: in words, with the right numbers, roots before what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from pellucid.checking.causes import CAUSES
from pellucid.checking.document_numbers import in_document
from pellucid.checking.judge import Judgement, Verdicts
from pellucid.checking.mapped_text import Span
from pellucid.checking.number_style import number_as_written
from pellucid.checking.printed import Printed, correct_text
from pellucid.checking.problem import Problem
from pellucid.checking.report import Finding
from pellucid.checking.source import Source
from pellucid.derivation import Derivation
from pellucid.expressions import Expression
from pellucid.numbers import round_places, round_significant

_EXACT_DIGITS = 12
_FINE = 3
_BEFORE = ("masked_scores", "scaled_scores")


def findings_of(
    problem: Problem,
    verdicts: Verdicts,
    source: Source | None,
    *,
    derivation: Derivation | None = None,
    exact: Derivation | None = None,
) -> list[Finding]:
    """The findings of one worked example, roots first; `follows_from` counts within the list.

    Args:
        problem: what was judged.
        verdicts: the judgements.
        source: the file, for lines.
        derivation: of the same example, for the arithmetic.
        exact: the same in exact decimals, for the digits.
    """
    in_order = ordered(verdicts.judgements)
    position = {id(judgement): number for number, judgement in enumerate(in_order)}
    said: dict[tuple[object, ...], Finding] = {}
    found: list[Finding] = []
    for judgement in in_order:
        claim, printed = judgement.claim, judgement.claim.printed
        span = Span(printed.start, printed.end) if printed.start >= 0 else None
        written = number_as_written(source, span, printed.text)
        key = (claim.step, claim.index, judgement.cause, judgement.severity, judgement.reason, printed.value, written)
        words = said.get(key)  # a document may say the same wrong thing again and again
        if words is None:
            words = said[key] = _finding(problem, judgement, source, derivation, exact, written)
        line = source.line(span.start) if source is not None and span is not None else None
        root = None if judgement.root is None else position.get(id(judgement.root))
        found.append(replace(words, span=span, line=line, follows_from=root))
    return found


def ordered(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Errors before roundings, each root before its followers."""
    followers: dict[int, list[Judgement]] = {}
    for judgement in judgements:
        if judgement.root is not None:
            followers.setdefault(id(judgement.root), []).append(judgement)
    roots = [judgement for judgement in judgements if judgement.root is None]
    roots.sort(key=lambda judgement: judgement.severity != "error")
    return [one for root in roots for one in (root, *followers.get(id(root), ()))]


def _finding(
    problem: Problem,
    judgement: Judgement,
    source: Source | None,
    derivation: Derivation | None,
    exact: Derivation | None,
    written: str,
) -> Finding:
    """What is said of a number, wherever it stands.

    Args:
        written: the number as it stands in the file.
    """
    claim = judgement.claim
    printed = claim.printed
    true: float | Decimal = judgement.true
    if exact is not None and claim.step in exact:
        true = exact[claim.step].value[claim.index]
    correct = correct_text(printed, true, written)
    axes = problem.axes.get(claim.step)
    at: tuple[int | str, ...] = claim.index
    label = claim.step
    if axes is not None:
        at = tuple(axis.label(place) if axis.labels else place for axis, place in zip(axes, claim.index, strict=True))
        label = f"{claim.step}[{', '.join(map(str, at))}]"
    return Finding(
        severity=judgement.severity,
        cause=judgement.cause,
        message=message(
            _subject(claim.step, at),
            written,
            correct,
            judgement.cause,
            in_document(judgement.reason, source),
            _finer(printed, true).replace(".", "." if source is None else source.decimal_mark),
        ),
        step=claim.step,
        at=at,
        printed=written,
        correct=correct,
        exact=exact_digits(true),
        label=label,
        working=_working(derivation, claim.step, claim.index),
    )


def message(subject: str, printed: str, correct: str, cause: str, reason: str = "", exact: str = "") -> str:
    """One sentence: what it is, what was printed, and why; with `exact`, more digits of a coarse number."""
    if cause == "follows":
        return f"{subject} is {correct}, not {printed}; it follows from an earlier wrong number."
    if cause == "drift":
        return f"{subject} is {correct}; {printed} comes of computing on from rounded numbers."
    why = reason or CAUSES.get(cause, cause)
    more = f" ({exact})" if exact and len(exact) > len(correct) else ""
    return f"{subject} is {correct}{more}, not {printed}: {why}."


def _subject(step: str, at: Sequence[int | str]) -> str:
    words = {
        "scores": "The dot product",
        "scaled_scores": "The scaled score",
        "masked_scores": "The masked score",
        "weights": "The weight",
        "output": "The output",
        "head_outputs": "The output",
    }
    if step == "scores" and len(at) == 2 and all(isinstance(place, str) for place in at):
        return f"{at[0]} · {at[1]}"
    return f"{words.get(step, step)} [{', '.join(map(str, at))}]"


def _finer(printed: Printed, true: float | Decimal) -> str:
    """A coarse number with four places; empty where the printed one has three digits or more."""
    number = true if isinstance(true, Decimal) else Decimal(repr(float(true)))
    if printed.digits >= _FINE or printed.places < 1 or not number.is_finite():
        return ""
    return f"{round_places(number, 4):f}".rstrip("0")


def exact_digits(true: float | Decimal) -> str:
    """The true value with so many digits that a reader can round it anywhere."""
    number = true if isinstance(true, Decimal) else Decimal(repr(float(true)))
    if not number.is_finite():
        return "-inf" if number < 0 else "inf"
    return f"{round_significant(number, _EXACT_DIGITS):f}"


def _working(derivation: Derivation | None, step: str, index: tuple[int, ...]) -> Expression | None:
    if derivation is None or step not in derivation:
        return None
    entry = derivation[step].at(*index)
    return entry.expand(_BEFORE) if step == "weights" else entry.expression
