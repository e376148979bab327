"""What holds for every reader: places, our own documents, any text, hostile texts."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlines import check, numbers_stand_where_they_say, texts
from pellucid import explain
from pellucid.checking.documents import open_source, read_document
from pellucid.checking.passages import Table
from pellucid.errors import InputError

FORMATS = ["markdown", "html", "latex", "rst", "text", "csv", "python", "c", "notebook"]
DERIVATION = explain("dog-on-the-mat")
OURS = {"markdown": DERIVATION.to_markdown(), "html": DERIVATION.to_html(), "latex": DERIVATION.to_latex(),
        "text": DERIVATION.to_text()}  # fmt: skip


@pytest.mark.parametrize("file_format", OURS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_our_own_documents(file_format, line_end):
    source = open_source("x", OURS[file_format].replace("\n", line_end).encode())
    parts = read_document(source, file_format)
    check(source, parts)
    assert numbers_stand_where_they_say(source, parts) > 200
    everything = "\n".join(text.text for text in texts(parts))
    assert "0.21/√3 = 0.1212" in everything
    rows = [[cell.text for cell in row] for part in parts if isinstance(part, Table) for row in part.rows]
    assert rows.count(["sitting", "0.1591", "0.1666", "0.1705", "0.1666", "0.1735", "0.1637"]) == 1


PIECES = [
    "0.25", "-1", "x", "\n", "\r\n", "\n\n", " ", "    ", "*", "**", "_", "$", "$$", "`", "```", "```python\n",
    "|", "|-|", "#", ">", "- ", "1. ", "[", "](a)", "\\", "\\frac{", "\\sqrt", "^{", "_{", "}", "{", "&",
    "\\\\", "\\begin{bmatrix}", "\\end{bmatrix}", "\\begin{tabular}{c}", "\\end{tabular}", "\\left[",
    "\\right]", "\\item ", "%", "<table>", "<tr>", "<td>", "</td>", "</table>", "<sup>", "</sup>", "<sub>",
    "<p>", "<math>", "<mfrac>", "<mn>", "</mn>", "</math>", "<pre>", "</pre>", "<!--", "-->", "&times;", "\"",
    "\"\"\"", "'", "//", "/*", "*/", "(", ")", "===", "---", ".. math::\n", "::\n", "+--+\n", "== ==\n", ",",
    ";", "\t", "\x1b[0m", "é", "😀", "\u2028", "\\section{", "\\caption{", "<dl>", "<dt>", "<dd>", "\\verb|",
    "\\text{", "<figure>", "<figcaption>", "\\newcommand{", "<ul>", "<li>", "</ul>",
]  # fmt: skip


@pytest.mark.parametrize("file_format", FORMATS)
@given(text=st.one_of(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.text(max_size=60)))
@settings(max_examples=60)
def test_any_text(file_format, text):
    name = {"python": "x.py", "c": "x.rs"}.get(file_format, "x")
    if file_format == "notebook":
        cell = {"cell_type": "markdown", "source": text, "outputs": []}
        code = {"cell_type": "code", "source": [text], "outputs": [{"data": {"text/html": text, "text/latex": text}}]}
        text = json.dumps({"cells": [cell, code]})
    try:
        source = open_source(name, text.encode())
        parts = read_document(source, file_format)
    except InputError:
        return
    check(source, parts)


HOSTILE = [
    "*", "**a", "$", "$a ", "$1$ ", "[", "](", "<", "<a ", "<a \"", "\\frac{", "\\frac{1}{", "|", "`", "_a",
    "{", "}", "\\begin{table}", "\\begin{equation}", "\\left[\\begin{array}{c}", "\\section{", "> ", "- ",
    "1. a\n", "<!--", "<sup>", "<table><td>", "<math><mrow>", "<pre>", "\\(", "\\[", "'", "\"\"\"", "/*", "\t",
    " ", "\n", "\r\n", "%", ",", "a|b\n-|-\n", ".. x::\n", "== ==\n", "+--+\n", ":math:`", "a\n=\n", "\\verb|",
    "&#", "\"a,",
]  # fmt: skip


@pytest.mark.parametrize("file_format", FORMATS[:-1])
def test_hostile_texts(file_format):
    """Twenty kilobytes each, under the checks of types; quadratic time would take minutes."""
    start = time.process_time()
    for piece in HOSTILE:
        source = open_source("x", (piece * (20_000 // len(piece))).encode())
        read_document(source, file_format)
    assert time.process_time() - start < 40
