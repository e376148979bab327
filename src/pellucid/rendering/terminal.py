"""The terminal: colour by role, shaded weights, as wide as there is room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from pellucid.expressions import Element
from pellucid.expressions.text import TextPrinter
from pellucid.numbers import Notation
from pellucid.rendering.document import (
    Beside,
    Block,
    Code,
    Display,
    Document,
    Formula,
    Grid,
    Grids,
    Inline,
    Line,
    Note,
    Paragraph,
    Role,
    Section,
    Table,
    Working,
    role_of,
    window,
)
from pellucid.rendering.formats import Appearance

_STYLES: dict[Role, str] = {
    "query": "blue",
    "key": "dark_orange3",
    "value": "green",
    "score": "default",
    "weight": "magenta",
    "output": "cyan",
    "input": "default",
    "mask": "default",
}
_MOST_ROWS = 16
_BLANK = "______"
_INDENT = 2


def render(document: Document, appearance: Appearance) -> str:
    """The document as text of at most `appearance.width` columns, with ANSI colours if wanted."""
    buffer = StringIO()
    console = Console(
        file=buffer,
        width=appearance.width,
        force_terminal=appearance.colour,
        color_system="256" if appearance.colour else None,
        no_color=not appearance.colour,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    for renderable in _Terminal(document.notation, appearance.width).document(document):
        console.print(renderable)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()).strip("\n") + "\n"


class _Terminal:
    def __init__(self, notation: Notation, width: int) -> None:
        self.notation = notation
        self.width = width
        # Numbers are marked with private-use characters while they are printed, then coloured.
        self.print = TextPrinter(notation, element=_marked)

    def document(self, document: Document) -> Iterator[RenderableType]:
        yield Text(document.title, style="bold")
        if document.purpose:
            yield Text(document.purpose, style="dim")
        for number, section in enumerate(document.sections, 1):
            yield from self.section(number, section)

    def section(self, number: int, section: Section) -> Iterator[RenderableType]:
        yield Text()
        yield Rule(Text(f"{number} {section.title}", style="bold"), align="left", style="dim", characters="─")
        for block in section.blocks:
            yield Text()
            yield self.block(block)

    def block(self, block: Block) -> RenderableType:
        match block:
            case Paragraph():
                return self.inline(block.parts)
            case Display():
                return Padding(self.inline((block.formula,)), (0, 0, 0, _INDENT))
            case Note():
                return Group(Text("Note", style="bold yellow"), Padding(self.inline(block.parts), (0, 0, 0, _INDENT)))
            case Grid():
                return Padding(Group(*self.grid(block, self.width - _INDENT)), (0, 0, 0, _INDENT))
            case Grids():
                return Padding(Group(*self.grids(block.grids)), (0, 0, 0, _INDENT))
            case Working():
                return Padding(self.working(block), (0, 0, 0, _INDENT))
            case Table():
                return Padding(self.table(block), (0, 0, 0, _INDENT))
            case Beside():
                return self.beside(block)

    def inline(self, parts: Iterable[Inline]) -> Text:
        text = Text()
        for part in parts:
            if isinstance(part, str):
                text.append(part)
            elif isinstance(part, Formula):
                text.append(part.text, style="italic")
            elif isinstance(part, Code):
                text.append(part.text, style="bold")
        return text

    # Matrices

    def grids(self, grids: tuple[Grid, ...]) -> Iterator[RenderableType]:
        """Side by side as long as they fit, then below."""
        row: list[RenderableType] = []
        used = 0
        for grid in grids:
            needed = self.natural_width(grid)
            if row and used + 3 + needed > self.width - _INDENT:
                yield self.side_by_side(row)
                yield Text()
                row, used = [], 0
            row.append(Group(*self.grid(grid, self.width - _INDENT)))
            used += needed + (3 if used else 0)
        if row:
            yield self.side_by_side(row)

    @staticmethod
    def side_by_side(cells: list[RenderableType]) -> RenderableType:
        table = RichTable.grid(padding=(0, 3, 0, 0))
        for _ in cells:
            table.add_column(no_wrap=True)
        table.add_row(*cells)
        return table

    def natural_width(self, grid: Grid) -> int:
        rows, columns = grid.shape
        labels = max((len(grid.row_label(row)) for row in range(min(rows, 200))), default=0)
        return max(len(grid.caption), labels + sum(2 + self.column_width(grid, c) for c in range(min(columns, 200))))

    def column_width(self, grid: Grid, column: int) -> int:
        rows = [row for row in window(grid.shape[0], _MOST_ROWS, grid.marked_row) if row is not None]
        if grid.blank:
            return max(len(_BLANK), len(grid.column_label(column)))
        widest = max(len(grid.text(row, column)) for row in rows)
        return max(widest, len(_short(grid.column_label(column))))

    def grid(self, grid: Grid, width: int) -> Iterator[RenderableType]:
        """The matrix under its caption; columns that do not fit continue below."""
        rows = window(grid.shape[0], _MOST_ROWS, grid.marked_row)
        columns = window(grid.shape[1], 4 * _MOST_ROWS)
        labels = max((len(_short(grid.row_label(row))) for row in rows if row is not None), default=0)
        yield Text(grid.caption, style=f"bold {_STYLES[grid.role]}")
        chunk: list[int | None] = []
        used = labels
        first = True
        for column in columns:
            needed = 2 + (1 if column is None else self.column_width(grid, column))
            if chunk and used + needed > width:
                yield from self._chunk(grid, rows, chunk, first)
                chunk, used, first = [], labels, False
            chunk.append(column)
            used += needed
        yield from self._chunk(grid, rows, chunk, first)
        hidden = (
            grid.shape[0] - sum(row is not None for row in rows),
            grid.shape[1] - sum(c is not None for c in columns),
        )
        if any(hidden):
            parts = [f"{count:,} more {noun}" for count, noun in zip(hidden, ("rows", "columns"), strict=True) if count]
            yield Text(f"({' and '.join(parts)})", style="dim")

    def _chunk(
        self, grid: Grid, rows: list[int | None], columns: list[int | None], first: bool
    ) -> Iterator[RenderableType]:
        if not first:
            yield Text()
        table = RichTable.grid(padding=(0, 0, 0, 0))
        table.add_column(no_wrap=True)
        for _ in columns:
            table.add_column(justify="right", no_wrap=True)
        heads = [Text("  …" if c is None else f"  {_short(grid.column_label(c))}", style="dim") for c in columns]
        table.add_row(Text(""), *heads)
        for row in rows:
            if row is None:
                table.add_row(Text("⋮", style="dim"), *(Text("  ⋮", style="dim") for _ in columns))
                continue
            marked = row == grid.marked_row
            label = Text(_short(grid.row_label(row)), style="bold" if marked else "dim")
            table.add_row(label, *(self._cell(grid, row, column, marked) for column in columns))
        yield table

    def _cell(self, grid: Grid, row: int, column: int | None, marked: bool) -> Text:
        if column is None:
            return Text("  …", style="dim")
        if grid.blank:
            return Text(f"  {_BLANK}")
        style = Style.parse(_STYLES[grid.role]) + Style(bold=marked or None)
        if grid.heat:
            style += _heat(grid.shade(row, column))
        text = Text("  ")
        text.append(grid.text(row, column), style=style)
        return text

    # Workings

    def working(self, working: Working) -> RenderableType:
        table = RichTable.grid(padding=(0, 1, 0, 0))
        table.add_column(no_wrap=True, max_width=24)
        table.add_column()
        for line in working.lines:
            table.add_row(Text(line.label), self.line(line))
        if working.left_out is not None:
            count, noun = working.left_out
            table.add_row(Text("…", style="dim"), Text(f"and {count:,} more {noun}", style="dim"))
        return table

    def line(self, line: Line) -> Text:
        if line.blank:
            return Text(f"= {_BLANK}")
        text = Text()
        printed = [self.print(expression) for expression in line.expressions]
        result = self.print(line.result)
        for part in [part for part in printed if _bare(part) != _bare(result)]:
            text.append("= ")
            text.append_text(_coloured(part))
            text.append(" ")
        text.append("= ")
        final = _coloured(result)
        final.stylize("bold")
        return text.append_text(final)

    # Tables and comparisons

    def table(self, table: Table) -> RenderableType:
        grid = RichTable(box=None, padding=(0, 3, 0, 0), show_header=True, header_style="dim", pad_edge=False)
        for name in table.header:
            grid.add_column(name, overflow="fold")
        for row in table.rows:
            grid.add_row(*(Text(cell) for cell in row))
        return grid

    def beside(self, block: Beside) -> RenderableType:
        """Two columns where both fit, else one below the other."""
        half = (self.width - 3) // 2
        narrow = _Terminal(self.notation, half)
        if self.width < 100:
            parts: list[RenderableType] = []
            for heading, blocks in zip(block.headings, (block.left, block.right), strict=True):
                if blocks:
                    parts += [Text(heading, style="bold underline")]
                    parts += [part for inner in blocks for part in (self.block(inner), Text())]
            return Group(*parts[:-1])
        table = RichTable.grid(padding=(0, 3, 0, 0))
        table.add_column(width=half)
        table.add_column(width=half)
        table.add_row(*(Text(heading, style="bold underline") for heading in block.headings))
        table.add_row(
            *(
                Group(*[part for inner in blocks for part in (narrow.block(inner), Text())][:-1])
                for blocks in (block.left, block.right)
            )
        )
        return table


# One private-use character a role opens a coloured run, and one closes it: they never occur in numbers.
_OPEN = {role: chr(0xE000 + position) for position, role in enumerate(_STYLES)}
_CLOSE = chr(0xE0FF)
_ROLE_OF_MARK = {mark: role for role, mark in _OPEN.items()}


def _marked(element: Element, text: str) -> str:
    return f"{_OPEN[role_of(element.array)]}{text}{_CLOSE}"


def _coloured(marked: str) -> Text:
    text = Text()
    style = ""
    for character in marked:
        if character in _ROLE_OF_MARK:
            style = _STYLES[_ROLE_OF_MARK[character]]
        elif character == _CLOSE:
            style = ""
        else:
            text.append(character, style=style)
    return text


def _bare(marked: str) -> str:
    return "".join(character for character in marked if character not in _ROLE_OF_MARK and character != _CLOSE)


def _short(label: str, most: int = 16) -> str:
    """A token as a label: control characters made visible, long ones cut."""
    shown = "".join(character if character.isprintable() else "␣" for character in label)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _heat(shade: float) -> Style:
    level = 232 + round(max(0.0, min(1.0, shade)) * 12)  # the greys of the 256 colours, from black
    return Style(bgcolor=f"color({level})", color="color(255)") if shade > 0 else Style()
