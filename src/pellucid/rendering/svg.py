"""SVG: a heatmap of the weights, with tokens on both axes and the numbers in the cells where they fit."""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from xml.etree import ElementTree

import numpy as np

from pellucid.rendering.document import Beside, Block, Document, Grid, Grids, Part, Walk
from pellucid.rendering.formats import Appearance
from pellucid.rendering.labels import column_label, printable, row_label, shorten

_INK, _FAINT, _PAPER, _LINE = "#000000", "#5c5c66", "#ffffff", "#d9d6e0"
_LIGHTEST, _DARKEST = (250, 248, 253), (74, 25, 120)
_LEVELS = 32  # of shade, in a map
_LIGHT_DIGITS_ABOVE = 0.64  # of the shade: either side of it digits have a contrast of 4.5 (WCAG 2, AA)

_PAGE = 1200.0  # pixels that panels side by side may take
_MARGIN, _GAP = 16.0, 32.0
_TITLE, _CAPTION, _SMALL = 17.0, 14.0, 12.0  # sizes of type
_LEAST_CELL, _CELL_HEIGHT = 44.0, 26.0  # of cells with numbers
_MAP_SIDE = 512.0  # of a map without numbers
_MOST_NUMBERS = 24  # columns or rows beyond which there are none
_MOST_CELLS = 128  # columns or rows beyond which neighbours are pooled
_MOST_LABEL, _LABEL_ROOM = 24, 120.0
_SLOPE = 0.7072  # sine and cosine of the 45° at which long column labels stand


def render(document: Document, appearance: Appearance) -> str:
    """Every heatmap of the document in one picture, which stands on its own on light and on dark pages."""
    panels = [_Panel(grid, caption) for section in document.sections for caption, grid in _heatmaps(section.blocks)]
    places = list(_placed(panels))
    title = _fitted(printable(document.title), _TITLE, _PAGE)
    width = max([x + panel.width for x, _, panel in places] + [_MARGIN + _measure(title, _TITLE)]) + _MARGIN
    height = max([y + panel.height for _, y, panel in places], default=2 * _MARGIN + _TITLE) + _MARGIN
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "role": "img",
            "width": f"{width:.0f}",
            "height": f"{height:.0f}",
            "viewBox": f"0 0 {width:.0f} {height:.0f}",
            "font-family": "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif",
            "font-size": f"{_SMALL:g}",
            "fill": _INK,
        },
    )
    _add(root, "title").text = title
    _add(root, "desc").text = " ".join(panel.description for panel in panels)
    _add(root, "rect", width="100%", height="100%", rx=8, fill=_PAPER)
    _write(root, title, _MARGIN, _MARGIN + _TITLE, font_size=_TITLE, font_weight="bold")
    for x, y, panel in places:
        panel.draw(_add(root, "g", transform=f"translate({x:.0f} {y:.0f})"))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _heatmaps(blocks: Iterable[Block], heading: str = "") -> Iterator[tuple[str, Grid]]:
    """The shaded grids, with their captions."""
    for block in blocks:
        match block:
            case Grid() if block.heat:
                yield (f"{heading}: {block.caption}" if heading else block.caption), block
            case Grids():
                yield from _heatmaps(block.grids, heading)
            case Part():
                yield from _heatmaps(block.blocks, heading)
            case Walk():
                yield from _heatmaps([block.overview] if block.overview else [], heading)
                for stop in block.stops:
                    yield from _heatmaps(stop.blocks, stop.title)
            case Beside():
                yield from _heatmaps(block.left, block.headings[0])
                yield from _heatmaps(block.right, block.headings[1])


def _placed(panels: list[_Panel]) -> Iterator[tuple[float, float, _Panel]]:
    """Side by side as long as there is room, then below."""
    x, y, tallest = _MARGIN, _MARGIN + 2 * _TITLE, 0.0
    for panel in panels:
        if x > _MARGIN and x + panel.width > _PAGE:
            x, y, tallest = _MARGIN, y + tallest + _GAP, 0.0
        yield x, y, panel
        x, tallest = x + panel.width + _GAP, max(tallest, panel.height)


@dataclass(frozen=True, eq=False)
class _Panel:
    """One heatmap.

    Args:
        grid: its numbers.
        caption: what stands above it.
    """

    grid: Grid
    caption: str

    # What is shown

    @cached_property
    def pool(self) -> tuple[int, int]:
        """A cell shows the largest of so many rows and columns."""
        rows, columns = (math.ceil(size / _MOST_CELLS) for size in self.grid.shape)
        return rows, columns

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        rows, columns = (math.ceil(size / pool) for size, pool in zip(self.grid.shape, self.pool, strict=True))
        return rows, columns

    @property
    def is_map(self) -> bool:
        """Whether there are too many cells for numbers."""
        return max(self.shape) > _MOST_NUMBERS

    def source(self, row: int, column: int) -> tuple[int, int]:
        """Where in the grid the number stands that a cell shows."""
        rows, columns = self.pool
        top, left = row * rows, column * columns
        block = self.grid.values[top : top + rows, left : left + columns]
        below, right = np.unravel_index(int(block.argmax()), block.shape)
        return top + int(below), left + int(right)

    @cached_property
    def shades(self) -> dict[tuple[int, int], float]:
        """Of every cell."""
        rows, columns = map(range, self.shape)
        return {cell: self.grid.shade(*self.source(*cell)) for cell in product(rows, columns)}

    @property
    def marked_row(self) -> int | None:
        """The row of cells that the reader is led through."""
        return None if self.grid.marked_row is None else self.grid.marked_row // self.pool[0]

    @property
    def description(self) -> str:
        """For those who cannot see it."""
        grid = self.grid
        rows, columns = grid.shape
        words = (
            f"{printable(self.caption)}: {rows} {grid.row_axis} rows, {columns} {grid.column_axis} columns; "
            "darker is larger."
        )
        if grid.blank or grid.marked_row is None:
            return words
        largest = int(grid.values[grid.marked_row].argmax())
        row, column = row_label(grid, grid.marked_row, _MOST_LABEL), column_label(grid, largest, _MOST_LABEL)
        return f"{words} The largest of row {row} is {grid.text(grid.marked_row, largest)}, in column {column}."

    @property
    def note(self) -> str:
        """What a reader has to know about the picture; may be empty."""
        if self.pool == (1, 1):
            return ""
        (rows, columns), (down, across) = self.grid.shape, self.pool
        return f"{rows:,} × {columns:,}, pooled: a cell is the largest of {down} × {across} numbers"

    # Measures

    @cached_property
    def cell(self) -> tuple[float, float]:
        """Width and height of a cell."""
        rows, columns = self.shape
        if self.is_map:
            width, height = (max(4.0, min(_CELL_HEIGHT, _MAP_SIDE // cells)) for cells in (columns, rows))
            return width, height
        texts = [self.grid.text(row, column) for row, column in self.shades]
        return max(_LEAST_CELL, *(_measure(text, _SMALL) + 10 for text in texts)), _CELL_HEIGHT

    @cached_property
    def row_labels(self) -> dict[int, str]:
        """Of the rows that have one: every row, or every so many where rows are low."""
        rows = range(0, self.shape[0], math.ceil(_SMALL / self.cell[1]))
        return {row: _fitted(row_label(self.grid, row * self.pool[0], _MOST_LABEL)) for row in rows}

    @cached_property
    def column_labels(self) -> dict[int, str]:
        """Likewise of the columns; sloping labels need more room."""
        columns = range(0, self.shape[1], math.ceil(1.5 * _SMALL / self.cell[0]))
        return {column: _fitted(column_label(self.grid, column * self.pool[1], _MOST_LABEL)) for column in columns}

    @cached_property
    def sloped(self) -> bool:
        """Whether column labels are too long to stand level."""
        return self._longest(self.column_labels) > self.cell[0] - 4

    @staticmethod
    def _longest(labels: dict[int, str]) -> float:
        return max(_measure(label, _SMALL) for label in labels.values())

    @cached_property
    def left(self) -> float:
        """Of the cells: right of the axis title and the row labels."""
        return 2.5 * _SMALL + 1.05 * self._longest(self.row_labels)

    @cached_property
    def top(self) -> float:
        """Of the cells: below the caption, the axis title and the column labels."""
        labels = self._longest(self.column_labels) * _SLOPE if self.sloped else 0.4 * _SMALL
        return 3 * _CAPTION + 1.8 * _SMALL + labels

    @cached_property
    def size(self) -> tuple[float, float]:
        """Width and height of all cells."""
        (rows, columns), (width, height) = self.shape, self.cell
        return columns * width, rows * height

    @property
    def width(self) -> float:
        """Of the whole panel."""
        overhang = self._longest(self.column_labels) * _SLOPE if self.sloped else 0.0
        across = self.left + self.size[0] + overhang
        return max(across, _measure(self.caption, _CAPTION), _measure(self.note, _SMALL))

    @property
    def height(self) -> float:
        """Of the whole panel."""
        legend = 2 * _SMALL if self.has_legend else 0.0
        return self.top + self.size[1] + legend + (1.5 * _SMALL if self.note else 0.0)

    @property
    def has_legend(self) -> bool:
        """Whether a scale tells what the shades mean, as there are no numbers."""
        return self.is_map and not self.grid.blank

    # Drawing

    def draw(self, parent: ElementTree.Element) -> None:
        """The panel, its top left corner at the origin."""
        _write(parent, self.caption, 0.0, _CAPTION, font_size=_CAPTION, font_weight="bold")
        cells = _add(parent, "g", transform=f"translate({self.left:.1f} {self.top:.1f})")
        self._draw_axes(cells)
        if self.is_map:
            self._draw_map(cells)
        else:
            self._draw_cells(cells)
        self._draw_marked_row(cells)
        self._draw_below(cells)

    def _draw_axes(self, parent: ElementTree.Element) -> None:
        width, height = self.cell
        across, down = self.size
        _write(parent, self.grid.column_axis, across / 2, 3 * _CAPTION - self.top, text_anchor="middle", fill=_FAINT)
        turned = f"translate({_SMALL - self.left:.1f} {down / 2:.1f}) rotate(-90)"
        _write(parent, self.grid.row_axis, 0.0, 0.0, transform=turned, text_anchor="middle", fill=_FAINT)
        for row, label in self.row_labels.items():
            weight = "bold" if row == self.marked_row else "normal"
            _write(parent, label, -6.0, _middle(row, height), text_anchor="end", font_weight=weight)
        for column, label in self.column_labels.items():
            x = (column + 0.5) * width
            if self.sloped:
                _write(parent, label, 0.0, 0.0, transform=f"translate({x + 3:.1f} -6) rotate(-45)")
            else:
                _write(parent, label, x, -6.0, text_anchor="middle")

    def _draw_cells(self, parent: ElementTree.Element) -> None:
        width, height = self.cell
        for (row, column), shade in self.shades.items():
            number = self.grid.text(row, column)
            x, y = column * width, row * height
            box = _add(parent, "rect", x=x, y=y, width=width, height=height, fill=_colour(shade), stroke=_LINE)
            labels = (row_label(self.grid, row, _MOST_LABEL), column_label(self.grid, column, _MOST_LABEL))
            _add(box, "title").text = f"{labels[0]} → {labels[1]}: {number}".removesuffix(": ")
            ink = _PAPER if shade > _LIGHT_DIGITS_ABOVE else _INK
            _write(parent, number, x + width / 2, _middle(row, height), text_anchor="middle", fill=ink)

    def _draw_map(self, parent: ElementTree.Element) -> None:
        """Cells of one shade are one path: a map of 128 × 128 cells stays small."""
        across, down = self.size
        _add(parent, "rect", width=across, height=down, fill=_colour(0.0), stroke=_LINE)
        squares = defaultdict(list)
        for (row, column), shade in self.shades.items():
            squares[round(shade * _LEVELS)].append(f"M{column} {row}h1v1h-1z")
        scaled = _add(parent, "g", transform="scale({:g} {:g})".format(*self.cell), shape_rendering="crispEdges")
        for level in sorted(squares.keys() - {0}):
            _add(scaled, "path", d="".join(squares[level]), fill=_colour(level / _LEVELS))

    def _draw_marked_row(self, parent: ElementTree.Element) -> None:
        if self.marked_row is not None:
            height = self.cell[1]
            y = self.marked_row * height
            _add(parent, "rect", y=y, width=self.size[0], height=height, fill="none", stroke=_INK, stroke_width=1.5)

    def _draw_below(self, parent: ElementTree.Element) -> None:
        """The scale of shades, and the note."""
        y = self.size[1] + 2 * _SMALL
        if self.has_legend:
            darkest = max(self.shades, key=self.shades.__getitem__)
            _write(parent, "0", 0.0, y)
            scale = _add(parent, "g", shape_rendering="crispEdges")
            for level in range(_LEVELS + 1):
                _add(scale, "rect", x=12 + 4 * level, y=y - 10, width=4, height=12, fill=_colour(level / _LEVELS))
            _write(parent, self.grid.text(*self.source(*darkest)), 20.0 + 4 * _LEVELS, y)
            y += 1.5 * _SMALL
        _write(parent, self.note, -self.left, y)


# Elements


def _add(parent: ElementTree.Element, tag: str, **attributes: str | int | float) -> ElementTree.Element:
    written = {
        name.replace("_", "-"): value if isinstance(value, str) else f"{value:.6g}"
        for name, value in attributes.items()
    }
    return ElementTree.SubElement(parent, tag, written)


def _write(parent: ElementTree.Element, text: str, x: float, y: float, **attributes: str | int | float) -> None:
    """One line of text; nothing for none."""
    if text:
        _add(parent, "text", x=x, y=y, **attributes).text = printable(text)


def _middle(row: int, height: float) -> float:
    """The baseline of text that stands in the middle of a row."""
    return (row + 0.5) * height + 0.35 * _SMALL


def _colour(shade: float) -> str:
    mixed = (light + (dark - light) * shade for light, dark in zip(_LIGHTEST, _DARKEST, strict=True))
    return "#" + "".join(f"{round(part):02x}" for part in mixed)


# Text


def _measure(text: str, size: float) -> float:
    """About how wide a text is; rather too wide than too narrow."""
    return size * sum(
        0.0 if unicodedata.combining(character) else 1.1 if unicodedata.east_asian_width(character) in "WF" else 0.62
        for character in text
    )


def _fitted(text: str, size: float = _SMALL, room: float = _LABEL_ROOM) -> str:
    """The text with as much of its middle left out as there is no room for."""
    most = len(text)
    while _measure(shorten(text, most), size) > room:
        most -= 1
    return shorten(text, most)
