"""The text of a source line by line, with the numbers in it that findings are about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pellucid.checking.mapped_text import Span
from pellucid.checking.report import Report
from pellucid.rendering.report.outline import line_of, text_lines

_LONG = 3_000  # characters of a line, such as one that holds a picture or a whole notebook
_AROUND = 400  # of these, kept on either side of a number


@dataclass(frozen=True)
class Mark:
    """A number in the text.

    Args:
        number: the position of its finding in the report.
        text: as it stands there.
    """

    number: int
    text: str


@dataclass(frozen=True)
class LeftOut:
    """So many characters that are not shown."""

    count: int


@dataclass(frozen=True)
class ListedLine:
    """A line of the source.

    Args:
        number: from 1.
        pieces: its text.
        findings: the positions of those that are about this line, marked or not.
    """

    number: int
    pieces: tuple[str | Mark | LeftOut, ...]
    findings: tuple[int, ...] = ()


def marked_spans(report: Report) -> dict[Span, int]:
    """Which findings are marked where they stand, in the order of the text; of overlapping ones the first found."""
    if report.source is None:
        return {}
    wanted = [(finding.span, number) for number, finding in enumerate(report.findings) if finding.span]
    spans = sorted((Span(*span), number) for span, number in wanted if span.end > span.start)
    kept: list[tuple[Span, int]] = []
    for span, number in spans:
        if kept and span.start < kept[-1][0].end:
            if number < kept[-1][1]:
                kept[-1] = (span, number)
            continue
        kept.append((span, number))
    return dict(kept)


def listing(report: Report) -> Iterator[ListedLine]:
    """Every line of the source; none where there is no source."""
    if report.source is None:
        return
    source = text_lines(report.source)
    marks: dict[int, list[tuple[Span, int]]] = {}
    for span, number in marked_spans(report).items():
        marks.setdefault(source.line(span.start), []).append((span, number))
    findings: dict[int, list[int]] = {}
    for number, finding in enumerate(report.findings):
        if (line := line_of(report, finding)) is not None:
            findings.setdefault(line, []).append(number)
    last = source.line(len(source.text))
    for line in range(1, last + 1):
        place = source.line_span(line)
        if line == last and line > 1 and place.start == place.end:
            return  # what follows the last line end is no line
        pieces = _pieces(source.text, place, marks.get(line, []))
        yield ListedLine(line, tuple(pieces), tuple(findings.get(line, ())))


def _pieces(text: str, line: Span, marks: list[tuple[Span, int]]) -> Iterator[str | Mark | LeftOut]:
    is_long = line.end - line.start > _LONG
    position = line.start
    for span, number in marks:
        end = min(span.end, line.end)
        yield from _plain(text[position : span.start], is_long, before=position > line.start, after=True)
        yield Mark(number, text[span.start : end])
        position = end
    yield from _plain(text[position : line.end], is_long, before=True, after=False)


def _plain(text: str, is_long: bool, *, before: bool, after: bool) -> Iterator[str | LeftOut]:
    """Text between numbers: of a long line what is near to them, and its beginning where there are none."""
    kept_before, kept_after = _AROUND * before, _AROUND * after
    if not is_long or len(text) <= kept_before + kept_after:
        if text:
            yield text
        return
    if kept_before:
        yield text[:kept_before]
    yield LeftOut(len(text) - kept_before - kept_after)
    if kept_after:
        yield text[len(text) - kept_after :]
