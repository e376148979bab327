"""How the cells of a spreadsheet look: colours, borders, number formats, widths."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from xlsxwriter import Workbook
from xlsxwriter.format import Format

from pellucid.rendering.document import Grid, Role
from pellucid.rendering.sheet_layout import SheetBlock
from pellucid.rendering.spreadsheet_formula import LEAST_FINITE

COLOURS: dict[Role, str] = {
    "query": "#1F5FBF",
    "key": "#C2570C",
    "value": "#2E7D32",
    "score": "#455A64",
    "weight": "#7B1FA2",
    "output": "#00798C",
    "input": "#546E7A",
    "mask": "#546E7A",
}
QUIET = {"font_color": "#6B7780"}
CODE = {"font_name": "Consolas", "font_size": 9, **QUIET}
BAR = {"bold": True, "font_color": "#FFFFFF"}
INPUT = {"bg_color": "#FFF6CC", "border": 1, "border_color": "#D8B93C"}
COMPUTED = {"border": 1, "border_color": "#E2E6E9"}
TO_FILL_IN = {"border": 1, "border_color": "#333333"}
WEIGHT_SHADES = {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#D9A6EA"}

WIDEST = 16
"""Characters of a column of numbers."""

_NARROWEST = 9
_MOST_PLACES = 15  # more would be noise
_TOO_LARGE = 1e9  # to be read without an exponent


class Styles:
    """Cell formats, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def __call__(self, **properties: Any) -> Format:
        """The format with these properties, which are XlsxWriter's."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format({"valign": "vcenter", **properties})
        return self._made[key]


def number_format(block: SheetBlock, grid: Grid) -> str:
    """As many places as the grid prints, and room for more up to the notation's digits when numbers change.

    An exact zero is "0"; what stands for −∞ is shown as it. Numbers that the reader is to find out leave no
    trace in the format.
    """
    if grid.values.dtype == bool:
        return "0"
    most = min(block.step.notation.digits, _MOST_PLACES)
    places = most if block.is_awaiting else _places(grid)
    decimals = "General" if block.is_blank else _decimals(places, most)
    if grid.role == "score":
        return f'[<{LEAST_FINITE}]"-∞";[=0]0;{decimals}'
    return decimals if decimals == "General" else f"{decimals};-{decimals};0"


def column_width(blocks: Iterable[SheetBlock], labels: Iterable[str]) -> int:
    """Characters that hold every number and most labels; what the reader is to find out is not measured."""
    shown = [grid for block in blocks if not block.is_open for grid in block.grids]
    numbers = [grid.text(*place) for grid in shown for place in _extremes(grid)]
    longest = max(len(text) for text in (*numbers, *labels))
    return min(max(_NARROWEST, longest + 2), WIDEST)


def _decimals(places: int, most: int) -> str:
    if most == 0:
        return "0"
    return f"0.{'0' * places}{'?' * (most - places)}" if places else "General"


def _places(grid: Grid) -> int:
    """Places after the point; none where numbers need an exponent."""
    largest = max(abs(float(grid.values[place])) for place in _extremes(grid))
    return 0 if _TOO_LARGE <= largest < np.inf else min(grid.step.notation.places(grid.values), _MOST_PLACES)


def _extremes(grid: Grid) -> list[tuple[int, int]]:
    """Where the smallest and the largest number stand."""
    return [divmod(int(place), grid.shape[1]) for place in (grid.values.argmin(), grid.values.argmax())]
