"""Matrices whose rows and columns have labels, as `pellucid explain -o x.tex` sets them.

An array of two rows and two columns: the labels of the columns above, those of the rows at the left, the matrix.
"""

from __future__ import annotations

import re

from pellucid.checking.documents.latex_table import cells
from pellucid.checking.documents.mathematics import in_a_line
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.passages import Table

_COLUMNS = re.compile(r"&\s*\\begin\{matrix\}(.*?)\\end\{matrix\}\s*\\\\", re.DOTALL)
_ROWS = re.compile(r"\s*\\begin\{array\}\{[^\n]{0,40}\}\r?\n(.*?)\\end\{array\}\s*&", re.DOTALL)
_MATRIX = re.compile(r"[^&]{0,80}?\\begin\{[bp]?matrix\}(.*?)\\end\{[bp]?matrix\}", re.DOTALL)
_CAPTION_END = re.compile(r"\\\\(?:\[[^\]\n]{0,20}\])?\s*\$")


def labelled_matrices(mapped: MappedText) -> list[Table]:
    """The table that such an array in a `tabular` is, its caption above it; none if it is not one."""
    text = mapped.text
    columns = _COLUMNS.search(text)
    rows = _ROWS.match(text, columns.end()) if columns else None
    matrix = _MATRIX.match(text, rows.end()) if rows else None
    if not columns or not rows or not matrix:
        return []
    header = [in_a_line(cell).stripped() for cell in cells(mapped[slice(*columns.span(1))])[0]]
    labels = [in_a_line(row[0]).stripped() for row in cells(mapped[slice(*rows.span(1))])]
    numbers = [[in_a_line(cell).stripped() for cell in row] for row in cells(mapped[slice(*matrix.span(1))])]
    if len(labels) != len(numbers):
        return []
    caption_end = _CAPTION_END.search(text, 0, columns.start())
    start = text.find("}", 0, columns.start())  # after the columns of the tabular
    caption = ""
    if caption_end:
        caption = in_a_line(mapped[max(0, text.rfind("\n", 0, caption_end.start()), start) : caption_end.start()]).text
    corner = mapped[columns.start() : columns.start()]
    body = [(label, *row) for label, row in zip(labels, numbers, strict=True)]
    return [Table(((corner, *header), *body), " ".join(caption.split()).lstrip("} "))]
