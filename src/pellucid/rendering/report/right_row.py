"""The row that a document is about, with right numbers: its weights, its output and the arithmetic of both."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.checking.document_numbers import in_document
from pellucid.checking.report import Corrected
from pellucid.checking.source import Source
from pellucid.expressions.text import TextPrinter
from pellucid.numbers import Notation
from pellucid.rendering.document import Line, Working
from pellucid.rendering.focus import Focus, Selection
from pellucid.rendering.styled_lines import Span, StyledLine, cells, padded, unbroken, wrapped
from pellucid.rendering.terminal import visible

_MOST_LINES = 17  # of all workings together
_MOST_KEYS = 6
_MOST_LABEL = 32


@dataclass(frozen=True)
class RightRow:
    """The right numbers of a row.

    Args:
        title: of which token.
        rows: the numbers, by what they are.
        workings: how they come about.
        notation: how numbers are printed.
        source: the document, like whose numbers they are printed.
    """

    title: str
    rows: tuple[tuple[str, str], ...]
    workings: tuple[Working, ...]
    notation: Notation
    source: Source | None = None


def right_row(corrected: Corrected, source: Source | None) -> RightRow:
    """The row of a worked example, short enough to stand at the end of a report.

    Args:
        corrected: the right numbers.
        source: the document, like whose numbers they are printed.
    """
    derivation = corrected.derivation
    focus = Focus(derivation, Selection(query=corrected.query))
    result = next((derivation[name] for name in ("head_outputs", "output") if name in derivation), None)
    shown = [derivation["weights"], *([] if result is None else [result])]
    workings = []
    if not derivation["scores"].is_given:
        workings.append(_shortened(focus.along_keys(derivation["scores"]), _MOST_KEYS))
    workings.append(_shortened(focus.softmax(), _MOST_KEYS + 1))
    if result is not None:
        room = _MOST_LINES - sum(len(working.lines) for working in workings)
        workings.append(_shortened(focus.along_features(result), room))
    head = f", head {focus.head}" if focus.several else ""
    return RightRow(
        f"The right numbers of “{focus.query_label}”{head}",
        tuple((step.name.replace("_", " "), focus.row_text(step)) for step in shown),
        tuple(workings),
        derivation.notation,
        source,
    )


def _shortened(working: Working, most: int) -> Working:
    more = len(working.lines) - most
    if more <= 0:
        return working
    count, noun = working.left_out or (0, "lines")
    return Working(working.lines[:most], (count + more, noun))


def lines(row: RightRow, columns: int) -> list[StyledLine]:
    """The row as lines of a terminal, under its title."""
    width = max(cells(name) for name, _ in row.rows)
    shown: list[StyledLine] = [[Span(visible(row.title), "bold")]]
    for name, numbers in row.rows:
        printed = Span(in_document(numbers, row.source), "bold green")
        shown += wrapped([*padded([Span(name)], width + 2), printed], columns, hanging=width + 2)
    for working in row.workings:
        shown += [[], *_working(working, row, columns)]
    return shown


def _working(working: Working, row: RightRow, columns: int) -> list[StyledLine]:
    printer = TextPrinter(row.notation)
    labels = [visible(line.label)[:_MOST_LABEL] for line in working.lines]
    width = max(map(cells, labels), default=0)
    shown: list[StyledLine] = []
    for label, line in zip(labels, working.lines, strict=True):
        shown += wrapped([*padded([Span(label)], width), *_sides(line, printer, row)], columns, hanging=width + 3)
    if working.more:
        shown.append([Span(f"… and {working.more}", "dim")])
    return shown


def _sides(line: Line, printer: TextPrinter, row: RightRow) -> StyledLine:
    """= expression = expression = result, without a side that reads like the result."""
    result = printer(line.result)
    sides = [side for side in map(printer, line.expressions) if side != result]
    shown = [Span(f" = {in_document(side, row.source)}") for side in sides]
    return [*shown, Span(" "), Span(unbroken("= ")), Span(in_document(result, row.source), "bold")]
