"""Spreadsheets as tests read them, and LibreOffice, which computes them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from pellucid import Derivation
from pellucid.derivation import Step


def block(sheet: Worksheet, name: str) -> list[list[Cell]]:
    """The cells that a name stands for."""
    cells = sheet[sheet.defined_names[name].attr_text.rpartition("!")[2]]
    return [[cells]] if isinstance(cells, Cell) else [list(row) for row in cells]


def cells_of(sheet: Worksheet, step: Step) -> Iterator[tuple[tuple[int, ...], Cell]]:
    """Every index of a step, with its cell."""
    has_heads = len(step.shape) == 3
    names = [f"{step.name}_head_{head}" for head in range(step.shape[0])] if has_heads else [step.name]
    blocks = [block(sheet, name) for name in names]
    for index in np.ndindex(step.shape):
        *head, row, column = index if len(index) > 1 else (0, *index)
        yield index, blocks[head[0] if head else 0][row][column]


def values_of(sheet: Worksheet, step: Step) -> Any:
    """The numbers in a step's cells, and -inf for what stands for it."""
    values = np.empty(step.shape)
    for index, cell in cells_of(sheet, step):
        values[index] = np.nan if cell.value is None else cell.value
    return np.where(values < -1e200, -np.inf, values)


def assert_same(sheet: Worksheet, derivation: Derivation, rtol: float = 1e-12) -> None:
    for step in derivation:
        expected = step.value.astype(float)
        np.testing.assert_allclose(values_of(sheet, step), expected, rtol=rtol, atol=1e-12, err_msg=step.name)


def convert(soffice: str, folder: Path, to: str, suffix: str) -> None:
    """Have LibreOffice compute every workbook of a folder and write the results beside it."""
    command = [soffice, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", to]
    files = [str(path) for path in sorted(folder.glob("*.xlsx"))]
    subprocess.run([*command, "--outdir", str(folder / suffix), *files], check=True, capture_output=True, timeout=180)
