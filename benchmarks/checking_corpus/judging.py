"""Whether a report found what was planted, and named it rightly. Reads a report only through its contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from checking_corpus.mutations import Mutant
from checking_corpus.writer import Document, Printed

ALARMS = ("error", "drift", "last_digit")


class Report(Protocol):
    """What the checker returns."""

    verdict: str
    checked: int
    findings: Sequence[Any]
    reason: str


@dataclass(frozen=True)
class Judgement:
    """One mutant judged.

    Args:
        detected: a finding of the right severity points at a number that is wrong.
        named: the first finding's cause is among those expected.
        first: "severity: cause" of the first finding, for the list of failures.
    """

    detected: bool
    named: bool
    first: str


def judge(mutant: Mutant, report: Report) -> Judgement:
    kind = mutant.expected
    findings = list(report.findings)
    first = "unreadable" if report.reason else "nothing"
    if findings:
        first = f"{findings[0].severity}: {findings[0].cause}"
    serious = [f for f in findings if f.severity in kind.severities]
    if mutant.kind == "missing":
        return Judgement(bool(serious), bool(serious) and serious[0].cause in kind.causes, first)
    detected = any(_points_at(f, findings, mutant) for f in serious)
    # Notes on conventions and on what is missing may stand before the error; the first judgement is what counts.
    verdicts = [f for f in findings if f.severity in ALARMS]
    named = bool(verdicts) and verdicts[0].cause in kind.causes
    if verdicts:
        first = f"{verdicts[0].severity}: {verdicts[0].cause}"
    return Judgement(detected, detected and named, first)


def _points_at(finding: Any, findings: Sequence[Any], mutant: Mutant) -> bool:
    roots = [finding]
    while roots[-1].follows_from is not None and len(roots) < 9:
        roots.append(findings[roots[-1].follows_from])
    return any(_is_about(root, number, mutant.document) for root in roots for number in mutant.affected)


def _is_about(finding: Any, number: Printed, document: Document) -> bool:
    if finding.span is not None and number.start >= 0:
        start, end = finding.span
        if start < number.end and number.start < end:
            return True
    printed = None if finding.printed is None else plain(finding.printed)
    if printed is None:
        return finding.line == number.line
    same = printed == plain(number.text) or _equal(printed, number.text)
    # A spreadsheet's and a notebook's lines are the reader's own affair.
    return same and (finding.line == number.line or document.name.endswith((".xlsx", ".ipynb")))


def _equal(a: str, b: str) -> bool:
    try:
        return float(a) == float(plain(b))
    except ValueError:
        return False


def plain(text: str) -> str:
    """A number as it is compared."""
    return text.replace("−", "-").replace("&minus;", "-").replace("∞", "inf").strip("$ ")


def alarms(report: Report) -> int:
    """Findings that condemn a number."""
    return sum(f.severity in ALARMS for f in report.findings)
