"""What checking found: findings, and the report on one file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pellucid import presenter
from pellucid.checking.mapped_text import Span
from pellucid.checking.number_style import is_plain_number
from pellucid.checking.source import Source
from pellucid.derivation import Derivation
from pellucid.errors import InputError
from pellucid.expressions import Expression

Severity = Literal["error", "drift", "last_digit", "convention", "missing"]
"""error: wrong. drift: right if computed on from printed predecessors. last_digit: off by less than a unit of the
last printed digit. convention: a consistent choice, named but not condemned. missing: not there, or ambiguous."""

Verdict = Literal["right", "rounding", "wrong", "unreadable"]

_WRONG_NUMBERS = ("error", "drift", "last_digit")


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Args:
        severity: how bad it is.
        cause: why, as a word of `pellucid.checking.causes.CAUSES`.
        message: what arrived, what is right and why, in one or two sentences.
        step: which step, in the terms of the file format; `None` where the number belongs to none.
        at: where in the step: tokens or positions from 0, one an axis; `None` for the whole step.
        span: where the printed number stands in the source; `None` for what is not there.
        line: its line, from 1.
        printed: the number as printed.
        correct: the right number, at the precision of the printed one.
        exact: the right number with more digits.
        follows_from: the position in the report's findings of the root that this one follows from.
        label: what is computed, for a reader: "scores[sitting, The]".
        working: the arithmetic that gives the right number.
    """

    severity: Severity
    cause: str
    message: str
    step: str | None = None
    at: tuple[int | str, ...] | None = None
    span: Span | None = None
    line: int | None = None
    printed: str | None = None
    correct: str | None = None
    exact: str | None = None
    follows_from: int | None = None
    label: str = ""
    working: Expression | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields that programs rely on."""
        return {
            "severity": self.severity,
            "cause": self.cause,
            "step": self.step,
            "at": None if self.at is None else list(self.at),
            "line": self.line,
            "printed": self.printed,
            "correct": self.correct,
            "exact": self.exact,
            "follows_from": self.follows_from,
            "message": self.message,
        }


@dataclass(frozen=True)
class Unchecked:
    """Results on one line that were compared with nothing.

    Args:
        line: from 1; of an array, the line on which it begins.
        span: where the first of them stands in the source.
        printed: the numbers as printed.
    """

    line: int
    span: Span
    printed: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The fields that programs rely on."""
        return {"line": self.line, "printed": list(self.printed)}


@dataclass(frozen=True, eq=False)
class Corrected:
    """The right numbers of the row that a document is about.

    Args:
        derivation: every number, right.
        query: which row.
    """

    derivation: Derivation
    query: int


@dataclass(frozen=True, eq=False)
class Report:
    """What checking one file found.

    Args:
        file: its name as given.
        checked: how many printed numbers were compared with their true values.
        findings: root causes first, each before what follows from it.
        reading: how the document was read, in sentences: what was taken for what.
        source: the file; `None` where it could not be read.
        reason: why it could not be read, as a sentence; empty otherwise.
        corrected: the right numbers, for each worked example in it that has wrong ones.
        unchecked: the printed results that were compared with nothing, by line.
    """

    file: str
    checked: int = 0
    findings: Sequence[Finding] = ()
    reading: Sequence[str] = ()
    source: Source | None = None
    reason: str = ""
    corrected: Sequence[Corrected] = ()
    unchecked: Sequence[Unchecked] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings, in a word."""
        if self.reason:
            return "unreadable"
        severities = {finding.severity for finding in self.findings}
        if "error" in severities:
            return "wrong"
        return "rounding" if severities & {"drift", "last_digit"} else "right"

    @property
    def corrections(self) -> dict[Span, str]:
        """What to put where, to put the file right: the right numbers by where the wrong ones stand.

        Of numbers that overlap, the one found first. What stands between other signs, such as 0.3<b>5</b>, is left.
        """
        if self.source is None:
            return {}
        taken: list[Span] = []
        found: dict[Span, str] = {}
        for finding in self.findings:
            span, correct = finding.span, finding.correct
            if finding.severity not in _WRONG_NUMBERS or span is None or correct is None:
                continue
            place = bisect_left(taken, span)
            is_free = (place == 0 or taken[place - 1].end <= span.start) and (
                place == len(taken) or span.end <= taken[place].start
            )
            written = self.source.text[span.start : span.end]
            if is_free and written != correct and is_plain_number(written):
                taken.insert(place, span)
                found[span] = correct
        return found

    def fixed(self) -> bytes:
        """The file with its wrong numbers put right, everything else as it is.

        Raises:
            InputError: it could not be read.
        """
        if self.source is None:
            raise InputError(f"{self.file} cannot be put right: {self.reason}")
        return self.source.rewritten(self.corrections)

    def to(self, file_format: str, **options: Any) -> str:
        """The report in a format: "terminal", "markdown", "html", "json" or "github"."""
        text = presenter.present("report", self, file_format, **options)
        assert isinstance(text, str)
        return text

    def to_text(self, **options: Any) -> str:
        """What the terminal shows, without colours."""
        return self.to("terminal", **options)

    def to_markdown(self) -> str:
        """The document with the corrections marked in it."""
        return self.to("markdown")

    def to_html(self, *, fragment: bool = False) -> str:
        """One self-contained page; with `fragment` without its frame, for use in another."""
        return self.to("html", fragment=fragment)

    def _repr_html_(self) -> str:
        return self.to_html(fragment=True)

    def as_json(self) -> dict[str, Any]:
        """What `check --json` prints for one file."""
        return {
            "file": self.file,
            "verdict": self.verdict,
            "checked": self.checked,
            "findings": [finding.as_json() for finding in self.findings],
            "unchecked": [line.as_json() for line in self.unchecked],
        }

    def __repr__(self) -> str:
        return f"<Report {self.file!r}: {self.verdict}, {self.checked} checked, {len(self.findings)} findings>"
