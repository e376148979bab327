"""The terminal: each number underlined in its line, the right one beside it, root causes first."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.checking.mapped_text import Span as Place
from pellucid.checking.report import Finding, Report, Severity, Verdict
from pellucid.rendering.formats import Appearance
from pellucid.rendering.report.excerpt import excerpt, whole_line
from pellucid.rendering.report.outline import (
    Root,
    arithmetic,
    cause,
    change,
    counts,
    line_of,
    nothing_to_check,
    numbers_checked,
    numbers_unchecked,
    place,
    roots,
)
from pellucid.rendering.report.right_row import lines as row_lines
from pellucid.rendering.report.right_row import right_row
from pellucid.rendering.styled_lines import Span, StyledLine, cells, indented, printed, unbroken, width, wrapped
from pellucid.rendering.terminal import visible

_VERDICTS: dict[Verdict, str] = {"right": "green", "rounding": "yellow", "wrong": "red", "unreadable": "magenta"}
_SIGNS: dict[Severity, tuple[str, str]] = {
    "error": ("✗", "red"),
    "drift": ("≈", "yellow"),
    "last_digit": ("≈", "yellow"),
    "convention": ("·", "cyan"),
    "missing": ("?", "blue"),
}
_MOST_FOLLOWERS = 6
_MOST_EMPTY = 5  # files with nothing to check that are named; of a whole folder there are many
_MOST_UNCHECKED = 5
_NARROWEST = 40


def render(reports: Sequence[Report], appearance: Appearance) -> str:
    """The reports as text of at most `appearance.width` columns, with ANSI colours if wanted."""
    columns = max(appearance.width, _NARROWEST)
    lines: list[StyledLine] = []
    was_long = False
    are_many_empty = sum(map(nothing_to_check, reports)) > _MOST_EMPTY
    for report in reports:
        if are_many_empty and nothing_to_check(report):
            continue
        shown = _report(report, columns)
        is_long = len(shown) > 1
        if lines and (is_long or was_long):
            lines.append([])
        lines += shown
        was_long = is_long
    if len(reports) > 1:
        lines += [*([[]] if lines else []), *_sum(reports, columns)]
    return printed(lines, colour=appearance.colour)


def _report(report: Report, columns: int) -> list[StyledLine]:
    name = Span(visible(report.file), "bold")
    if report.reason:
        parts = [name, Span(": "), Span("unreadable", _bold("unreadable")), Span(f". {visible(report.reason)}")]
        return wrapped(parts, columns)
    if nothing_to_check(report):
        said = "nothing in it could be checked." if report.unchecked else "there is nothing in it to check."
        header = wrapped([name, Span(f": {said}")], columns)
        shown = [*header, *_reading(report, columns)] if report.reading else header
        return [*shown, *_unchecked(report, columns)]
    if report.verdict == "right":
        verdict = Span("right", _bold("right"))
        said = f". {numbers_checked(report)}."
        if report.unchecked:
            said = f", as far as it could be read. {numbers_checked(report)}, {numbers_unchecked(report):,} not."
        header = wrapped([name, Span(": "), verdict, Span(said)], columns)
        if not report.findings:
            return [*header, *_unchecked(report, columns)]
    else:
        header = wrapped([name, Span(": "), Span(report.verdict, _bold(report.verdict)), *_counts(report)], columns)
    lines = [*header, *_reading(report, columns)]
    for root in roots(report):
        lines += [[], *indented(_root(report, root, columns - 2), 2)]
    for corrected in report.corrected:
        lines += [[], *indented(row_lines(right_row(corrected, report.source), columns - 2), 2)]
    return [*lines, *_unchecked(report, columns)]


def _counts(report: Report) -> StyledLine:
    spans = [Span("   ")]
    for position, (severity, words) in enumerate(counts(report)):
        style = "dim" if severity is None else _SIGNS[severity][1]
        spans += [*([Span(" · ", "dim")] if position else []), Span(unbroken(words), style)]
    return spans


def _reading(report: Report, columns: int) -> list[StyledLine]:
    lines: list[StyledLine] = []
    for sentence in report.reading:
        lines += wrapped([Span(visible(sentence), "dim")], columns - 4)
    return [[], [Span("  How it was read", "dim")], *indented(lines, 4)] if lines else []


def _unchecked(report: Report, columns: int) -> list[StyledLine]:
    """The lines with results that were compared with nothing: the first few, and how many more there are."""
    if not report.unchecked or report.source is None:
        return []
    lines: list[StyledLine] = [[], [Span("  Not checked", "dim")]]
    for line in report.unchecked[:_MOST_UNCHECKED]:
        where = f"    {place(report, line)} │ "
        cut = excerpt(report.source, line.span, columns - cells(where))
        lines.append([Span(where, "dim"), Span(cut.before, "dim"), Span(cut.number), Span(cut.after, "dim")])
    if (more := len(report.unchecked) - _MOST_UNCHECKED) > 0:
        lines.append([Span(f"    and {more:,} more line{'' if more == 1 else 's'}", "dim")])
    return lines


def _root(report: Report, root: Root, columns: int) -> list[StyledLine]:
    finding = root.finding
    style = _SIGNS[finding.severity][1]
    lines = _heading(report, finding, columns)
    line = line_of(report, finding)
    gutter = 2
    if line is not None:
        quoted = _excerpt(report, finding, line, columns, style)
        gutter = width(quoted[0][:1])
        lines += quoted
    body: list[StyledLine] = []
    room = columns - gutter
    worked = arithmetic(report, finding)
    if worked is not None:
        body += wrapped([Span(f"{visible(worked[0])} "), Span(unbroken(worked[1]), "bold")], room, hanging=2)
    body += wrapped([Span(visible(finding.message))], room) if finding.message else []
    for _, follower in root.followers[:_MOST_FOLLOWERS]:
        body += _follower(report, follower, room)
    if (more := len(root.followers) - _MOST_FOLLOWERS) > 0:
        body.append([Span(f"→ and {more:,} more that follow{'s' if more == 1 else ''} from it", "dim")])
    return [*lines, *indented(body, gutter)]


def _heading(report: Report, finding: Finding, columns: int) -> list[StyledLine]:
    """`✗ line 41  scores[sitting, The]  printed 0.13, right 0.21`, and the cause at the right."""
    sign, style = _SIGNS[finding.severity]
    words = [place(report, finding), finding.label, change(finding)]
    spans = [Span(f"{sign} ", f"bold {style}")]
    why = Span(unbroken(visible(cause(finding))), style)
    if not any(words):
        return [[*spans, why]]
    for position, text in enumerate(filter(None, map(visible, words))):
        spans.append(Span(f"{'  ' if position else ''}{text}", "bold"))
    missing = columns - width(spans) - cells(why.text)
    return wrapped([*spans, Span(unbroken(" " * max(1, missing - 1)) + " "), why], columns, hanging=2)


def _excerpt(report: Report, finding: Finding, line: int, columns: int, style: str) -> list[StyledLine]:
    """The line after its number, and a second one that underlines what is wrong in it."""
    assert report.source is not None
    number = line if finding.span is None else report.source.line(finding.span.start)  # of a spreadsheet, the row
    bar = Span(f"  {number} │ ", "dim")
    room = columns - cells(bar.text)
    if finding.span is None:
        return [[bar, Span(whole_line(report.source, line, room))]]
    cut = excerpt(report.source, Place(*finding.span), room)
    under = Span(f"  {' ' * len(str(number))} │ ", "dim")
    return [
        [bar, Span(cut.before), Span(cut.number, f"bold {style}"), Span(cut.after)],
        [under, Span(" " * cells(cut.before)), Span("^" * max(1, cells(cut.number)), f"bold {style}")],
    ]


def _follower(report: Report, finding: Finding, columns: int) -> list[StyledLine]:
    words = " ".join(filter(None, (finding.label, change(finding) or finding.message)))
    where = place(report, finding)
    text = f"→ follows: {f'{where}: ' if where else ''}{words}"
    return wrapped([Span(visible(text), "dim")], columns, hanging=2)


def _sum(reports: Sequence[Report], columns: int) -> list[StyledLine]:
    """`5 files: 3 right, 1 wrong, 1 unreadable.`"""
    spans = [Span(f"{len(reports):,} files: ", "bold")]
    parts = []
    for verdict, style in _VERDICTS.items():
        count = sum(report.verdict == verdict and not nothing_to_check(report) for report in reports)
        if count:
            parts.append(Span(unbroken(f"{count:,} {verdict}"), style))
    if empty := sum(map(nothing_to_check, reports)):
        parts.append(Span(unbroken(f"{empty:,} with nothing to check"), "dim"))
    for position, part in enumerate(parts):
        spans += [*([Span(", ")] if position else []), part]
    return wrapped([*spans, Span(".")], columns)


def _bold(verdict: Verdict) -> str:
    return f"bold {_VERDICTS[verdict]}"
