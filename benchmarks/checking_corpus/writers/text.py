"""Markdown, notebooks, plain text and reStructuredText."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from checking_corpus.dialects import Latex, Plain
from checking_corpus.writer import Cells, Writer, bare


def aligned(rows: Cells, gap: str = "  ") -> list[str]:
    """Cells in columns of equal width."""
    widths = [max(len(bare(row[j])) for row in rows) for j in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [" " * (width - len(bare(cell))) + cell for cell, width in zip(row, widths, strict=True)]
        lines.append(gap.join(cells).rstrip())
    return lines


def bracketed(name: str, rows: Cells) -> list[str]:
    """`Q = [[1, 0],` and the other rows under it."""
    start = f"{name} = [["
    lines = [", ".join(row) for row in rows]
    return [(start if i == 0 else " " * (len(bare(start)) - 1) + "[") + line + "]," for i, line in enumerate(lines)]


def closed(lines: list[str]) -> list[str]:
    """The last row's comma is the closing bracket."""
    return [*lines[:-1], lines[-1][:-1] + "]"]


class MarkdownWriter(Writer):
    """Markdown; mathematics as text or between dollars."""

    extension = "md"
    dialects = (Plain, Plain, Latex)

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.fence = self.random.choice(("```", "```text", "```"))
        self.list_as = self.random.choice(("bullets", "lines", "fence"))
        self.emphasis = self.random.choice(("", "**"))

    @property
    def is_latex(self) -> bool:
        return isinstance(self.m, Latex)

    def math(self, text: str) -> str:
        return f"${text}$" if self.is_latex else text

    def heading(self, text: str, level: int = 2) -> None:
        self.parts += ["#" * level + " " + text, ""]

    def para(self, text: str) -> None:
        self.parts += [text, ""]

    def items(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.parts += [f"- {line}"] if self.list_as != "lines" else [line, ""]
        self.parts.append("")

    def equations(self, lines: Sequence[str]) -> None:
        if self.is_latex:
            if self.list_as == "fence":
                body = " \\\\\n".join(line.replace(" = ", " &= ", 1) for line in lines)
                self.parts += ["$$", r"\begin{aligned}", body, r"\end{aligned}", "$$", ""]
            else:
                for line in lines:
                    self.parts += [f"$${line}$$", ""]
        elif self.list_as == "fence":
            self.parts += [self.fence, *lines, "```", ""]
        else:
            self.items(lines)

    def matrix(self, name: str, rows: Cells) -> None:
        if self.is_latex:
            self.parts += ["$$", f"{name} = {self.m.matrix(rows)}", "$$", ""]
        elif self.list_as == "lines" and len(rows) < 5:
            self.parts += [f"{name} = {self.m.matrix(rows)}", ""]
        else:
            self.parts += [self.fence, *closed(bracketed(name, rows)), "```", ""]

    def table(self, caption: str, header: Sequence[str], rows: Cells) -> None:
        self.parts += [f"{self.emphasis}{caption}{self.emphasis}", ""]
        rows = [[f"${cell}$" if "\\" in cell and "$" not in cell else cell for cell in row] for row in rows]
        self.parts += [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
        self.parts += [f"| {self.emphasis}{row[0]}{self.emphasis} | {' | '.join(row[1:])} |" for row in rows] + [""]

    def code(self, lines: Sequence[str], language: str = "python") -> None:
        self.parts += [f"```{language}", *lines, "```", ""]

    def output(self, text: str) -> None:
        if self.list_as == "bullets":
            self.parts += ["Output:", ""]
        self.parts += [self.fence, text, "```", ""]


class NotebookWriter(MarkdownWriter):
    """A Jupyter notebook: Markdown cells, and code cells with what they printed."""

    extension = "ipynb"
    dialects = (Plain, Latex)

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.cells: list[dict[str, Any]] = []
        self.shows_values = self.random.random() < 0.4

    def _flush(self) -> None:
        text = "\n".join(self.parts).strip("\n")
        self.parts.clear()
        if text:
            self.cells.append({"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)})

    def heading(self, text: str, level: int = 2) -> None:
        self._flush()
        super().heading(text, level)

    def code(self, lines: Sequence[str], language: str = "python") -> None:
        self._flush()
        source = "\n".join(lines).splitlines(keepends=True)
        count = sum(cell["cell_type"] == "code" for cell in self.cells) + 1
        cell = {"cell_type": "code", "execution_count": count, "metadata": {}, "outputs": [], "source": source}
        self.cells.append(cell)

    def output(self, text: str) -> None:
        cell = self.cells[-1]
        if self.shows_values:
            result = {"data": {"text/plain": text.splitlines(keepends=True)}, "metadata": {}}
            result |= {"execution_count": cell["execution_count"], "output_type": "execute_result"}
            cell["outputs"].append(result)
            return
        lines = (text + "\n").splitlines(keepends=True)
        cell["outputs"].append({"name": "stdout", "output_type": "stream", "text": lines})

    def finished(self) -> str:
        self._flush()
        metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        book = {"cells": self.cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        for number, cell in enumerate(self.cells):
            cell["id"] = f"cell-{number}"
        return json.dumps(book, ensure_ascii=False, indent=1) + "\n"


class TextWriter(Writer):
    """A plain text file."""

    extension = "txt"

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.indent = self.random.choice(("", "  ", "    "))
        self.grid = self.random.choice(("brackets", "brackets", "one line"))
        self.shows_values = self.extension == "txt" and self.random.random() < 0.5

    def heading(self, text: str, level: int = 2) -> None:
        self.parts += [text, ("=" if level == 1 else "-") * len(text), ""]

    def para(self, text: str) -> None:
        self.parts += [text, ""]

    def items(self, lines: Sequence[str]) -> None:
        self.parts += [self.indent + line for line in lines] + [""]

    equations = items

    def matrix(self, name: str, rows: Cells) -> None:
        lines = closed(bracketed(name, rows)) if self.grid == "brackets" else [f"{name} = {self.m.matrix(rows)}"]
        self.items(lines)

    def table(self, caption: str, header: Sequence[str], rows: Cells) -> None:
        self.para(f"{caption}:")
        self.items(aligned([header, *rows], "   "))

    def code(self, lines: Sequence[str], language: str = "python") -> None:
        self.parts += [f">>> {line}" for line in lines]

    def output(self, text: str) -> None:
        self.parts += [text, ""]


class RstWriter(TextWriter):
    """reStructuredText."""

    extension = "rst"
    dialects = (Plain, Latex)

    def math(self, text: str) -> str:
        return f":math:`{text}`" if isinstance(self.m, Latex) else text

    def items(self, lines: Sequence[str]) -> None:
        self.parts += [f"* {line}" for line in lines] + [""]

    def equations(self, lines: Sequence[str]) -> None:
        if isinstance(self.m, Latex):
            for line in lines:
                self.parts += [".. math::", "", f"   {line}", ""]
        else:
            self.parts += ["::", "", *(f"   {line}" for line in lines), ""]

    def matrix(self, name: str, rows: Cells) -> None:
        if isinstance(self.m, Latex):
            self.equations([f"{name} = {self.m.matrix(rows)}"])
        else:
            self.equations(closed(bracketed(name, rows)))

    def table(self, caption: str, header: Sequence[str], rows: Cells) -> None:
        if self.grid == "brackets":
            self.parts += [f".. list-table:: {caption}", "   :header-rows: 1", ""]
            for row in [header, *rows]:
                self.parts += [f"   {'* -' if j == 0 else '  -'} {cell}" for j, cell in enumerate(row)]
            self.parts.append("")
            return
        widths = [max(len(bare(row[j])) for row in [header, *rows]) for j in range(len(header))]
        rule = "  ".join("=" * max(width, 3) for width in widths)

        def line(row: Sequence[str]) -> str:
            pairs = zip(row, widths, strict=True)
            return "  ".join(cell + " " * (max(width, 3) - len(bare(cell))) for cell, width in pairs).rstrip()

        self.parts += [caption, "", rule, line(header), rule, *(line(row) for row in rows), rule, ""]

    def code(self, lines: Sequence[str], language: str = "python") -> None:
        self.parts += [f".. code-block:: {language}", "", *(f"   {line}" for line in lines), ""]

    def output(self, text: str) -> None:
        self.parts += ["::", "", *(f"   {line}" for line in text.splitlines()), ""]
