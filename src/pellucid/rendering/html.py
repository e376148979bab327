"""HTML: one self-contained page in which every number can be clicked.

The page is complete without its script: words, matrices and workings are plain HTML. The script adds what a book
cannot do: any number shows its arithmetic, with the operands lit up where they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from pellucid.expressions import Element
from pellucid.expressions.html import HtmlPrinter, number
from pellucid.expressions.text import TextPrinter
from pellucid.rendering.document import (
    Bars,
    Beside,
    Block,
    Branch,
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
    Part,
    Section,
    Table,
    Tree,
    Walk,
    Working,
    role_of,
    window,
)
from pellucid.rendering.formats import Appearance
from pellucid.rendering.html_page import SCRIPT, STYLE, framed, page_data
from pellucid.rendering.html_page.words import LONGEST_LABEL, escaped, formula_html, name_html
from pellucid.rendering.labels import column_label, row_label, token_label

_LARGE = 20
"""Rows or columns beyond which a matrix is shown through a window."""

_WINDOW, _SMALL_WINDOW = 20, 7  # the small one where many matrices stand side by side
_MANY = 4


def render(document: Document, appearance: Appearance) -> str:
    """The document as a page, or with `appearance.fragment` as a `<div>` to be put into one."""
    fragment = _Page(document).fragment()
    if appearance.fragment:
        return fragment
    return framed(document.title, fragment, "pellucid", SCRIPT)


class _Page:
    """Writes a document and remembers what its data has to carry."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.derivation = 0  # which of the document's derivations the blocks being written belong to
        self.shown_rows: dict[tuple[int, int], set[int]] = {}
        self.overviews: set[tuple[int, str]] = set()
        self.print = HtmlPrinter(document.notation, element=self.element)
        self.plain = TextPrinter(document.notation)

    def fragment(self) -> str:
        """Everything from the title to the script."""
        body = "".join(self.body())
        data = page_data(self.document, self.shown_rows, self.overviews)
        return (
            f'<div class="pellucid" data-derivation="0">\n<style>\n{STYLE}</style>\n'
            f"<article>\n{body}</article>\n"
            f'<script type="application/json">{data}</script>\n<script>{SCRIPT}</script>\n</div>\n'
        )

    def body(self) -> Iterator[str]:
        yield f"<header>\n<h1>{escaped(self.document.title)}</h1>\n"
        if self.document.purpose:
            yield f'<p class="purpose">{escaped(self.document.purpose)}</p>\n'
        yield "</header>\n"
        for position, section in enumerate(self.document.sections, 1):
            yield from self.section(position, section)

    def section(self, position: int, section: Section) -> Iterator[str]:
        yield f'<section>\n<h2><span class="counter">{position}</span> {escaped(section.title)}</h2>\n'
        yield from map(self.block, section.blocks)
        yield "</section>\n"

    def block(self, block: Block) -> str:
        match block:
            case Paragraph():
                return f"<p>{self.inline(block.parts)}</p>\n"
            case Display():
                return f'<p class="display">{formula_html(block.formula.text)}</p>\n'
            case Note():
                return f'<p class="note" role="note">{self.inline(block.parts)}</p>\n'
            case Grid():
                return self.matrix(block, _WINDOW)
            case Grids():
                most = _WINDOW if len(block.grids) <= _MANY else _SMALL_WINDOW
                return f'<div class="matrices">\n{"".join(self.matrix(grid, most) for grid in block.grids)}</div>\n'
            case Working():
                return self.working(block)
            case Table():
                return self.table(block)
            case Beside():
                return self.beside(block)
            case Part():
                return f"<h3>{escaped(block.title)}</h3>\n{''.join(map(self.block, block.blocks))}"
            case Bars():
                return _bars(block)
            case Tree():
                return _tree(block.branches)
            case Walk():
                return self.walk(block)

    def inline(self, parts: Iterable[Inline]) -> str:
        html = ""
        for part in parts:
            match part:
                case str():
                    html += escaped(part)
                case Formula():
                    html += f'<span class="formula">{formula_html(part.text)}</span>'
                case Code():
                    html += f"<code>{escaped(part.text)}</code>"
        return html

    # Matrices

    def matrix(self, grid: Grid, most: int) -> str:
        """A matrix, or a window on a large one that says what it leaves out."""
        shown = _shown(grid.shape[0], most, grid.marked_row), _shown(grid.shape[1], most)
        rows, columns = ([place for place in places if place is not None] for places in shown)
        self.shown_rows.setdefault((self.derivation, grid.shape[0]), set()).update(rows)
        is_whole = (len(rows), len(columns)) == grid.shape
        if grid.heat and not is_whole:
            self.overviews.add((self.derivation, grid.step.name))
        head = "" if grid.head is None else f' data-head="{grid.head}"'
        return (
            f'<figure class="matrix role-{grid.role}{" heat" * grid.heat}{" blank" * grid.blank}" '
            f'data-step="{grid.step.name}"{head}{"" if is_whole else f" data-most={most}"}>\n'
            f"<figcaption>{self.caption(grid)}</figcaption>\n"
            f'<div class="scroll"><table>\n{self.head_row(grid, shown[1])}<tbody>\n'
            f"{''.join(self.row(grid, row, shown[1]) for row in shown[0])}</tbody></table></div>\n"
            f"{'' if is_whole else self.left_out(grid, len(rows), len(columns))}</figure>\n"
        )

    @staticmethod
    def caption(grid: Grid) -> str:
        rows, columns = grid.shape
        axes = f"{name_html(grid.row_axis)} × " if grid.row_axis else ""
        size = f"{rows:,} × " if grid.row_axis else ""
        return (
            f'<span class="name">{escaped(grid.caption)}</span> '
            f'<span class="shape">{axes}{name_html(grid.column_axis)}, {size}{columns:,}</span>'
        )

    @staticmethod
    def head_row(grid: Grid, columns: list[int | None]) -> str:
        def label(column: int) -> str:
            return f'<th scope="col">{escape(column_label(grid, column, LONGEST_LABEL))}</th>'

        return f"<thead><tr><td></td>{''.join(_GAP if c is None else label(c) for c in columns)}</tr></thead>"

    def row(self, grid: Grid, row: int | None, columns: list[int | None]) -> str:
        if row is None:
            return f'<tr class="gap"><th>⋮</th>{"<td>⋮</td>" * len(columns)}</tr>\n'
        cells = "".join(_GAP if column is None else self.cell(grid, row, column) for column in columns)
        marked = ' class="marked"' if row == grid.marked_row else ""
        return f'<tr{marked}><th scope="row">{escape(row_label(grid, row, LONGEST_LABEL))}</th>{cells}</tr>\n'

    @staticmethod
    def cell(grid: Grid, row: int, column: int) -> str:
        shade = grid.shade(row, column)
        style = f' style="--shade:{shade:.3f}"' if shade > 0 else ""
        place = _place(grid.step.name, grid.index(row, column))
        return f"<td {place}{style}>{number(grid.text(row, column))}</td>"

    @staticmethod
    def left_out(grid: Grid, rows: int, columns: int) -> str:
        shown = ((rows, grid.shape[0], "rows"), (columns, grid.shape[1], "columns"))
        parts = [f"{some:,} of {every:,} {noun}" for some, every, noun in shown if some < every]
        return f'<p class="left-out">{" and ".join(parts)} shown</p>\n'

    # Workings

    def working(self, working: Working) -> str:
        lines = "".join(map(self.line, working.lines))
        more = ""
        if working.more:
            more = f'<div class="left-out"><dt>…</dt><dd>and {escaped(working.more)}</dd></div>\n'
        return f'<dl class="working">\n{lines}{more}</dl>\n'

    def line(self, line: Line) -> str:
        label = f"<dt>{escaped(line.label)}</dt>"
        if line.blank:
            return f"<div>{label}<dd>{_equal(_BLANK)}</dd></div>\n"
        result = self.plain(line.result)
        spelled = [expression for expression in line.expressions if self.plain(expression) != result]
        sides = "".join(_equal(self.print(expression)) for expression in spelled)
        return f"<div>{label}<dd>{sides}{_equal(self.print(line.result), 'result')}</dd></div>\n"

    def element(self, element: Element, text: str) -> str:
        """A number of a working, with its place."""
        if element.array in self.document.blanks:
            return _BLANK
        place = _place(element.array, element.index)
        return f'<span class="number role-{role_of(element.array)}" {place}>{text}</span>'

    # Tables and comparisons

    @staticmethod
    def table(table: Table) -> str:
        header = "".join(f'<th scope="col">{escaped(name)}</th>' for name in table.header)
        rows = "".join(f"<tr>{''.join(f'<td>{escaped(cell)}</td>' for cell in row)}</tr>\n" for row in table.rows)
        head = f"<thead><tr>{header}</tr></thead>"
        return f'<div class="scroll"><table class="plain">{head}<tbody>\n{rows}</tbody></table></div>\n'

    def beside(self, block: Beside) -> str:
        sides = ""
        for side, (heading, blocks) in enumerate(zip(block.headings, (block.left, block.right), strict=True)):
            self.derivation = side
            body = "".join(map(self.block, blocks))
            sides += f'<div data-derivation="{side}"><h3>{escaped(heading)}</h3>\n{body}</div>\n'
        self.derivation = 0
        return f'<div class="beside">\n{sides}</div>\n'

    def walk(self, walk: Walk) -> str:
        """Every stop, one below the other; the script shows one at a time."""
        overview = "" if walk.overview is None else self.block(walk.overview)
        stops = ""
        for position, stop in enumerate(walk.stops):
            self.derivation = stop.derivation
            body = "".join(map(self.block, stop.blocks))
            place = f'id="{escaped(walk.noun)}-{position}" data-derivation="{stop.derivation}"'
            stops += f'<div class="stop" {place}>\n<h3>{escaped(stop.title)}</h3>\n{body}</div>\n'
        self.derivation = 0
        return f'<div class="walk" data-noun="{escaped(walk.noun)}">\n{overview}{stops}</div>\n'


def _bars(bars: Bars) -> str:
    """A table of labels, bars and numbers."""
    rows = ""
    for bar in bars.bars:
        label = f'<th scope="row">{escaped(token_label(bar.label, LONGEST_LABEL))}</th>'
        drawn = f'<td><span class="bar" style="--share:{bar.share:.4f}"></span></td>'
        marked = ' class="marked"' if bar.marked else ""
        rows += f"<tr{marked}>{label}{drawn}<td>{escaped(bar.text)}</td></tr>\n"
    return f'<div class="scroll"><table class="bars"><tbody>\n{rows}</tbody></table></div>\n'


def _tree(branches: Iterable[Branch]) -> str:
    """A nested list."""
    items = ""
    for branch in branches:
        text = f"<strong>{escaped(branch.text)}</strong>" if branch.marked else escaped(branch.text)
        note = f' <span class="about">{escaped(branch.note)}</span>' if branch.note else ""
        items += f"<li>{text}{note}{_tree(branch.branches) if branch.branches else ''}</li>\n"
    return f'<ul class="tree">\n{items}</ul>\n'


_BLANK = '<span class="box"></span>'
_GAP = '<td class="gap">…</td>'


def _shown(size: int, most: int, keep: int | None = None) -> list[int | None]:
    """The rows or columns of a matrix that stand on the page: all of a small one, else a window."""
    return window(size, size if size <= _LARGE else most, keep)


def _place(step: str, index: tuple[int, ...]) -> str:
    """Where a number stands, for the script."""
    return f'data-step="{step}" data-index="{",".join(map(str, index))}"'


def _equal(html: str, kind: str = "side") -> str:
    return f'<span class="{kind}"><span class="equals">=</span> {html}</span> '
