r"""LaTeX: a handout that compiles under pdfLaTeX, XeLaTeX and LuaLaTeX, or a fragment to \input in another document.

What does not fit is broken over lines, windowed or scaled to the width there is, so that nothing sticks out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from pellucid.expressions import Element, Quotient
from pellucid.expressions.latex import LatexPrinter
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
from pellucid.rendering.labels import column_label, left_out, printable, row_label, shorten
from pellucid.rendering.latex_commands import COLOURS, PREAMBLE, definitions
from pellucid.rendering.latex_text import escape, escape_breaking, text_width
from pellucid.rendering.substitution import substitution_rows

_DARKEST = 45  # per cent of the colour of weights in the darkest cell: black digits stay readable
_MOST_ROWS = 16
_MOST_COLUMNS = 12
_MOST_TOKEN = 12
_MOST_LABEL = 32
_PAGE, _FOREIGN_PAGE = 43.0, 34.0  # em of a line: in our document, and with the margins LaTeX gives an article
_HALF = 0.47  # the share of the width that each of two columns gets
_WIDEST_LABEL = 0.4  # of the width, in substitution lines
_ROOM_TO_WRITE = r"\rule{0pt}{3.2ex}"
_BLANK = rf"{_ROOM_TO_WRITE}\underline{{\hspace{{2.5em}}}}"
_BLANK_WIDTH = 2.5
_DIGIT_WIDTH = 0.5
_CELL_GAP = 0.8  # between the columns of a matrix
_COLUMN_GAP = 0.6  # between those of a table


def render(document: Document, appearance: Appearance) -> str:
    """A LaTeX document, or with `appearance.fragment` what stands between its begin and its end."""
    width = _FOREIGN_PAGE if appearance.fragment else _PAGE
    blocks = "\n".join(_Latex(document, width).document())
    body = f"{definitions(width, _MOST_COLUMNS)}\n\\begingroup\\sloppy\n{blocks}\n\\par\\endgroup"
    return f"{body}\n" if appearance.fragment else f"{PREAMBLE}\\begin{{document}}\n{body}\n\\end{{document}}\n"


class _Latex:
    """Renders blocks for a column.

    Args:
        document: what is rendered.
        width: of the column, in em.
    """

    def __init__(self, document: Document, width: float) -> None:
        self.source = document
        self.width = width
        self.print = LatexPrinter(document.notation, element=_coloured)
        self.print_in_cell = LatexPrinter(document.notation, fractions=False)

    def document(self) -> Iterator[str]:
        yield _command("pellucidtitle", escape_breaking(self.source.title), escape_breaking(self.source.purpose))
        for section in self.source.sections:
            yield from self.section(section)

    def section(self, section: Section) -> Iterator[str]:
        """A section; a working stays in one piece where a page has room for it."""
        yield _need(section.blocks)
        yield _command("pellucidsection", escape_breaking(section.title))
        yield from self.blocks(section.blocks)

    def blocks(self, blocks: tuple[Block, ...]) -> Iterator[str]:
        for before, block in zip((None, *blocks), blocks, strict=False):
            if isinstance(block, Working) and isinstance(before, Grid | Grids):
                yield _need((block,))
            yield self.block(block)

    def block(self, block: Block) -> str:
        match block:
            case Paragraph():
                return f"\\par\\noindent {_words(block.parts)}"
            case Display():
                formula = rf"$\displaystyle {block.formula.latex}$"
                return rf"\[{_command('pellucidfit', formula)}\]"
            case Note():
                return _command("pellucidnote", _words(block.parts))
            case Grid():
                return self.grids((block,))
            case Grids():
                return self.grids(block.grids)
            case Working():
                return self.working(block)
            case Table():
                return self.table(block)
            case Beside():
                return self.beside(block)
            case Bars():
                return _bars(block)
            case Tree():
                return "\\par\\medskip" + "".join(_branch_lines(block.branches)) + "\\medskip"
            case Walk():
                overview = [] if block.overview is None else [self.block(block.overview)]
                return "\n".join((*overview, *(self.block(Part(stop.title, stop.blocks)) for stop in block.stops)))
            case Part():
                heading = _command("pellucidpart", escape_breaking(block.title))
                return "\n".join((_need(block.blocks), heading, *self.blocks(block.blocks)))

    # Matrices

    def grids(self, grids: tuple[Grid, ...]) -> str:
        """Side by side as long as they fit, then below."""
        boxes = "\\hspace{2em plus 1fil}%\n".join(_command("pellucidfit", self.grid(grid)) for grid in grids)
        return f"\\par\\medskip{{\\centering\\lineskip=1.2ex\\relax\n{boxes}\\par}}\\medskip"

    def grid(self, grid: Grid) -> str:
        """Row labels, column labels and the `bmatrix` between them, under the caption."""
        rows = window(grid.shape[0], _MOST_ROWS, grid.marked_row)
        columns = window(grid.shape[1], self._most_columns(grid, rows))
        cells = [[self._number(grid, row, column) for column in columns] for row in rows]
        heads = ["" if column is None else escape(column_label(grid, column, _MOST_TOKEN)) for column in columns]
        sides = [self._side(grid, row) for row in rows]
        widest = [f"${shape}$" for shape in sorted({self._shape(cell) for line in cells for cell in line})]
        widest += [_command("pellucidlabel", head) for head in dict.fromkeys(heads) if head]
        numbers = [
            [self._cell(grid, row, column, cell) for column, cell in zip(columns, line, strict=True)]
            for row, line in zip(rows, cells, strict=True)
        ]
        above = _joined(_command("pellucidcell", _command("pellucidlabel", head)) for head in heads)
        lines = [
            r"\setlength{\pellucidwidth}{0pt}%",
            *(f"{_command('pellucidwiden', text)}%" for text in widest),
            r"\begin{tabular}[t]{@{}c@{}}",
            _in_colour(grid.role, _command("textbf", escape(grid.caption))) + r"\\[0.5ex]",
            r"$\setlength{\arraycolsep}{0pt}\begin{array}{@{}r@{\;}c@{}}",
            rf"& \begin{{matrix}} {above} \end{{matrix}} \\",
            r"\begin{array}{@{}r@{}}",
            _ROW_END.join(sides),
            r"\end{array} &",
            _in_colour(grid.role, "\\begin{bmatrix}\n" + _ROW_END.join(map(_joined, numbers)) + "\n\\end{bmatrix}"),
            r"\end{array}$",
        ]
        if hidden := left_out(grid, rows, columns):
            lines[-1] += rf"\\[0.5ex] \footnotesize ({hidden})"
        return "\n".join([*lines, r"\end{tabular}"])

    def _most_columns(self, grid: Grid, rows: list[int | None]) -> int:
        """How many columns there is room for."""
        columns = [column for column in window(grid.shape[1], _MOST_COLUMNS) if column is not None]
        texts = [grid.text(row, column) for row in rows if row is not None for column in columns]
        widest = max(
            _BLANK_WIDTH if grid.blank else _DIGIT_WIDTH * max(map(len, texts)),
            *(text_width(column_label(grid, column, _MOST_TOKEN)) for column in columns),
        )
        return max(3, min(_MOST_COLUMNS, int(0.85 * self.width / (widest + _CELL_GAP))))

    def _number(self, grid: Grid, row: int | None, column: int | None) -> str:
        if row is None or column is None:
            return r"\vdots" if row is None else r"\cdots"
        if grid.blank:
            return _BLANK
        written = grid.step.operation.written(grid.index(row, column))
        text = self.print_in_cell.number(grid.text(row, column)) if written is None else self.print_in_cell(written)
        return _command("mathbf", text) if row == grid.marked_row else text

    @staticmethod
    def _shape(cell: str) -> str:
        """What is as wide as the cell: digits all have one width."""
        return cell if cell == _BLANK else _DIGIT.sub("0", cell)

    @staticmethod
    def _side(grid: Grid, row: int | None) -> str:
        if row is None:
            return r"\vdots"
        label = escape(row_label(grid, row, _MOST_TOKEN))
        side = _command("pellucidlabel", _command("textbf", label) if row == grid.marked_row else label)
        return _ROOM_TO_WRITE + side if grid.blank else side

    @staticmethod
    def _cell(grid: Grid, row: int | None, column: int | None, number: str) -> str:
        if row is None or column is None or not grid.heat or grid.blank:
            return _command("pellucidcell", number)
        return _command("pellucidheat", f"{_DARKEST * grid.shade(row, column):.0f}", number)

    # Workings

    def working(self, working: Working) -> str:
        labels = [shorten(printable(line.label), _MOST_LABEL) for line in working.lines]
        room = self.width - min(max(map(text_width, labels)), _WIDEST_LABEL * self.width)
        rows = [row for label, line in zip(labels, working.lines, strict=True) for row in self.line(label, line, room)]
        if working.more:
            rows.append(rf"\ldots & \quad \text{{and {working.more}}}")
        return f"{{\\allowdisplaybreaks\\pellucidabove\n\\begin{{align*}}\n{_ROW_END.join(rows)}\n\\end{{align*}}}}"

    def line(self, label: str, line: Line, room: float) -> Iterator[str]:
        """The rows of a substitution line, aligned at their equals signs."""
        start = f"{self._fitted(_command('text', escape(label)), text_width(label), _WIDEST_LABEL * self.width)} &"
        if line.blank:
            yield f"{start}= {_BLANK}"
            return
        for row in substitution_rows(line, self.print, room):
            yield start + self._fitted(rf"\quad {row.latex}" if row.continues else row.latex, row.width, room)
            start = "&"

    def _fitted(self, latex: str, width: float, room: float) -> str:
        """Mathematics that TeX is to scale down when it is wider than there is room."""
        if width <= room:
            return latex
        return rf"\pellucidfit[{room / self.width:.2f}]{{$\displaystyle {latex}$}}"

    # Tables and comparisons

    def table(self, table: Table) -> str:
        """A table of one row after the other, so that it may be broken over pages."""
        columns = zip(table.header, *table.rows, strict=True)
        shares = _shares(list(columns), self.width - _COLUMN_GAP * len(table.header))
        form = "".join(rf">{{\raggedright\arraybackslash}}p{{{share / self.width:.3f}\linewidth}}" for share in shares)
        rows = [
            f"{_joined(escape_breaking(text, longest_word=8) for text in row)} \\\\"
            for row in (table.header, *table.rows)
        ]
        rows[0] = rf"\toprule {rows[0]} \midrule"
        rows[-1] += r" \bottomrule"
        boxes = "\\par\\nointerlineskip\n".join(rf"\begin{{tabular}}{{{form}}} {row} \end{{tabular}}" for row in rows)
        return f"\\par\\medskip{{\\centering\\setlength{{\\tabcolsep}}{{0.3em}}\n{boxes}\\par}}\\medskip"

    def beside(self, block: Beside) -> str:
        """Two columns, block beside block, so that pages break between them."""
        narrow = _Latex(self.source, self.width * _HALF)
        headings = [_command("textbf", escape_breaking(heading)) for heading in block.headings]
        pairs = zip_longest(map(narrow.block, block.left), map(narrow.block, block.right), fillvalue="")
        return "\n".join(_pair(left, right) for left, right in (headings, *pairs))


def _command(name: str, *arguments: str) -> str:
    return f"\\{name}" + "".join(f"{{{argument}}}" for argument in arguments)


_DIGIT = re.compile(r"\d")
_ROW_END = " \\\\\n"


def _need(blocks: Iterable[Block]) -> str:
    return _command("pellucidneed", str(_opening_lines(blocks)))


def _opening_lines(blocks: Iterable[Block]) -> int:
    """About how many lines a heading and what follows it take, up to the first matrix or working."""
    lines = 4
    for block in blocks:
        match block:
            case Working():
                return lines + sum(2 if Quotient in map(type, line.expressions) else 1 for line in block.lines)
            case Grid():
                return lines + 3 + min(block.shape[0], _MOST_ROWS)
            case Grids():
                return max((_opening_lines((grid,)) for grid in block.grids), default=lines)
            case Beside():
                return lines + max(_opening_lines(block.left), _opening_lines(block.right))
        lines += 2
    return lines


def _joined(cells: Iterable[str]) -> str:
    return " & ".join(cells)


def _in_colour(role: Role, latex: str) -> str:
    return _command("textcolor", f"pellucid{role}", latex) if role in COLOURS else latex


def _coloured(element: Element, latex: str) -> str:
    return _in_colour(role_of(element.array), latex)


def _words(parts: Iterable[Inline]) -> str:
    return "".join(map(_inline, parts))


def _inline(part: Inline) -> str:
    if isinstance(part, Formula):
        return f"${part.latex}$"
    return _command("texttt", escape_breaking(part.text)) if isinstance(part, Code) else escape_breaking(part)


_LONGEST_BAR = 12.0  # em


def _bars(bars: Bars) -> str:
    """A line each: label, bar and number."""
    rows = []
    for bar in bars.bars:
        label, text = escape(shorten(printable(bar.label), _MOST_LABEL)), escape(bar.text)
        if bar.marked:
            label, text = _command("textbf", label), _command("textbf", text)
        rule = _in_colour("weight", rf"\rule{{{bar.share * _LONGEST_BAR:.2f}em}}{{1.4ex}}")
        rows.append(rf"{label} & \makebox[{_LONGEST_BAR}em][l]{{{rule}}} & {text}")
    return (
        f"\\par\\medskip{{\\centering\\begin{{tabular}}{{rll}}\n{_ROW_END.join(rows)}\n\\end{{tabular}}\\par}}\\medskip"
    )


def _branch_lines(branches: Iterable[Branch], depth: int = 0) -> Iterator[str]:
    """A line for each branch, those that grow from it below and to its right."""
    for branch in branches:
        text = escape_breaking(branch.text)
        note = rf"\quad {{\footnotesize {escape_breaking(branch.note)}}}" if branch.note else ""
        indent = 1.5 * depth
        shown = _command("textbf", text) if branch.marked else text
        yield f"\\par\\noindent\\hangindent={indent + 1.5:g}em\\hspace*{{{indent:g}em}}{shown}{note}\n"
        yield from _branch_lines(branch.branches, depth + 1)


def _pair(left: str, right: str) -> str:
    columns = (
        f"\\begin{{minipage}}[t]{{{_HALF}\\linewidth}}\\vspace{{0pt}}%\n{inner}\n\\end{{minipage}}"
        for inner in (left, right)
    )
    return "\\par\\medskip\\noindent" + "\\hfill\n".join(columns) + "\\par"


def _shares(columns: list[tuple[str, ...]], room: float) -> list[float]:
    """The widths of a table's columns: room for whole words first, then for whole texts, as far as it goes."""
    words = _poured([max(text_width(word) for text in column for word in text.split(" ")) for column in columns], room)
    texts = [max(map(text_width, column)) - share for column, share in zip(columns, words, strict=True)]
    rest = _poured([max(0.0, text) for text in texts], room - sum(words))
    return [word + text for word, text in zip(words, rest, strict=True)]


def _poured(wanted: list[float], room: float) -> list[float]:
    """To each what it wants; where there is not room for all, the largest share equally what is left."""
    shares = dict.fromkeys(range(len(wanted)), 0.0)
    for left, column in zip(range(len(wanted), 0, -1), sorted(shares, key=wanted.__getitem__), strict=True):
        shares[column] = min(wanted[column], room / left)
        room -= shares[column]
    return list(shares.values())
