"""The same numbers everywhere: what one format prints, every format prints."""

import io
import json
import re
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import openpyxl
import pytest

from pellucid import explain
from pellucid.rendering import render
from pellucid.rendering.document import Beside, Grid, Grids
from pellucid.rendering.explanation import Selection, explain_attention

EXAMPLES = ["dog-on-the-mat", "complete-sentence", "text-generation", "grouped-query", "self-and-cross"]
NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|∞)")


def grids(blocks):
    for block in blocks:
        match block:
            case Grid():
                yield block
            case Grids():
                yield from block.grids
            case Beside():
                yield from grids((*block.left, *block.right))


def printed(document) -> Counter[str]:
    """Every number of every matrix, as often as it stands there."""
    found = [grid for section in document.sections for grid in grids(section.blocks)]
    return Counter(grid.text(*place) for grid in found for place in np.ndindex(*grid.shape))


class _Text(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden = tag in ("script", "style")
        if tag in ("td", "th"):
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def numbers(text: str) -> Counter[str]:
    return Counter(NUMBER.findall(text))


def plain(document, file_format: str) -> str:
    shown = render(document, file_format)
    assert isinstance(shown, str)
    match file_format:
        case "html":
            return "".join(_Text(shown).parts)
        case "latex":
            return shown.replace(r"\infty", "∞").replace("{-}", "-").replace("$-$", "-")
    return shown


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("file_format", ["terminal", "markdown", "latex", "html"])
def test_every_number_of_every_matrix_is_printed_alike(example, file_format):
    document = explain_attention(explain(example))
    assert not printed(document) - numbers(plain(document, file_format))


@pytest.mark.parametrize("example", EXAMPLES)
def test_json_holds_the_numbers_that_are_printed(example):
    derivation = explain(example)
    document = explain_attention(derivation)
    loaded = json.loads(plain(document, "json"))
    values = {
        (number, step["name"]): np.array(step["values"], dtype=object)
        for number, one in enumerate([loaded, *filter(None, [loaded.get("beside")])])
        for step in one["steps"]
    }
    places = {id(one): number for number, one in enumerate(document.derivations)}
    for one in document.derivations:
        for section in explain_attention(one, Selection()).sections:
            for grid in grids(section.blocks):
                if grid.step.name not in one or one[grid.step.name] is not grid.step or grid.values.dtype == bool:
                    continue
                stored = values[places[id(one)], grid.step.name]
                for row, column in np.ndindex(*grid.shape):
                    number = stored[grid.index(row, column)]
                    value = float(number) if isinstance(number, str) else number
                    assert grid.step.notation.text(value, grid._places) == grid.text(row, column)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_spreadsheet_shows_the_numbers_that_are_printed(example):
    document = explain_attention(explain(example), Selection(all_heads=True))
    data = render(document, "xlsx")
    assert isinstance(data, bytes)
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    cells = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    stored = np.sort([float(value) for value in cells if isinstance(value, int | float)])
    for section in document.sections:
        for grid in grids(section.blocks):
            for value in grid.values[np.isfinite(grid.values)].astype(float):
                nearest = np.clip(np.searchsorted(stored, [value - 1e-12]), 0, len(stored) - 1)[0]
                assert stored[nearest] == pytest.approx(value, abs=1e-12)
