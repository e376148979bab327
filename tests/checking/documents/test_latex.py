import pytest

from outlines import outline, read


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "\\documentclass{a}\\title{T}\n0.1\\begin{document}"
            "\n\\section{S}\nText 50\\% $x_{1}$ % no 0.2\nmore\n\nnext\\end{document}0.3",
            [("heading", "T"), ("heading", "S"), ("prose", "Text 50% x_1 \nmore"), ("prose", "next")],
        ),
        ("\\begin{equation}\\label{e}\n\\frac{1}{2}\n\\end{equation}", [("mathematics", "1/2")]),
        ("\\begin{align*}\na &= 1 \\\\\nb &= 2\n\\end{align*}", [("mathematics", "a  = 1 \nb  = 2")]),
        ("so \\[ x \\] and $$ y $$", [("prose", "so"), ("mathematics", "x"), ("prose", "and"), ("mathematics", "y")]),
        (
            "\\begin{tabular}{l|rr}\n\\hline\n & a & b \\\\ \\hline\n\\textbf{x} & $0.1$ & 0.2 \\\\\n\\end{tabular}",
            [[["", "a", "b"], ["x", "0.1", "0.2"]]],
        ),
        ("\\begin{verbatim}\n% 0.1\n\\end{verbatim}", [("verbatim", "% 0.1")]),
        ("\\begin{lstlisting}[language=Python]\nx = 1 # c\n\\end{lstlisting}", [("code", "x = 1"), ("comment", "c")]),
        ("\\begin{itemize}\\item one\n\\item two\\end{itemize}", [("prose", "one"), ("prose", "two")]),
        ("\\begin{comment}0.1\\end{comment}\\emph{a}~b \\cite{c1}", [("prose", "a b")]),
    ],
)
def test_read(written, expected):
    assert outline(read(written, "latex")) == expected


def test_the_caption_of_a_float():
    (table,) = read(
        "\\begin{table}\\centering\\begin{tabular}{cc}1&2\\end{tabular}\\caption{The \\emph{scores}}\\end{table}",
        "latex",
    )
    assert table.caption == "The scores"


def test_equations_side_by_side_are_read_one_after_the_other():
    written = r"\begin{align*}" "\n" r"\frac{1}{2} &= 0.5 & \frac{3}{4} &= 0.75 \label{a}" "\n" r"\end{align*}"
    assert outline(read(written, "latex")) == [("mathematics", "1/2  = 0.5 \n3/4  = 0.75")]
