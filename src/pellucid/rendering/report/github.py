"""Annotations that GitHub Actions shows beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pellucid.checking.report import Finding, Report, Severity
from pellucid.rendering.formats import Appearance
from pellucid.rendering.report.outline import cause, change, root_of

_COMMANDS: dict[Severity, str] = {
    "error": "error",
    "drift": "warning",
    "last_digit": "warning",
    "convention": "notice",
    "missing": "notice",
}


def render(reports: Sequence[Report], appearance: Appearance) -> str:
    """One line a finding; of each file root causes before what follows, as GitHub shows only the first ten."""
    return "".join(f"{line}\n" for report in reports for line in _annotations(report))


def _annotations(report: Report) -> Iterator[str]:
    if report.reason:
        yield _annotation("error", {"file": report.file, "title": "unreadable"}, report.reason)
    numbers = range(len(report.findings))
    for number in sorted(numbers, key=lambda number: root_of(report, number) != number):
        finding = report.findings[number]
        properties: dict[str, str | int] = {"file": report.file, **_place(report, finding), "title": cause(finding)}
        yield _annotation(_COMMANDS[finding.severity], properties, _message(finding))


def _message(finding: Finding) -> str:
    words = ": ".join(filter(None, (finding.label, change(finding))))
    return "\n".join(filter(None, (words, finding.message)))


def _place(report: Report, finding: Finding) -> dict[str, int]:
    if report.source is None or finding.span is None:
        return {} if finding.line is None else {"line": finding.line}
    start, end = finding.span
    place = {"line": report.source.line(start), "col": report.source.column(start)}
    if report.source.line(end) == place["line"]:
        place["endColumn"] = report.source.column(end)
    return place


def _annotation(command: str, properties: dict[str, str | int], message: str) -> str:
    written = ",".join(f"{name}={_escaped_property(str(value))}" for name, value in properties.items())
    return f"::{command} {written}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
