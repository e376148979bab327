"""Markdown: the document itself with its corrections struck in, or of other formats its text with a list of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from pellucid.checking.report import Finding, Report
from pellucid.rendering.formats import Appearance
from pellucid.rendering.labels import printable
from pellucid.rendering.report.listing import LeftOut, ListedLine, Mark, listing, marked_spans
from pellucid.rendering.report.outline import (
    arithmetic,
    cause,
    change,
    counts,
    place,
    root_of,
    roots,
    unchecked_numbers,
)
from pellucid.rendering.report.right_row import lines as row_lines
from pellucid.rendering.report.right_row import right_row
from pellucid.rendering.report.unmarked import Unmarked
from pellucid.rendering.styled_lines import printed

_MARKDOWN = frozenset((".md", ".markdown", ""))  # standard input has no suffix
_MARKUP = re.compile(r"[\\`*_\[\]<>|~#&]")
_TICKS = re.compile("`+")
_COLUMNS = 88


def render(reports: Sequence[Report], appearance: Appearance) -> str:
    """The document of the one report."""
    (report,) = reports
    is_markdown = PurePath(report.file.strip("<>")).suffix.lower() in _MARKDOWN
    return _corrected(report) if is_markdown and report.source is not None else _listed(report)


# A Markdown document: it is its own report


def _corrected(report: Report) -> str:
    """The document; every wrong number struck through, the right one beside it, the reason in a footnote."""
    assert report.source is not None
    text, unmarked = report.source.text, Unmarked(report.source.text)
    notes: dict[int, str] = {}
    pieces, position = [], 0
    for span, number in marked_spans(report).items():
        if unmarked.forbids(*span):
            continue
        notes[number] = _footnote(text, len(notes) + 1)
        pieces += [text[position : span.start], _mark(report.findings[number], text[span.start : span.end])]
        pieces.append(notes[number])
        position = span.end
    if not report.findings and not report.unchecked:
        return text
    document = "".join([*pieces, text[position:]]).rstrip("\r\n")
    blocks = [document, "---", f"## What pellucid found\n\n{_summary(report)}"]
    listed = [root.number for root in roots(report)]
    listed += [number for number in range(len(report.findings)) if number not in listed]
    if unmarked_items := [_item(report, number, notes) for number in listed if number not in notes]:
        blocks.append("\n".join(unmarked_items))
    blocks += _appendix(report, "###")
    blocks += [f"{note}: {_reason(report, number, notes)}" for number, note in notes.items()]
    return "\n\n".join(blocks) + "\n"


def _mark(finding: Finding, text: str) -> str:
    return text if finding.correct is None else f"~~{text}~~ **{_escape(finding.correct)}**"


def _footnote(text: str, number: int) -> str:
    """`[^1]`, unless the document has footnotes of its own."""
    return f"[^pellucid-{number}]" if "[^" in text else f"[^{number}]"


# Any other document


def _listed(report: Report) -> str:
    blocks = [f"# {_escape(report.file)}: {report.verdict}", _summary(report)]
    items = []
    for root in roots(report):
        items.append(_item(report, root.number, {}))
        items += [f"  {_item(report, number, {})}" for number, _ in root.followers]
    if items:
        blocks.append("\n".join(items))
    blocks += _appendix(report, "##")
    if report.source is not None:
        lines = list(listing(report))
        width = len(str(len(lines)))
        blocks += ["## The text", _fenced("\n".join(_numbered(line, width) for line in lines))]
    return "\n\n".join(blocks) + "\n"


def _numbered(line: ListedLine, width: int) -> str:
    """`✗ 12 │ …`"""
    text = "".join(map(_piece_text, line.pieces))
    return f"{'✗' if line.findings else ' '} {line.number:>{width}} │ {text}".rstrip()


def _piece_text(piece: str | Mark | LeftOut) -> str:
    if isinstance(piece, LeftOut):
        return f"… {piece.count:,} characters …"
    return printable((piece.text if isinstance(piece, Mark) else piece).replace("\t", "    "))


# Both


def _summary(report: Report) -> str:
    if report.reason:
        return _escape(report.reason)
    return f"**{report.verdict}**: {' · '.join(words for _, words in counts(report))}"


def _item(report: Report, number: int, notes: dict[int, str]) -> str:
    where = place(report, report.findings[number])
    return f"- {f'{where}: ' if where else ''}{_reason(report, number, notes)}"


def _reason(report: Report, number: int, notes: dict[int, str]) -> str:
    """What was printed, what is right and why, on one line."""
    finding = report.findings[number]
    sentences = [": ".join(filter(None, map(_escape, (finding.label, change(finding)))))]
    if (worked := arithmetic(report, finding)) is not None:
        sentences.append(_code(" ".join(worked)))
    root = root_of(report, number)
    if root == number:
        sentences.append(f"*{_escape(cause(finding))}*")
    else:
        where = place(report, report.findings[root]) or "an earlier one"
        sentences.append(f"*follows from {where}*{notes.get(root, '')}")
    return ". ".join(filter(None, [*sentences, _escape(finding.message)]))


def _appendix(report: Report, heading: str) -> Iterator[str]:
    """How the document was read, what of it was not checked, and the right numbers."""
    if report.reading:
        yield f"{heading} How it was read"
        yield "\n".join(f"- {_escape(sentence)}" for sentence in report.reading)
    if report.unchecked:
        yield f"{heading} Not checked"
        yield "\n".join(f"- {place(report, line)}: {_escape(unchecked_numbers(line))}" for line in report.unchecked)
    for corrected in report.corrected:
        title, *lines = row_lines(right_row(corrected, report.source), _COLUMNS)
        yield f"{heading} {_escape(title[0].text)}"
        yield _fenced(printed(lines, colour=False).rstrip("\n"))


def _escape(text: str) -> str:
    """Words as they are, on one line, whatever they hold."""
    words = " ".join(printable(line) for line in text.split())
    return _MARKUP.sub(r"\\\g<0>", words).replace("$", r"<span>\$</span>")


def _code(text: str) -> str:
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    return f"{fence}{printable(text)}{fence}"


def _fenced(text: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
