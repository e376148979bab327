import re
import subprocess
from decimal import Decimal
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from markdown_it import MarkdownIt

from pellucid import Example, explain
from pellucid.expressions import Number
from pellucid.numbers import Notation
from pellucid.rendering import Appearance, render
from pellucid.rendering.document import (
    Beside,
    Code,
    Document,
    Grid,
    Grids,
    Line,
    Paragraph,
    Section,
    Table,
    Working,
)
from pellucid.rendering.explanation import Selection, explain_attention

HOSTILE = [
    "|",
    "*a*",
    "_b_",
    "`c`",
    "<d>",
    "\\",
    "e\nf",
    "$g$",
    "[h](i)",
    "#",
    "&amp;",
    "~~j~~",
    "",
    "中👩",
    "- k",
    "1. l",
]
SPELLED = {"e\nf": "e↵f", "": "∅"}  # what stands for a token that cannot be shown as it is


@cache
def document_of(name, **selection):
    """The document about a shipped example, or about hostile tokens."""
    derivation = explain(name) if name != "hostile" else hostile()
    return explain_attention(derivation, Selection(**selection))


def hostile():
    n = len(HOSTILE)
    rows = np.arange(2.0 * n).reshape(n, 2) / n
    return explain(Example(title="*T* $1 <b>", purpose="1. _p_\n- q", tokens=HOSTILE, query=rows, key=rows, value=rows))


@cache
def markdown(document):
    return render(document, "markdown", Appearance())


def document_with(*blocks):
    return Document("title", "", (Section("section", blocks),), Notation(4), ())


def parsed(text):
    """The syntax tree of an independent reader of Markdown, which knows no mathematics."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def words(inline):
    return "".join(token.content for token in inline.children if token.type in ("text", "code_inline"))


def tables(text):
    """Each as rows of cell texts, the header first."""
    found = []
    tokens = parsed(text)
    for before, token in pairwise(tokens):
        if before.type == "table_open":
            found.append([])
        if before.type == "tr_open":
            found[-1].append([])
        if token.type == "inline" and before.type in ("th_open", "td_open"):
            found[-1][-1].append(words(token))
    return found


def grids(blocks):
    for block in blocks:
        match block:
            case Grid():
                yield block
            case Grids():
                yield from block.grids
            case Beside():
                yield from grids((*block.left, *block.right))


def every_grid(document):
    return [grid for section in document.sections for grid in grids(section.blocks)]


def displays(text):
    return re.findall(r"^\$\$\n(.*?)\n\$\$$", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    "name", ["dog-on-the-mat", "complete-sentence", "self-and-cross", "text-generation", "fully-masked-row"]
)
def test_tables_hold_the_numbers_of_every_matrix(name):
    document = document_of(name, all_heads=True)
    shown = [table for table in tables(markdown(document)) if table[0][0] not in ("", "element")]
    assert len(shown) == len(every_grid(document))
    for table, grid in zip(shown, every_grid(document), strict=True):
        rows, columns = grid.shape
        assert table[0][1:] == [grid.column_label(column) for column in range(columns)]
        assert [row[1:] for row in table[1:]] == [[grid.text(r, c) for c in range(columns)] for r in range(rows)]
        assert [row[0] for row in table[1:]] == [grid.row_label(row) for row in range(rows)]


def test_the_row_of_the_focus_is_bold():
    text = markdown(document_of("dog-on-the-mat"))
    numbers = ("0.1591", "0.1666", "0.1705", "0.1666", "0.1735", "0.1637")
    assert f"| **sitting** | {' | '.join(f'**{number}**' for number in numbers)} |" in text


def test_the_row_of_the_focus_is_spelled_out():
    text = markdown(document_of("dog-on-the-mat"))
    assert r"\text{sitting · The} &= 0.3 \cdot 0.1 + 0.4 \cdot 0.3 + 0.1 \cdot 0.6 = \mathbf{0.21} \cr" in text
    assert r"\text{The} &= \frac{e^{0.21/\sqrt{3}}}{7.0963} = \frac{1.1289}{7.0963} = \mathbf{0.1591} \cr" in text


def test_any_token_reads_back_from_every_table():
    document = document_of("hostile")
    for table, grid in zip(tables(markdown(document)), every_grid(document), strict=True):
        labels = [grid.row_label(row) for row in range(grid.shape[0])]
        assert [row[0] for row in table[1:]] == [SPELLED.get(label, label) for label in labels]


def test_titles_and_purposes_stay_words():
    tokens = parsed(markdown(document_of("hostile")))
    assert [token.type for token in tokens[:6:2]] == ["heading_open", "heading_close", "inline"]
    assert words(tokens[1]) == "*T* $1 <b>"
    assert words(tokens[4]) == "1. _p_↵- q"


def test_no_tag_comes_from_a_token():
    tags = {
        child.content
        for token in parsed(markdown(document_of("hostile")))
        for child in [token, *(token.children or ())]
        if child.type in ("html_inline", "html_block", "link_open", "em_open", "s_open", "code_inline")
    }
    assert tags == {"<span>", "</span>"}  # around a dollar sign


@pytest.mark.parametrize("name", ["complete-sentence", "hostile"])
def test_markdown_leaves_mathematics_untouched(name):
    text = markdown(document_of(name))
    shown = displays(text)
    assert text.count("$$") == 2 * len(shown) > 0
    paragraphs = [token for token in parsed(text) if token.type == "inline" and token.content.startswith("$$")]
    assert [token.content for token in paragraphs] == [f"$$\n{mathematics}\n$$" for mathematics in shown]
    for token in paragraphs:
        assert {child.type for child in token.children} == {"text", "softbreak"}
        assert "\n".join(child.content for child in token.children if child.type == "text") == token.content


def test_mathematics_holds_nothing_that_markdown_or_html_knows():
    for name in ("complete-sentence", "hostile"):
        text = markdown(document_of(name))
        inline = re.findall(r"(?<![\\$])\$([^$\n]+)\$(?!\$)", re.sub(r"<span>\\\$</span>", "", text))
        assert inline
        for mathematics in (*displays(text), *inline):
            assert not re.search(r"[<>*`]|\\[^A-Za-z]|\S_|_\S|^\s*[-+]\s", mathematics, flags=re.MULTILINE)


def test_the_mathematics_is_latex(pdflatex, tmp_path):
    text = markdown(document_of("complete-sentence"))
    body = (
        "\n".join(rf"\[{mathematics}\]" for mathematics in displays(text)).replace("·", r"$\cdot$").replace("ˍ", r"\_")
    )
    source = rf"\documentclass{{article}}\usepackage{{amsmath}}\begin{{document}}{body}\end{{document}}"
    (tmp_path / "mathematics.tex").write_text(source)
    command = [pdflatex, "-halt-on-error", "-interaction=nonstopmode", "mathematics.tex"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert result.returncode == 0, result.stdout[-2000:]


def test_large_matrices_are_windowed_and_say_so():
    scores = explain(Example(scores=np.arange(40.0 * 30).reshape(40, 30), scale=1.0))["scores"]
    text = markdown(document_with(Grid(scores, "scores", marked_row=33)))
    (table,) = tables(text)
    assert [row[0] for row in table[1:]] == [*map(str, range(21)), "⋮", "33", "⋮", "39"]
    assert table[0][1:] == [*map(str, range(14)), "…", "29"]
    assert table[-3][1:] == [*(str(33 * 30 + column) for column in range(14)), "…", str(33 * 30 + 29)]
    assert table[-2][1] == "⋮"
    assert "(17 more rows and 15 more columns)" in text


def test_a_working_says_how_many_lines_are_left_out():
    line = Line("a", (), Number(Decimal(7)))
    assert markdown(document_with(Working((line,), (1_028, "keys")))).endswith("$$\n\n… and 1,028 more keys\n")


def test_what_is_to_be_filled_in_is_blank():
    text = markdown(document_of("dog-on-the-mat", blanks=frozenset({"weights"})))
    assert "0.1735" not in text
    assert "| **sitting** | ____ | ____ | ____ | ____ | ____ | ____ |" in text
    assert r"\text{dog} &= \underline{\qquad\qquad} \cr" in text
    weights = next(table for table in tables(text) if "____" in table[1])
    assert all(cell == "____" for row in weights[1:] for cell in row[1:])


def test_notes_are_alerts():
    assert "> [!NOTE]\n> “\\<pad\\>” may attend to nothing" in markdown(document_of("fully-masked-row"))


def test_two_derivations_stand_one_after_the_other():
    text = markdown(document_of("self-and-cross"))
    softmax = text.split("## 5. Softmax")[1].split("## 6.")[0]
    assert re.findall("^### (.*)$", softmax, flags=re.MULTILINE) == ["Self-attention", "Cross-attention"]
    assert [table[0][1:] for table in tables(softmax)] == [["The", "dog", "sits"], ["Der", "Hund"]]


def test_tables_of_words_are_escaped_too():
    table = Table(("element", "a|b"), (("weights[*x*, _y_]", "0.5"),))
    assert tables(markdown(document_with(table))) == [[list(table.header), list(table.rows[0])]]


def test_code_is_kept_as_it_is():
    text = markdown(document_with(Paragraph(("see ", Code("a`_b_`"), "."))))
    paragraph = parsed(text)[-2]
    assert [child.content for child in paragraph.children] == ["see ", "a`_b_`", "."]
