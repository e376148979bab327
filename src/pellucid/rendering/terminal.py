"""The terminal: colour by role, shaded weights, as wide as there is room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, zip_longest

from pellucid.expressions import Element
from pellucid.expressions.text import MOST_TERMS, TextPrinter
from pellucid.numbers import Notation
from pellucid.rendering.document import (
    Bars,
    Beside,
    Block,
    Branch,
    Display,
    Document,
    Formula,
    Grid,
    Grids,
    Inline,
    Line,
    Note,
    Paragraph,
    Part,
    Role,
    Section,
    Table,
    Tree,
    Walk,
    Working,
    role_of,
    window,
)
from pellucid.rendering.formats import Appearance
from pellucid.rendering.styled_lines import (
    Span,
    StyledLine,
    cells,
    indented,
    padded,
    printed,
    side_by_side,
    trimmed,
    unbroken,
    width,
    wrapped,
)

_STYLES: dict[Role, str] = {
    "query": "dodger_blue1",
    "key": "dark_orange",
    "value": "green3",
    "score": "",
    "weight": "medium_orchid",
    "output": "dark_turquoise",
    "input": "",
    "mask": "",
}
_MOST_ROWS = 12
_MOST_COLUMNS = 16
_WIDEST_LABEL = 32
_UNBROKEN = 30
_BLANK = "______"
_INDENT = 2
_ROWS_OF_BRIEF = 2  # of a line that is not shortened
_GAP = 3
_NARROWEST = 8  # of a column whose cells are wrapped
_TWO_COLUMNS_FROM = 100


def render(document: Document, appearance: Appearance) -> str:
    """The document as text of at most `appearance.width` columns, with ANSI colours if wanted."""
    return printed(_Terminal(document.notation, appearance.width).document(document), colour=appearance.colour)


class _Terminal:
    def __init__(self, notation: Notation, columns: int) -> None:
        self.notation = notation
        self.columns = max(columns, 20)
        self.print = TextPrinter(notation, element=_marked)

    def document(self, document: Document) -> list[StyledLine]:
        lines = wrapped([Span(visible(document.title), "bold")], self.columns)
        if document.purpose:
            lines += wrapped([Span(visible(document.purpose), "dim")], self.columns)
        for number, section in enumerate(document.sections, 1):
            lines += self.section(number, section)
        return lines

    def section(self, number: int, section: Section) -> list[StyledLine]:
        title = f"{number} {section.title} "
        lines: list[StyledLine] = [[], [Span(title, "bold"), Span("─" * max(0, self.columns - len(title)), "dim")]]
        for block in section.blocks:
            lines += [[], *self.block(block)]
        return lines

    def block(self, block: Block) -> list[StyledLine]:
        room = self.columns - _INDENT
        match block:
            case Paragraph():
                return wrapped(_inline(block.parts), self.columns)
            case Display():
                return indented(wrapped(_inline((block.formula,)), room), _INDENT)
            case Note():
                return wrapped([Span("Note: ", "bold yellow"), *_inline(block.parts)], self.columns, hanging=6)
            case Grid():
                return indented(self.grid(block, room), _INDENT)
            case Grids():
                return indented(self.grids(block.grids, room), _INDENT)
            case Working():
                return indented(self.working(block, room), _INDENT)
            case Table():
                return indented(_table(block, room), _INDENT)
            case Beside():
                return self.beside(block)
            case Part():
                heading = wrapped([Span(visible(block.title), "bold")], self.columns)
                return _separated([heading, *map(self.block, block.blocks)])
            case Bars():
                return indented(_bars(block, room), _INDENT)
            case Tree():
                return indented(_tree(block.branches, room), _INDENT)
            case Walk():
                overview = [] if block.overview is None else [self.block(block.overview)]
                return _separated([*overview, *(self.block(Part(stop.title, stop.blocks)) for stop in block.stops)])

    # Matrices

    def grids(self, grids: Sequence[Grid], room: int) -> list[StyledLine]:
        """Side by side as long as they fit, then below."""
        rows: list[list[list[StyledLine]]] = []
        used = 0
        for grid in grids:
            lines = self.grid(grid, room)
            needed = max(map(width, lines))
            if rows and used + _GAP + needed <= room:
                rows[-1].append(lines)
                used += _GAP + needed
            else:
                rows.append([lines])
                used = needed
        return _separated(side_by_side(row, _GAP) for row in rows)

    def grid(self, grid: Grid, room: int) -> list[StyledLine]:
        """The matrix under its caption; columns that do not fit continue below."""
        times = 2 if grid.large else 1
        rows = window(grid.shape[0], times * _MOST_ROWS, grid.marked_row)
        columns = window(grid.shape[1], times * _MOST_COLUMNS)
        labels: list[StyledLine] = [[], *(_row_label(grid, row) for row in rows)]
        label_width = max(map(width, labels))
        cell_lines = [[_column_label(grid, column), *(_cell(grid, row, column) for row in rows)] for column in columns]
        widths = [max(map(width, lines)) for lines in cell_lines]
        gap = 2 if label_width + sum(widths) + 2 * len(widths) <= room else 1
        padded_columns = [
            [padded(line, gap + needed, right=True) for line in lines]
            for lines, needed in zip(cell_lines, widths, strict=True)
        ]
        first_column = [padded(label, label_width) for label in labels]
        lines = wrapped([Span(visible(grid.caption), f"bold {_STYLES[grid.role]}".strip())], room)
        lines += _separated(
            side_by_side([first_column, *padded_columns[start:end]], 0)
            for start, end in _runs([gap + needed for needed in widths], room - label_width)
        )
        hidden = [
            f"{size - sum(place is not None for place in places):,} more {noun}"
            for size, places, noun in zip(grid.shape, (rows, columns), ("rows", "columns"), strict=True)
            if None in places
        ]
        if hidden:
            lines += wrapped([Span(f"({' and '.join(hidden)} are left out)", "dim")], room)
        return lines

    # Workings

    def working(self, working: Working, room: int) -> list[StyledLine]:
        labels = [_cut(visible(line.label), _WIDEST_LABEL) for line in working.lines]
        label_width = max(map(cells, labels), default=0)
        lines: list[StyledLine] = []
        for label, line in zip(labels, working.lines, strict=True):
            start = padded([Span(label)], label_width)
            made = wrapped([*start, *self.line(line, self.print)], room, label_width + 3)
            if working.brief and len(made) > _ROWS_OF_BRIEF:
                made = self.shortened(line, start, room, label_width + 3)
            lines += made
        if working.more:
            lines.append([Span(f"… and {working.more}", "dim")])
        return lines

    def shortened(self, line: Line, start: StyledLine, room: int, hanging: int) -> list[StyledLine]:
        """A line with as many terms of its sums as fit in one row, or with the first and the last."""
        for most in range(MOST_TERMS, 1, -1):
            made = wrapped([*start, *self.line(line, TextPrinter(self.notation, most, element=_marked))], room, hanging)
            if len(made) == 1:
                break
        return made

    def line(self, line: Line, text: TextPrinter) -> StyledLine:
        """= expression = expression = result, without a step that reads like the result."""
        if line.blank:
            return [Span(f" = {_BLANK}")]
        result = _coloured(text(line.result))
        spans: StyledLine = []
        for expression in line.expressions:
            step = _coloured(text(expression))
            if _plain(step) != _plain(result):
                spans += [Span(" = "), *step]
        return [*spans, Span(" = "), *(Span(text, f"bold {style}".strip()) for text, style in result)]

    def beside(self, block: Beside) -> list[StyledLine]:
        """Two columns where there is room, else one below the other."""
        two = self.columns >= _TWO_COLUMNS_FROM
        narrow = _Terminal(self.notation, (self.columns - _GAP) // 2) if two else self
        columns = [
            [[Span(visible(heading), "bold underline")], [], *_separated(map(narrow.block, blocks))]
            for heading, blocks in zip(block.headings, (block.left, block.right), strict=True)
            if blocks or two
        ]
        if not two:
            return _separated(columns)
        return side_by_side([[padded(line, narrow.columns) for line in column] for column in columns], _GAP)


def _runs(widths: Sequence[int], room: int) -> list[tuple[int, int]]:
    """Which columns go below one another so that each part fits; the parts are of much the same length."""
    parts = max(1, -(-sum(widths) // max(1, room)))
    while parts < len(widths):
        bounds = [len(widths) * part // parts for part in range(parts + 1)]
        if all(sum(widths[start:end]) <= room for start, end in pairwise(bounds)):
            return list(pairwise(bounds))
        parts += 1
    return [(column, column + 1) for column in range(len(widths))]


def _separated(blocks: Iterable[list[StyledLine]]) -> list[StyledLine]:
    lines: list[StyledLine] = []
    for block in blocks:
        lines += [[], *block] if lines else block
    return lines


def _inline(parts: Iterable[Inline]) -> StyledLine:
    spans: StyledLine = []
    for part in parts:
        if isinstance(part, str):
            spans.append(Span(visible(part)))
        elif isinstance(part, Formula):
            spans.append(Span(unbroken(part.text) if len(part.text) < _UNBROKEN else part.text, "italic"))
        else:
            spans.append(Span(part.text, "bold"))
    return spans


def _row_label(grid: Grid, row: int | None) -> StyledLine:
    if row is None:
        return [Span("⋮", "dim")]
    return [Span(_label(grid.row_label(row)), "bold" if row == grid.marked_row else "dim")]


def _column_label(grid: Grid, column: int | None) -> StyledLine:
    return [Span("…" if column is None else _label(grid.column_label(column)), "dim")]


def _label(token: str) -> str:
    """A token beside or above its numbers, aligned: without the space that begins a word."""
    return _cut(visible(token.strip(" ") or token))


def _cell(grid: Grid, row: int | None, column: int | None) -> StyledLine:
    if row is None or column is None:
        return [Span("⋮" if row is None else "…", "dim")]
    if grid.blank:
        return [Span(_BLANK)]
    style = [_STYLES[grid.role]]
    if row == grid.marked_row:
        style.append("bold")
    if grid.heat:
        style = ["bold" * (row == grid.marked_row), _heat(grid.shade(row, column))]
    return [Span(grid.text(row, column), " ".join(part for part in style if part))]


def _table(table: Table, room: int) -> list[StyledLine]:
    """Columns as wide as they need; where they have no room together, the widest are wrapped, each under itself."""
    rows = (table.header, *table.rows)
    widths = [max(cells(visible(row[c])) for row in rows) for c in range(len(table.header))]
    spare = room - _GAP * (len(widths) - 1)
    while sum(widths) > spare and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    lines: list[StyledLine] = []
    for number, row in enumerate(rows):
        style = "dim" if number == 0 else ""
        columns = [wrapped([Span(visible(text), style)], room) for text, room in zip(row, widths, strict=True)]
        for parts in zip_longest(*columns, fillvalue=[]):
            line = [span for part, column in zip(parts, widths, strict=True) for span in padded(part, column + _GAP)]
            lines.append(trimmed(line))
    return lines


_EIGHTHS = " ▏▎▍▌▋▊▉"
_LONGEST_BAR = 32  # cells


def _bars(bars: Bars, room: int) -> list[StyledLine]:
    """A line each: label, bar and number."""
    labels = [_cut(visible(bar.label)) for bar in bars.bars]
    label_width = max(map(cells, labels))
    longest = max(4, min(_LONGEST_BAR, room - label_width - max(cells(bar.text) for bar in bars.bars) - 4))
    lines = []
    for label, bar in zip(labels, bars.bars, strict=True):
        eighths = round(bar.share * 8 * longest)
        drawn = f"{'█' * (eighths // 8)}{_EIGHTHS[eighths % 8]}".rstrip()
        style = "bold" if bar.marked else ""
        line = [*padded([Span(label, style)], label_width + 2), *padded([Span(drawn, _STYLES["weight"])], longest + 2)]
        lines.append([*line, Span(visible(bar.text), style)])
    return lines


def _tree(branches: Sequence[Branch], room: int, before: str = "") -> list[StyledLine]:
    """A line for each branch, those that grow from it below and to its right."""
    lines: list[StyledLine] = []
    for number, branch in enumerate(branches, 1):
        ends = number == len(branches)
        line = [Span(f"{before}{'└─ ' if ends else '├─ '}", "dim"), Span(visible(branch.text), "bold" * branch.marked)]
        lines += wrapped([*line, Span(f"  {branch.note}", "" if branch.marked else "dim")], room, len(before) + 3)
        lines += _tree(branch.branches, room, f"{before}{'   ' if ends else '│  '}")
    return lines


# Elements are marked with their role while an expression is printed: one private-use character a role opens a
# run, and one closes it. `visible` keeps such characters out of labels, and numbers never contain them.
_OPEN = {role: chr(0xE000 + position) for position, role in enumerate(_STYLES)}
_CLOSE = chr(0xE0FF)
_ROLE_OF_MARK = {mark: role for role, mark in _OPEN.items()}


def _marked(element: Element, text: str) -> str:
    return f"{_OPEN[role_of(element.array)]}{text}{_CLOSE}"


def _coloured(marked: str) -> StyledLine:
    spans: StyledLine = []
    style = ""
    for part in _split_at_marks(marked):
        if part in _ROLE_OF_MARK:
            style = _STYLES[_ROLE_OF_MARK[part]]
        elif part == _CLOSE:
            style = ""
        else:
            spans.append(Span(part, style))
    return spans


def _split_at_marks(marked: str) -> Iterable[str]:
    start = 0
    for position, character in enumerate(marked):
        if character == _CLOSE or character in _ROLE_OF_MARK:
            if start < position:
                yield marked[start:position]
            yield character
            start = position + 1
    if start < len(marked):
        yield marked[start:]


def _plain(line: StyledLine) -> str:
    return "".join(span.text for span in line)


def visible(text: str) -> str:
    """User text with what a terminal would obey, control characters and escapes, made visible."""
    return "".join(character if character.isprintable() else "␣" for character in text)


def _cut(label: str, most: int = 16) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"


def _heat(shade: float) -> str:
    """A background between the dark and the light violet of the 256 colours, and a legible foreground."""
    steps = (
        (0.15, "color(253)"),
        (0.35, "color(189)"),
        (0.55, "color(183)"),
        (0.75, "color(177)"),
        (0.9, "color(134)"),
    )
    background = next((colour for bound, colour in steps if shade <= bound), "color(91)")
    return f"{'white' if shade > 0.75 else 'black'} on {background}"
