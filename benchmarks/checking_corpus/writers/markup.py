"""HTML and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checking_corpus.dialects import Html, Latex
from checking_corpus.writer import Cells, Writer
from checking_corpus.writers.text import bracketed, closed


class HtmlWriter(Writer):
    """A page."""

    extension = "html"
    dialects = (Html,)

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.matrix_as = self.random.choice(("pre", "table", "line"))
        self.equations_as = self.random.choice(("p", "li", "br"))
        self.is_tidy = self.random.random() < 0.5
        self.parts = ["<!DOCTYPE html>", '<html lang="en"><head><meta charset="utf-8">', "<title>Attention</title>"]
        self.parts += ["<style>td { padding: 4px 12px; color: #333 } .q { width: 33.3% }</style></head><body>"]

    def heading(self, text: str, level: int = 2) -> None:
        self.parts.append(f"<h{level}>{text}</h{level}>")

    def para(self, text: str) -> None:
        self.parts.append(f"<p>{text}</p>")

    def items(self, lines: Sequence[str]) -> None:
        self.parts += ["<ul>", *(f"  <li>{line}</li>" for line in lines), "</ul>"]

    def equations(self, lines: Sequence[str]) -> None:
        if self.equations_as == "li":
            self.items(lines)
        elif self.equations_as == "br":
            self.parts += ["<p>", *(f"{line}<br>" for line in lines), "</p>"]
        else:
            self.parts += [f'<p class="eq">{line}</p>' for line in lines]

    def matrix(self, name: str, rows: Cells) -> None:
        if self.matrix_as == "pre":
            self.parts += ["<pre>" + "\n".join(closed(bracketed(name, rows))) + "</pre>"]
        elif self.matrix_as == "line":
            self.parts.append(f"<p>{name} = {self.m.matrix(rows)}</p>")
        else:
            self.parts += [f"<p>{name} =</p>", *self._table([], rows)]

    def table(self, caption: str, header: Sequence[str], rows: Cells) -> None:
        inside = [f"<caption>{caption}</caption>"] if self.is_tidy else []
        if not self.is_tidy:
            self.para(caption)
        self.parts += self._table(header, rows, inside)

    def _table(self, header: Sequence[str], rows: Cells, inside: list[str] | None = None) -> list[str]:
        lines = ["<table>", *(inside or [])]
        if header:
            lines.append("<tr>" + "".join(f"<th>{cell}</th>" for cell in header) + "</tr>")
        for row in rows:
            if self.is_tidy:
                lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>")
            else:
                lines += ["<tr>", *(f'  <td class="q">{cell}</td>' for cell in row), "</tr>"]
        return [*lines, "</table>"]

    def code(self, lines: Sequence[str], language: str = "python") -> None:
        text = "\n".join(line.replace("&", "&amp;").replace("<", "&lt;") for line in lines)
        self.parts.append(f'<pre><code class="language-{language}">{text}</code></pre>')

    def output(self, text: str) -> None:
        self.parts.append(f'<pre class="output">{text}</pre>')

    def finished(self) -> str:
        return "\n".join([*self.parts, "<p>&copy; 2023, version 1.4</p>", "</body></html>"]) + "\n"


class LatexWriter(Writer):
    """A LaTeX article."""

    extension = "tex"
    dialects = (Latex,)

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.equations_as = self.random.choice(("align*", "align", "single"))
        self.parts = [r"\documentclass[11pt]{article}", r"\usepackage{amsmath}", r"\begin{document}", ""]

    def math(self, text: str) -> str:
        return f"${text}$"

    def heading(self, text: str, level: int = 2) -> None:
        self.parts += [rf"\{'sub' * max(level - 2, 0)}section{{{text}}}", ""]

    def para(self, text: str) -> None:
        self.parts += [text, ""]

    def items(self, lines: Sequence[str]) -> None:
        self.parts += [r"\begin{itemize}", *(rf"  \item {line}" for line in lines), r"\end{itemize}", ""]

    def equations(self, lines: Sequence[str]) -> None:
        if self.equations_as == "single":
            for line in lines:
                self.parts += [r"\[", f"  {line}", r"\]"]
        else:
            body = " \\\\\n".join("  " + line.replace(" = ", " &= ", 1) for line in lines)
            self.parts += [rf"\begin{{{self.equations_as}}}", body, rf"\end{{{self.equations_as}}}"]
        self.parts.append("")

    def matrix(self, name: str, rows: Cells) -> None:
        self.parts += [r"\[", f"  {name} = {self.m.matrix(rows)}", r"\]", ""]

    def table(self, caption: str, header: Sequence[str], rows: Cells) -> None:
        rows = [[f"${cell}$" if "\\" in cell and "$" not in cell else cell for cell in row] for row in rows]
        self.parts += [r"\begin{table}[h]", rf"  \caption{{{caption.replace('d_k', '$d_k$')}}}"]
        self.parts += [rf"  \begin{{tabular}}{{l{'r' * (len(header) - 1)}}}", r"    \hline"]
        self.parts += [f"    {' & '.join(header)} \\\\", r"    \hline"]
        self.parts += [f"    {' & '.join(row)} \\\\" for row in rows]
        self.parts += [r"    \hline", r"  \end{tabular}", r"\end{table}", ""]

    def code(self, lines: Sequence[str], language: str = "python") -> None:
        self.parts += [r"\begin{verbatim}", *lines, r"\end{verbatim}", ""]

    def output(self, text: str) -> None:
        self.parts += [r"\begin{verbatim}", text, r"\end{verbatim}", ""]

    def finished(self) -> str:
        return "\n".join([*self.parts, r"\end{document}"]) + "\n"
