"""What was found, in the order and the words in which every format tells it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from pellucid.checking.document_numbers import in_document
from pellucid.checking.report import Finding, Report, Severity, Unchecked
from pellucid.checking.source import Source
from pellucid.expressions import Number
from pellucid.expressions.text import TextPrinter
from pellucid.numbers import Notation

SEVERITIES: dict[Severity, str] = {
    "error": "wrong",
    "drift": "drift",
    "last_digit": "last digit",
    "convention": "convention",
    "missing": "missing",
}
"""In a word, the worst first."""

_DIGITS_OF_ARITHMETIC = 4
_MOST_UNCHECKED = 8  # numbers of one line


@dataclass(frozen=True)
class Root:
    """A finding that follows from no other, and those that follow from it.

    Args:
        number: its position in the report's findings.
        finding: itself.
        followers: with their positions, in their order.
    """

    number: int
    finding: Finding
    followers: tuple[tuple[int, Finding], ...]


def roots(report: Report) -> list[Root]:
    """The root causes in their order, each with everything that follows from it, at however many removes."""
    followers: dict[int, list[tuple[int, Finding]]] = {}
    for number, finding in enumerate(report.findings):
        root = root_of(report, number)
        followers.setdefault(root, [])
        if root != number:
            followers[root].append((number, finding))
    return [Root(number, report.findings[number], tuple(followers[number])) for number in sorted(followers)]


def root_of(report: Report, number: int) -> int:
    """The position of the finding that the one at `number` follows from in the end; itself for a root."""
    passed = {number}
    while (before := report.findings[number].follows_from) is not None and before not in passed:
        if not 0 <= before < len(report.findings):
            break
        passed.add(before)
        number = before
    return number


def counts(report: Report) -> list[tuple[Severity | None, str]]:
    """`3 wrong`, `1 drift`, `24 checked`; the last has no severity."""
    found: list[tuple[Severity | None, str]] = []
    for severity, word in SEVERITIES.items():
        count = sum(finding.severity == severity for finding in report.findings)
        if count:
            found.append((severity, f"{count:,} {word}"))
    found.append((None, f"{report.checked:,} checked"))
    return [*found, *([(None, f"{numbers_unchecked(report):,} not checked")] if report.unchecked else [])]


def nothing_to_check(report: Report) -> bool:
    """Whether the file holds no arithmetic that could be checked."""
    return not report.reason and not report.checked and not report.findings


def numbers_checked(report: Report) -> str:
    """`24 numbers checked`"""
    return f"{report.checked:,} number{'' if report.checked == 1 else 's'} checked"


def numbers_unchecked(report: Report) -> int:
    """How many printed results were compared with nothing."""
    return sum(len(line.printed) for line in report.unchecked)


def unchecked_numbers(line: Unchecked) -> str:
    """`0.31, 0.22`; of many the first and how many more there are."""
    shown, more = line.printed[:_MOST_UNCHECKED], len(line.printed) - _MOST_UNCHECKED
    return f"{', '.join(shown)}{f' and {more:,} more' if more > 0 else ''}"


def place(report: Report, finding: Finding | Unchecked) -> str:
    """Where it stands, in words: `line 12`; empty where it stands nowhere."""
    if report.source is not None and finding.span is not None:
        return report.source.place(finding.span.start)
    return "" if finding.line is None else f"line {finding.line}"


@lru_cache(maxsize=4)
def text_lines(source: Source) -> Source:
    """The source with the lines of its text, also where it counts differently, as a spreadsheet counts rows."""
    return source if type(source) is Source else Source(source.name, source.text)


def line_of(report: Report, finding: Finding) -> int | None:
    """The line of the source's text under which it is to be shown."""
    if report.source is None:
        return None
    lines = text_lines(report.source)
    if finding.span is not None:
        return lines.line(finding.span.start)
    if finding.line is None or lines is not report.source:
        return None
    return finding.line if 1 <= finding.line <= lines.line(len(lines.text)) else None


_IN_WORDS = {"scale_d_k": "d_k for √d_k", "last_digit": "last digit off", "softmax_single": "softmax of one number"}
"""Causes whose names say too little by themselves."""


def cause(finding: Finding) -> str:
    """Why, in words."""
    return _IN_WORDS.get(finding.cause, finding.cause.replace("_", " "))


def change(finding: Finding) -> str:
    """`printed 0.13, right 0.21`, as far as both are known."""
    parts = []
    if finding.printed is not None:
        parts.append(f"printed {finding.printed}")
    if finding.correct is not None:
        parts.append(f"right {finding.correct}")
    return ", ".join(parts)


def arithmetic(report: Report, finding: Finding) -> tuple[str, str] | None:
    """The working and, after it, the number it gives: `0.3×0.1 + 0.4×0.3 + 0.1×0.6`, `= 0.21`."""
    result = finding.correct if finding.exact is None else finding.exact
    if finding.working is None or result is None or isinstance(finding.working, Number):
        return None
    mark = "." if report.source is None else report.source.decimal_mark
    places = len((finding.correct or result).partition(mark)[2])
    spelled = TextPrinter(Notation(max(_DIGITS_OF_ARITHMETIC, places)))(finding.working)
    rounded = "" if finding.correct in (None, in_document(result, report.source)) else f" ≈ {finding.correct}"
    return in_document(spelled, report.source), f"= {in_document(result, report.source)}{rounded}"
