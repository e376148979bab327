"""Tables of LaTeX."""

from __future__ import annotations

import re

from pellucid.checking.documents.mathematics import in_a_line
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.passages import Table

_TOKEN = re.compile(
    r"\\begin[ \t]*\{[A-Za-z]+\*?\}|\\end[ \t]*\{[A-Za-z]+\*?\}|\\tabularnewline\b|\\cr\b"
    r"|\\\\\*?(?:[ \t]*\[[^\]\n]{0,20}\])?|\\.|[{}&]",
    re.DOTALL,
)
_ROW = ("\\\\", "\\tabularnewline", "\\cr")
_OPTION = re.compile(r"\s*\[[^\]\n]{0,60}\]")
_ARGUMENT = re.compile(r"\s*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]{0,50}\}){0,100}\}){0,400}\}")


def cells(mapped: MappedText) -> list[list[MappedText]]:
    """The cells of a table or matrix, as they stand there; the last row is left out if nothing is in it."""
    rows: list[list[MappedText]] = [[]]
    begin = depth = 0
    for found in _TOKEN.finditer(mapped.text):
        written = found.group()
        if written == "{" or (written.startswith("\\begin") and written != "\\b"):
            depth += 1
        elif written == "}" or (written.startswith("\\end") and written != "\\e"):
            depth = max(0, depth - 1)
        elif not depth and (written == "&" or written.startswith(_ROW)):
            rows[-1].append(mapped[begin : found.start()])
            begin = found.end()
            if written != "&":
                rows.append([])
    rows[-1].append(mapped[begin : len(mapped)])
    return rows


def read_tabular(mapped: MappedText, *, has_width: bool = False) -> list[Table]:
    """The table in the body of a `tabular`, which begins with its columns."""
    position = 0
    if option := _OPTION.match(mapped.text):
        position = option.end()
    for _ in range(2 if has_width else 1):
        if argument := _ARGUMENT.match(mapped.text, position):
            position = argument.end()
    rows = []
    for row in cells(mapped[position : len(mapped)]):
        written = tuple(in_a_line(cell.stripped(), prose=True).stripped() for cell in row)
        if any(cell.text for cell in written):
            rows.append(written)
    return [Table(tuple(rows))] if rows else []
