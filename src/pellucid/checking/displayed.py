"""Arithmetic that shows a wrong method without a result: softmax(0.13/3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pellucid.checking.assembled import Assembled
from pellucid.checking.declarations import Declarations
from pellucid.checking.document_numbers import in_document
from pellucid.checking.findings import exact_digits
from pellucid.checking.floats import NoValueError, float_of
from pellucid.checking.judge import Verdicts
from pellucid.checking.linked_findings import LinkedFindings
from pellucid.checking.mapped_text import Span
from pellucid.checking.operands import divisors
from pellucid.checking.printed import Printed
from pellucid.checking.report import Finding
from pellucid.checking.source import Source
from pellucid.errors import InputError
from pellucid.expressions import Expression, SquareRoot


def add_displayed(
    found: LinkedFindings, built: Assembled, verdicts: Verdicts, declared: Declarations, source: Source
) -> None:
    """Add what displayed arithmetic shows; of each kind the first finding is the root of those that follow.

    Args:
        found: what they are added to.
        built: the worked example that the arithmetic belongs to.
        verdicts: of its claims.
        declared: what the document declares.
        source: the file.
    """
    said: dict[str, int] = {}
    for mention in built.scope.claims:
        tree = mention.arithmetic
        if tree is None or isinstance(tree, np.ndarray) or mention.values.size or mention.chain is None:
            continue
        step = mention.quantity.step
        single = any(side.value is not None and side.value.single for side in mention.chain.sides)
        at = tuple(mention.quantity.indices)
        label = f"{step}[{', '.join(at)}]"
        for finding in _divided_by_d_k(tree, built.problem.d_k, at, label, declared, source):
            found.add(finding, said.get("scale"))
            said.setdefault("scale", len(found.entries) - 1)
        if single and step == "weights":
            span = mention.chain.text.span(mention.chain.sides[-1].start, mention.chain.sides[-1].end)
            found.add(_softmax_of_one(_true_weight(built, verdicts, at), at, label, span, source), said.get("single"))
            said.setdefault("single", len(found.entries) - 1)


def _divided_by_d_k(
    tree: Expression, d_k: int | None, at: tuple[str, ...], label: str, declared: Declarations, source: Source
) -> Iterator[Finding]:
    """Scores that are divided by d_k where the document's own formula divides by its root."""
    for score, divisor in divisors(tree):
        if (
            isinstance(divisor, SquareRoot)
            or d_k is None
            or d_k == 1
            or declared.scales[:1] not in ([], ["1/sqrt(d_k)"])
        ):
            continue
        try:
            value = float_of(divisor)
        except NoValueError:
            continue
        if value != d_k or not isinstance(divisor, Printed) or not declared.scales:
            continue
        yield Finding(
            "error",
            "scale_d_k",
            f"{in_document(score.text, source)} is divided by d_k = {d_k}, and the document's own formula divides by "
            f"√d_k = √{d_k} ≈ {in_document(f'{d_k**0.5:.4f}', source)}.",
            "scaled_scores",
            at or None,
            Span(divisor.start, divisor.end),
            source.line(divisor.start),
            divisor.text,
            f"√{d_k}",
            exact_digits(d_k**0.5),
            label=label.replace("weights", "scaled_scores"),
        )


def _softmax_of_one(true: float | None, at: tuple[str, ...], label: str, span: Span, source: Source) -> Finding:
    return Finding(
        "error",
        "softmax_single",
        "The softmax of a single number is always 1; it is taken over the scaled scores of all keys at "
        + ("once." if true is None else f"once, which gives {in_document(f'{true:.4f}', source)} here."),
        "weights",
        at or None,
        span,
        source.line(span.start),
        source.text[span.start : span.end],
        None,
        None if true is None else exact_digits(true),
        label=label,
    )


def _true_weight(built: Assembled, verdicts: Verdicts, at: Sequence[str]) -> float | None:
    axes = built.problem.axes.get("weights")
    weights = verdicts.true.get("weights")
    if axes is None or weights is None or len(at) != len(axes):
        return None
    try:
        return float(weights[tuple(axis.position(place) for axis, place in zip(axes, at, strict=True))])
    except InputError:
        return None
