"""What introduces a list is known to all that stands in it."""

import pytest

from outlines import read
from pellucid.checking.passages import Passage


def leads(written: str, file_format: str) -> list[tuple[str, str]]:
    return [(part.text.text, part.lead) for part in read(written, file_format) if isinstance(part, Passage)]


@pytest.mark.parametrize(
    ("written", "file_format"),
    [
        ("Given:\n\n- Keys:\n  - the: [1]\n  - cat: [2]\n- end\n\nafter", "markdown"),
        ("Given:\n- Keys:\n\n  - the: [1]\n\n  - cat: [2]\n\n- end\n\nafter", "markdown"),
        ("> Given:\n>\n> 1. Keys:\n>     * the: [1]\n>     * cat: [2]\n> 2. end\n\nafter", "markdown"),
        ("Given:\n\n- Keys:\n\n  - the: [1]\n  - cat: [2]\n\n- end\n\nafter", "rst"),
        (
            "<p>Given:<ul><li><p>Keys:</p><ol><li>the: [1]</li><li>cat: [2]</li></ol></li><li>end</li></ul><p>after",
            "html",
        ),
        (
            "Given:\n\\begin{itemize}\n\\item Keys:\n\\begin{enumerate}[a]\n\\item the: [1]\n\n\\item cat: [2]\n"
            "\\end{enumerate}\n\\item end\n\\end{itemize}\nafter",
            "latex",
        ),
        ("<p>Given:</p>\n<ul>\n<li>Keys:\n<ul>\n<li>the: [1]<li>cat: [2]\n</ul>\n<li>end\n</ul>\n<p>after</p>", "html"),
    ],
)
def test_items_know_the_line_that_introduces_their_list(written, file_format):
    assert leads(written, file_format) == [
        ("Given:", ""),
        ("Keys:", "Given:"),
        ("the: [1]", "Keys:"),
        ("cat: [2]", "Keys:"),
        ("end", "Given:"),
        ("after", ""),
    ]


@pytest.mark.parametrize(
    ("written", "file_format", "expected"),
    [
        ("one\ntwo\n\n- a", "markdown", [("one\ntwo", ""), ("a", "two")]),
        ("one\n\n# T\n\n- a", "markdown", [("one", ""), ("T", ""), ("a", "")]),
        ("one\n\n```\nx\n```\n- a", "markdown", [("one", ""), ("x", ""), ("a", "")]),
        ("one\n\n- a\n\n* b", "markdown", [("one", ""), ("a", "one"), ("b", "one")]),
        ("- a\n- - b", "markdown", [("a", ""), ("b", "")]),
        ("one\n\n- - b", "markdown", [("one", ""), ("b", "one")]),
        ("- a\n\n  ```\n  x\n  ```\n  - b", "markdown", [("a", ""), ("x", ""), ("b", "")]),
        ("one\n\n- a\n\n  ```\n  x\n  ```", "markdown", [("one", ""), ("a", "one"), ("x", "one")]),
        ("one\n\n.. math::\n\n   x\n\n- a", "rst", [("one", ""), ("x", ""), ("a", "")]),
        ("<h2>one</h2><ul><li>a</ul>", "html", [("one", ""), ("a", "")]),
        ("<p>one<ul><li>a</ul><ul><li>b</ul>", "html", [("one", ""), ("a", "one"), ("b", "one")]),
        ("<p>one<ul><li>a</ul><p>two<ul><li>b</ul>", "html", [("one", ""), ("a", "one"), ("two", ""), ("b", "two")]),
        ("<p>one<ul><li>a<ul><li>b</ul><li><ul><li>c</ul></ul>", "html",
         [("one", ""), ("a", "one"), ("b", "a"), ("c", "one")]),
        ("one \\begin{itemize}\\item a\\end{itemize} \\begin{enumerate}\\item b\\end{enumerate}", "latex",
         [("one", ""), ("a", "one"), ("b", "one")]),
        ("one \\begin{itemize}\\item a \\item \\begin{itemize}\\item b\\end{itemize}\\end{itemize}", "latex",
         [("one", ""), ("a", "one"), ("b", "one")]),
        ("\\section{one} \\begin{itemize}\\item a\\end{itemize}", "latex", [("one", ""), ("a", "")]),
        ("</ul><li>a<ul>b", "html", [("a", ""), ("b", "a")]),
    ],
)  # fmt: skip
def test_what_introduces_a_list_stands_right_before_it(written, file_format, expected):
    assert leads(written, file_format) == expected


def test_a_matrix_in_an_item_leaves_the_rest_of_it_as_it_was():
    written = "Keys:\n\n- the:\n\n  ```\n  so\n  1.0  2.0  3.0\n  4.0  5.0  6.0\n\n  rest\n  ```"
    assert ("rest", "Keys:") in [(text.strip(), lead) for text, lead in leads(written, "markdown")]
