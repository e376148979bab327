"""Markdown that renders on GitHub: tables of numbers, and `$$` mathematics that Markdown leaves untouched.

GitHub reads a text as Markdown before it looks for mathematics, so `\\\\`, `\\{`, `_` and `<` inside `$$` may be
eaten, become emphasis or begin a tag. The mathematics here is written so that it means nothing to Markdown: no
backslash stands before punctuation, and underscores stand between spaces, where they cannot emphasise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

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
    Section,
    Table,
    Tree,
    Walk,
    Working,
    window,
)
from pellucid.rendering.formats import Appearance
from pellucid.rendering.labels import column_label, left_out, printable, row_label, shorten
from pellucid.rendering.substitution import substitution_rows

_MOST_ROWS = 24
_MOST_COLUMNS = 16
_MOST_LABEL = 32
_ROOM = 45.0  # em of a line of mathematics
_BLANK = "____"
_BLANK_MATHEMATICS = r"\underline{\qquad\qquad}"


def render(document: Document, appearance: Appearance) -> str:
    """The document as GitHub-flavoured Markdown."""
    return "\n\n".join(_Markdown(document).blocks()) + "\n"


class _Markdown:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.print = LatexPrinter(document.notation)

    def blocks(self) -> Iterator[str]:
        yield f"# {_escape(self.document.title)}"
        if self.document.purpose:
            yield _paragraph(self.document.purpose)
        for number, section in enumerate(self.document.sections, 1):
            yield from self.section(number, section)

    def section(self, number: int, section: Section) -> Iterator[str]:
        yield f"## {number}. {_escape(section.title)}"
        for block in section.blocks:
            yield from self.block(block)

    def block(self, block: Block) -> Iterator[str]:
        match block:
            case Paragraph():
                yield _paragraph(*block.parts)
            case Display():
                yield _display([_mathematics(block.formula.latex)])
            case Note():
                yield f"> [!NOTE]\n> {_paragraph(*block.parts)}"
            case Grid():
                yield from self.grid(block)
            case Grids():
                for grid in block.grids:
                    yield from self.grid(grid)
            case Working():
                yield from self.working(block)
            case Table():
                yield _table([_escape(name) for name in block.header], [list(map(_escape, row)) for row in block.rows])
            case Part():
                yield f"### {_escape(block.title)}"
                for inner in block.blocks:
                    yield from self.block(inner)
            case Bars():
                rows = [[_marked(bar.label, bar.marked), _marked(bar.text, bar.marked)] for bar in block.bars]
                yield _table(["candidate", "share"], rows)
            case Tree():
                yield "\n".join(_tree(block.branches))
            case Walk():
                if block.overview is not None:
                    yield from self.grid(block.overview)
                for stop in block.stops:
                    yield from self.block(Part(stop.title, stop.blocks))
            case Beside():
                for heading, blocks in zip(block.headings, (block.left, block.right), strict=True):
                    if blocks:
                        yield f"### {_escape(heading)}"
                        for inner in blocks:
                            yield from self.block(inner)

    # Matrices

    def grid(self, grid: Grid) -> Iterator[str]:
        """A table; of a large matrix its beginning, the marked row and the end."""
        rows = window(grid.shape[0], _MOST_ROWS, grid.marked_row)
        columns = window(grid.shape[1], _MOST_COLUMNS)
        corner = f"{grid.row_axis} \\ {grid.column_axis}" if grid.row_axis else grid.column_axis
        header = [
            _escape(corner),
            *("…" if column is None else _escape(column_label(grid, column, _MOST_LABEL)) for column in columns),
        ]
        yield f"**{_escape(grid.caption)}**"
        yield _table(header, [self._row(grid, row, columns) for row in rows], align="--:")
        if hidden := left_out(grid, rows, columns):
            yield f"({hidden})"

    def _row(self, grid: Grid, row: int | None, columns: list[int | None]) -> list[str]:
        if row is None:
            return ["⋮"] * (len(columns) + 1)
        cells = [_escape(row_label(grid, row, _MOST_LABEL))]
        for column in columns:
            cells.append("…" if column is None else _BLANK if grid.blank else grid.text(row, column))
        if row != grid.marked_row:
            return cells
        return [cell if cell in (_BLANK, "") else f"**{cell}**" for cell in cells]

    # Workings

    def working(self, working: Working) -> Iterator[str]:
        rows = [row for line in working.lines for row in self.line(line)]
        yield _display([r"\begin{aligned}", *(f"{row} \\cr" for row in rows[:-1]), *rows[-1:], r"\end{aligned}"])
        if working.more:
            yield f"… and {working.more}"

    def line(self, line: Line) -> Iterator[str]:
        """The rows of a substitution line, aligned at their equals signs."""
        start = rf"\text{{{_text_in_mathematics(shorten(printable(line.label), _MOST_LABEL))}}} &"
        if line.blank:
            yield f"{start}= {_BLANK_MATHEMATICS}"
            return
        for row in substitution_rows(line, self.print, _ROOM):
            yield start + (r"\quad " if row.continues else "") + _mathematics(row.latex)
            start = "&"


# Mathematics

_LETTERS_FOR = {  # commands that end in punctuation, by commands of letters
    r"\\": r"\cr ",
    r"\{": r"\lbrace ",
    r"\}": r"\rbrace ",
    r"\|": r"\Vert ",
    r"\,": r"\thinspace ",
    r"\:": r"\medspace ",
    r"\;": r"\thickspace ",
    r"\!": r"\negthinspace ",
    "_": " _ ",
    "*": r"\ast ",
    "<": r"\lt ",
    ">": r"\gt ",
}
_MEANS_SOMETHING = re.compile("|".join(map(re.escape, _LETTERS_FOR)))


def _mathematics(latex: str) -> str:
    """The same mathematics, written so that Markdown finds nothing in it."""
    return _MEANS_SOMETHING.sub(lambda found: _LETTERS_FOR[found[0]], latex)


def _display(lines: Iterable[str]) -> str:
    return "\n".join(("$$", *lines, "$$"))


# Every character that Markdown, GitHub or TeX could take for markup becomes its full-width form, which none of
# them knows: there is no escape that all of them read alike. The underscore of names has a narrower double.
_HARMLESS = {ord(character): chr(ord(character) + 0xFEE0) for character in "\\`*{}<>#$%&~^@:|"} | {ord("_"): "ˍ"}


def _text_in_mathematics(text: str) -> str:
    return text.translate(_HARMLESS).replace("](", "］(").replace("www.", "www．")  # links


# Text

_MARKUP = re.compile(r"[\\`*_\[\]<>|~#&]")
_BEGINS_A_BLOCK = re.compile(r"(?:[-+=]|\d+(?=[.)]))")


def _escape(text: str) -> str:
    """Words as they are, whatever they hold.

    A dollar sign is kept out of mathematics the way GitHub documents it, by tags around it.
    """
    return _MARKUP.sub(r"\\\g<0>", printable(text)).replace("$", r"<span>\$</span>")


def _paragraph(*parts: Inline) -> str:
    text = "".join(map(_inline, parts)).strip()
    begin = _BEGINS_A_BLOCK.match(text)
    if begin is None:
        return text
    mark = begin[0]
    return f"{mark}\\{text[len(mark) :]}" if mark.isdigit() else f"\\{text}"


def _marked(text: str, marked: bool) -> str:
    return f"**{_escape(text)}**" if marked else _escape(text)


def _tree(branches: Iterable[Branch], depth: int = 0) -> Iterator[str]:
    """A nested list."""
    for branch in branches:
        note = f" ({_escape(branch.note)})" if branch.note else ""
        text = _marked(branch.text, True) if branch.marked else _paragraph(branch.text)
        yield f"{'  ' * depth}- {text}{note}"
        yield from _tree(branch.branches, depth + 1)


def _inline(part: Inline) -> str:
    if isinstance(part, Formula):
        return f"${_mathematics(part.latex)}$"
    return _code(part.text) if isinstance(part, Code) else _escape(part)


def _code(text: str) -> str:
    shown = printable(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if "`" in shown else f"{fence}{shown}{fence}"


def _table(header: list[str], rows: list[list[str]], align: str = ":--") -> str:
    """The first column holds words; `align` is the rule of the others."""
    rule = [":--", *(align for _ in header[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))
