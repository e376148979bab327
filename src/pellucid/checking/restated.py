"""Inputs that a document gives again, with another number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.findings import exact_digits
from pellucid.checking.mapped_text import Span
from pellucid.checking.number_style import number_as_written
from pellucid.checking.printed import Printed
from pellucid.checking.report import Finding
from pellucid.checking.scopes import Given, Scope, as_floats, differing
from pellucid.checking.source import Source


def restated(scope: Scope, source: Source) -> Iterator[Finding]:
    """The numbers of restated inputs that are not what was given first.

    Args:
        scope: a worked example.
        source: the file, for lines.
    """
    for role, label, mention in scope.restated:
        known = _given_first(scope.given[role], label, mention.values)
        if known is None:
            continue
        for position, first, second in differing(known, mention.values.reshape(known.shape)):
            if not isinstance(second, Printed):
                continue
            span = Span(second.start, second.end)
            written = number_as_written(source, span, second.text)
            if isinstance(first, Printed):
                correct = number_as_written(source, Span(first.start, first.end), first.text)
            else:
                correct = str(first)
            true = float(as_floats(np.array([first], dtype=object))[0])
            at: tuple[int | str, ...] = position if label is None else (label, *position)
            step = role if "." not in role else f"{role.removeprefix('weights.')}_weight"
            where = f"{step}[{', '.join(map(str, at))}]"
            yield Finding(
                "error",
                "stale",
                f"{where} was given as {correct} before, and is {written} here.",
                step,
                at,
                span,
                source.line(second.start),
                written,
                correct,
                exact_digits(true),
                label=where,
            )


def _given_first(given: Given, label: str | None, again: Array) -> Array | None:
    """What was given first for what is given again; `None` where it has another size."""
    if label is not None:
        known = given.rows.get(label)
        if known is None and given.matrix is not None and label.isdigit():
            known = given.matrix[int(label) - 1]
        return known if known is not None and known.size == again.size else None
    if given.matrix is not None:
        return given.matrix if given.matrix.size == again.size else None
    stacked = np.array([list(row) for row in given.rows.values()], dtype=object)
    return stacked if stacked.shape == again.shape else None
