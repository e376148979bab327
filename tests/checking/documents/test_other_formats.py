import json

import pytest

from outlines import outline, read
from pellucid.errors import InputError


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Title\n=====\n\none\ntwo\n\nthree", [("heading", "Title"), ("prose", "one\ntwo"), ("prose", "three")]),
        ("2. SCORES AND WEIGHTS\n\nx", [("heading", "2. SCORES AND WEIGHTS"), ("prose", "x")]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", [[["a", "b"], ["1", "2"]]]),
        ("a\tb\n1\t2", [[["a", "b"], ["1", "2"]]]),
        ("  scores\n        a    b\n  x   0.1  0.2", [("prose", "  scores\n        a    b\n  x   0.1  0.2")]),
        ("a | b is nothing", [("prose", "a | b is nothing")]),
    ],
)
def test_text(written, expected):
    assert outline(read(written, "text")) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Title\n=====\n\n*a* ``b`` :math:`\\frac{1}{3}`", [("heading", "Title"), ("prose", "a b 1/3")]),
        ("so::\n\n  0.1  0.2\n\nend", [("prose", "so:"), ("verbatim", "0.1  0.2"), ("prose", "end")]),
        (".. math::\n\n   a = 1\n\n   b = 2", [("mathematics", "a = 1"), ("mathematics", "b = 2")]),
        (".. code-block:: python\n\n   x = 1", [("code", "x = 1")]),
        (".. a comment\n   0.1\n\ntext", [("prose", "text")]),
        ("+---+---+\n| a | b |\n+===+===+\n| 1 | 2 |\n+---+---+\n", [[["a", "b"], ["1", "2"]]]),
        ("===  ===\na    b\n===  ===\n1    2\n3    4\n===  ===\n", [[["a", "b"], ["1", "2"], ["3", "4"]]]),
        (".. list-table:: C\n   :header-rows: 1\n\n   * - a\n     - b\n   * - 1\n     - 2", [[["a", "b"], ["1", "2"]]]),
        (".. csv-table:: C\n\n   a, b\n   1, 2", [[["a", "b"], ["1", "2"]]]),
        ("0.3*0.1 + 0.4*0.3", [("prose", "0.3*0.1 + 0.4*0.3")]),
    ],
)
def test_rst(written, expected):
    assert outline(read(written, "rst")) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("# one\n# two\nx = 1  # three\n", [("comment", "one\ntwo"), ("code", "x = 1"), ("comment", "three")]),
        ('def f():\n    """0.1 = 0.1"""\n', [("code", "def f():"), ("comment", "0.1 = 0.1")]),
        ("x = [\n 1,\n\n 2]\n\ny = '# no'", [("code", "x = [\n 1,\n\n 2]"), ("code", "y = '# no'")]),
        ('"""\n>>> 0.1\n0.1\n"""', [("code", "0.1"), ("output", "0.1")]),
        ('x = """', [("code", 'x = """')]),
    ],
)
def test_python(written, expected):
    assert outline(read(written, "python", "x.py")) == expected


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("x.c", 'a = 1; // one\nb = "//"; /* two\n * three */', ["one", "two\nthree"]),
        ("x.rs", "/// doc\n//! more\nfn f<'a>() {}\n/* a /* b */ c */", ["doc\nmore", "a /* b */ c"]),
    ],
)
def test_comments(name, written, expected):
    assert [text for kind, text in outline(read(written, "c", name)) if kind == "comment"] == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a,b\n1,2\n\nc\n3\n", [[["a", "b"], ["1", "2"]], [["c"], ["3"]]]),
        ('a;b\n0,5;"x ""y"" 1"\n', [[["a", "b"], ["0.5", 'x "y" 1']]]),
        ("a\tb\r\n1\t2\r\n", [[["a", "b"], ["1", "2"]]]),
        ('"a,b\nc",2', [[["a,b\nc", "2"]]]),
        (
            "On one side, 2 words\n\nso, that\n\nof it, we\n\nQ\n0,1;0,2\n0,3;0,4\n",
            [
                [["On one side, 2 words"]],
                [["so, that"]],
                [["of it, we"]],
                [["Q"], ["0.1", "0.2"], ["0.3", "0.4"]],
            ],
        ),
    ],
)
def test_csv(written, expected):
    assert outline(read(written, "csv")) == expected


def notebook(*cells: dict[str, object]) -> str:
    return json.dumps({"metadata": {"language_info": {"name": "python"}}, "cells": cells}, indent=1)


def test_notebook():
    written = notebook(
        {"cell_type": "markdown", "source": ["# T é\n", "\n", "so $\\frac{1}{3}$ × 0.25"]},
        {
            "cell_type": "code",
            "source": "x = 0.5 # c",
            "outputs": [
                {"output_type": "stream", "text": ["0.125\n"]},
                {"output_type": "execute_result", "data": {"text/plain": "0.75", "text/latex": "no"}},
                {"output_type": "display_data", "data": {"text/html": "<table><tr><td>1"}},
                {"output_type": "display_data", "data": {"text/latex": "$$\\frac{1}{2}$$"}},
                {"output_type": "display_data", "data": {"text/markdown": "**0.5**"}},
            ],
        },
    )
    assert outline(read(written, "notebook")) == [
        ("heading", "T é"), ("prose", "so 1/3 × 0.25"), ("code", "x = 0.5"), ("comment", "c"), ("output", "0.125"),
        ("output", "0.75"), [["1"]], ("mathematics", "1/2"), ("prose", "0.5"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "written", ["", "{", '{"a": [1,]}', "[" * 100_000, "[]", "{}", '{"cells": 1}', '{"a": ' + "1" * 5000]
)
def test_no_notebook(written):
    with pytest.raises(InputError, match="JSON"):
        read(written, "notebook")
