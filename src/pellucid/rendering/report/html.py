"""HTML: the document line by line, every wrong number struck with the right one beside it; no script is needed.

Root causes stand below their lines. What follows from them tells its story when it is pointed at, reached with the
keyboard or jumped to.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from zlib import crc32

from pellucid.checking.report import Corrected, Finding, Report
from pellucid.rendering.explanation import Selection, explain_attention
from pellucid.rendering.formats import Appearance
from pellucid.rendering.html import render as render_derivation
from pellucid.rendering.html_page import SCRIPT, framed
from pellucid.rendering.html_page.words import escaped
from pellucid.rendering.labels import printable
from pellucid.rendering.report.listing import LeftOut, ListedLine, Mark, listing, marked_spans
from pellucid.rendering.report.outline import (
    Root,
    arithmetic,
    cause,
    counts,
    line_of,
    place,
    root_of,
    roots,
    text_lines,
    unchecked_numbers,
)
from pellucid.rendering.report.right_row import lines as row_lines
from pellucid.rendering.report.right_row import right_row
from pellucid.rendering.styled_lines import printed

_STYLE = files("pellucid.rendering.report").joinpath("report.css").read_text(encoding="utf-8")
_SHORT = 80  # lines of a document that is shown whole
_AROUND = 4  # lines shown on either side of one that something was found in
_FEWEST_FOLDED = 12
_MOST_UNCHECKED = 8
_COLUMNS = 96


def render(reports: Sequence[Report], appearance: Appearance) -> str:
    """The page of the one report, or with `appearance.fragment` a `<div>` to be put into one."""
    (report,) = reports
    fragment = _Page(report).fragment()
    if appearance.fragment:
        return fragment
    script = SCRIPT if report.corrected else None
    return framed(f"{report.file}: {report.verdict}", fragment, "pellucid-report", script)


class _Page:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.id = f"r{crc32(report.file.encode('utf-8', 'replace')):x}"  # several reports may share a notebook
        self.marked = set(marked_spans(report).values())
        self.roots = {root.number: root for root in roots(report)}

    def fragment(self) -> str:
        """Everything from the title to the right numbers."""
        return (
            f'<div class="pellucid-report">\n<style>\n{_STYLE}</style>\n<main>\n'
            f"{self.header()}{self.summary()}{self.reading()}{self.unchecked()}{self.text()}{self.right_numbers()}</main>\n</div>\n"
        )

    def header(self) -> str:
        report = self.report
        chips = "".join(
            f'<li class="{severity or "checked"}">{escaped(words)}</li>'
            for severity, words in counts(report)
            if not report.reason
        )
        reason = f'<p class="reason">{escaped(report.reason)}</p>\n' if report.reason else ""
        return (
            f'<header>\n<h1>{escaped(report.file)}</h1>\n<p class="verdict {report.verdict}">{report.verdict}</p>\n'
            f'<ul class="counts">{chips}</ul>\n{reason}</header>\n'
        )

    # What was found, in a list

    def summary(self) -> str:
        if not self.roots:
            return ""
        items = "".join(map(self.summary_item, self.roots.values()))
        return f'<section>\n<h2>What was found</h2>\n<ol class="roots">\n{items}</ol>\n</section>\n'

    def summary_item(self, root: Root) -> str:
        """A root cause; one that belongs to no line is told here whole."""
        finding = root.finding
        if line_of(self.report, finding) is None:
            return f'<li class="{finding.severity}" id="{self.anchor(root.number)}">{self.story(root.number)}</li>\n'
        return (
            f'<li class="{finding.severity}"><a href="#{self.anchor(root.number)}">{self.title(finding)}</a>'
            f"{self.consequences(root)}</li>\n"
        )

    def consequences(self, root: Root) -> str:
        """What follows from a root, as links; many of them folded."""
        if not root.followers:
            return ""
        links = "".join(
            f'<li><a href="#{self.anchor(number)}">{self.title(finding, with_cause=False)}</a></li>'
            if self.has_place(number)
            else f'<li id="{self.anchor(number)}">{self.title(finding, with_cause=False)}</li>'
            for number, finding in root.followers
        )
        count = len(root.followers)
        words = "1 more follows from it" if count == 1 else f"{count:,} more follow from it"
        return f"<details><summary>{words}</summary><ul>{links}</ul></details>"

    def has_place(self, number: int) -> bool:
        return line_of(self.report, self.report.findings[number]) is not None

    def reading(self) -> str:
        if not self.report.reading:
            return ""
        items = "".join(f"<li>{escaped(sentence)}</li>" for sentence in self.report.reading)
        return f'<section class="reading">\n<h2>How it was read</h2>\n<ul>{items}</ul>\n</section>\n'

    def unchecked(self) -> str:
        """The lines with results that were compared with nothing, as links; many of them folded."""
        report = self.report
        if not report.unchecked or report.source is None:
            return ""
        lines = text_lines(report.source)
        items = [
            f'<li><a href="#{self.id}-line-{lines.line(line.span.start)}">{escaped(place(report, line))}</a>: '
            f"{escaped(unchecked_numbers(line))}</li>"
            for line in report.unchecked
        ]
        shown = f"<ul>{''.join(items[:_MOST_UNCHECKED])}</ul>"
        if more := items[_MOST_UNCHECKED:]:
            words = "1 more line" if len(more) == 1 else f"{len(more):,} more lines"
            shown += f"<details><summary>{words}</summary><ul>{''.join(more)}</ul></details>"
        return f'<section class="reading">\n<h2>Not checked</h2>\n{shown}\n</section>\n'

    # The text

    def text(self) -> str:
        """Every line; of a long document those far from anything found are folded."""
        if self.report.source is None:
            return ""
        lines = list(listing(self.report))
        found = [line.number for line in lines if line.findings]
        near = {number + step for number in found for step in range(-_AROUND, _AROUND + 1)}
        html = ""
        for is_near, group in groupby(lines, key=lambda line: line.number in near):
            stretch = list(group)
            shown = "".join(map(self.line, stretch))
            if is_near or len(lines) <= _SHORT or len(stretch) < _FEWEST_FOLDED:
                html += shown
            else:
                words = f"lines {stretch[0].number:,} to {stretch[-1].number:,}"
                html += f'<details class="fold"><summary>{words}</summary>\n{shown}</details>\n'
        width = len(str(len(lines)))
        return (
            f'<section>\n<h2>The text</h2>\n<div class="source" style="--digits:{width}">\n{html}</div>\n</section>\n'
        )

    def line(self, line: ListedLine) -> str:
        anchor = f"{self.id}-line-{line.number}"
        code = "".join(map(self.piece, line.pieces))
        is_found = " found" if line.findings else ""
        notes = "".join(self.note(number) for number in line.findings if not self.has_card(number))
        return (
            f'<div class="line{is_found}" id="{anchor}"><a class="number" href="#{anchor}" '
            f'aria-label="line {line.number}">{line.number}</a><code>{code}</code></div>\n{notes}'
        )

    def piece(self, piece: str | Mark | LeftOut) -> str:
        if isinstance(piece, str):
            return _code(piece)
        if isinstance(piece, LeftOut):
            return f'<span class="left-out">… {piece.count:,} characters …</span>'
        finding = self.report.findings[piece.number]
        inner = _change(_code(piece.text), finding.correct)
        # What has a card shows that when it is pointed at.
        told = "" if self.has_card(piece.number) or not finding.message else f' title="{escaped(finding.message)}"'
        link = f'<a href="#{self.anchor(piece.number)}"{told}>{inner}</a>'
        if not self.has_card(piece.number):
            return f'<span class="mark {finding.severity}">{link}</span>'
        card = f'<span class="card" id="{self.anchor(piece.number)}">{self.story(piece.number)}</span>'
        return f'<span class="mark {finding.severity} follower">{link}{card}</span>'

    def has_card(self, number: int) -> bool:
        """Whether its story is told at its number, when that is pointed at, and not below the line."""
        return number in self.marked and number not in self.roots

    def note(self, number: int) -> str:
        finding = self.report.findings[number]
        return (
            f'<div class="note {finding.severity}" id="{self.anchor(number)}" role="note">{self.story(number)}</div>\n'
        )

    def story(self, number: int) -> str:
        """What is wrong, what is right, why, and what it follows from; lines are spans, as it may stand in one."""
        finding, root = self.report.findings[number], root_of(self.report, number)
        title = self.title(finding, with_cause=root == number or finding.cause != "follows", with_place=False)
        parts = [f'<span class="title">{title}</span>']
        if (worked := arithmetic(self.report, finding)) is not None:
            spelled, result = map(escaped, worked)
            parts.append(f'<span class="arithmetic">{spelled} <b>{result}</b></span>')
        elif finding.exact not in (None, finding.correct):
            parts.append(f'<span class="arithmetic">exactly <b>{escaped(str(finding.exact))}</b></span>')
        if finding.message:
            parts.append(f'<span class="message">{escaped(finding.message)}</span>')
        if root != number:
            where = place(self.report, self.report.findings[root]) or "an earlier one"
            parts.append(
                f'<span class="because">follows from <a href="#{self.anchor(root)}">{escaped(where)}</a></span>'
            )
        return "".join(parts)

    def title(self, finding: Finding, *, with_cause: bool = True, with_place: bool = True) -> str:
        where = place(self.report, finding) if with_place else ""
        change = "" if finding.printed is None else _change(escaped(finding.printed), finding.correct)
        if finding.printed is None and finding.correct is not None:
            change = f"<ins>{escaped(finding.correct)}</ins>"
        parts = [
            f'<span class="label">{escaped(finding.label)}</span>' if finding.label else "",
            f'<span class="change">{change}</span>' if change else "",
            f'<span class="cause">{escaped(cause(finding))}</span>' if with_cause else "",
            f'<span class="where">{escaped(where)}</span>' if where else "",
        ]
        return " ".join(filter(None, parts))

    def anchor(self, number: int) -> str:
        return f"{self.id}-finding-{number}"

    # The right numbers

    def right_numbers(self) -> str:
        return "".join(map(self.right_row, self.report.corrected))

    def right_row(self, corrected: Corrected) -> str:
        title, *lines = row_lines(right_row(corrected, self.report.source), _COLUMNS)
        document = explain_attention(corrected.derivation, Selection(query=corrected.query, all_heads=True))
        whole = render_derivation(document, Appearance(fragment=True))
        return (
            f'<section class="right">\n<h2>{escaped(title[0].text)}</h2>\n'
            f"<pre>{escape(printed(lines, colour=False))}</pre>\n"
            f"<details><summary>Every number, step by step</summary>\n{whole}</details>\n</section>\n"
        )


def _change(printed_html: str, correct: str | None) -> str:
    if correct is None:
        return f"<u>{printed_html}</u>"
    return f"<del>{printed_html}</del> <ins>{escaped(correct)}</ins>"


def _code(text: str) -> str:
    """A stretch of the source; tabs are spaces, and what is invisible can be seen."""
    return escape(printable(text.replace("\t", "    ")))
