import re
import subprocess
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid import Example, explain
from pellucid.expressions import Number, Product, Sum
from pellucid.numbers import Notation
from pellucid.rendering import Appearance, render
from pellucid.rendering.document import Code, Document, Grid, Line, Note, Paragraph, Section, Table, Working
from pellucid.rendering.explanation import Selection, explain_attention
from pellucid.rendering.latex_text import escape, escape_breaking

HOSTILE = ["\\input{x}%$&#_^~{}", "中文👩‍👧", "", "a\nb", "Ġdog▁", "ąłßé", "<|--|>''`", "w" * 120, "\x00\u202e\ud800"]


@cache
def latex(name, **selection):
    return render(explain_attention(explain(name), Selection(**selection)), "latex", Appearance())


def latex_with(*blocks, title="title", purpose="", fragment=False):
    document = Document(title, purpose, (Section("section", blocks),), Notation(4), ())
    return render(document, "latex", Appearance(fragment=fragment))


def scores(*shape):
    numbers = np.arange(float(np.prod(shape))).reshape(shape) - 7
    return explain(Example(scores=numbers, scale=1.0))["scores"]


def hostile():
    n = len(HOSTILE)
    example = Example(tokens=HOSTILE, scores=np.arange(float(n * n)).reshape(n, n), scale=1.0)
    words = "".join(HOSTILE)
    line = Line(
        f"{HOSTILE[0]} · {HOSTILE[1]}", (Product((Number(Decimal(2)), Number(Decimal(3)))),), Number(Decimal(6))
    )
    weights = explain(example)["weights"]
    return latex_with(
        Paragraph((words, Code(words))),
        Note((words,)),
        Grid(weights, words, marked_row=1, heat=True),
        Working((line,)),
        Table(tuple(HOSTILE[:2]), (tuple(HOSTILE[1:3]), tuple(HOSTILE[6:8]))),
        title=words,
        purpose=words,
    )


def in_a_foreign_document(*names):
    """Fragments in a document that loads what their first lines ask for, and nothing else."""
    fragments = [explain(name).to_latex(fragment=True) for name in names]
    needed = re.search(r"packages ([a-z, \n%]*?) and ([a-z]+),", fragments[0])
    assert needed is not None
    packages = "".join(rf"\usepackage{{{package}}}" for package in (*needed[1].split(", "), needed[2]))
    body = "\n".join(fragments)
    return rf"\documentclass{{article}}{packages}\begin{{document}}Before. {body} After.\end{{document}}"


def long_numbers():
    """What does not fit even when broken: numbers as wide as the page."""
    numbers = [Number(Decimal("0." + str(digit) * 130)) for digit in range(1, 4)]
    document = Document(
        "t", "", (Section("s", (Working((Line("a" * 90, (Sum(tuple(numbers)),), numbers[0]),)),)),), Notation(130), ()
    )
    return render(document, "latex", Appearance())


SOURCES = {
    "dog-on-the-mat": lambda: latex("dog-on-the-mat"),
    "complete-sentence": lambda: latex("complete-sentence", all_heads=True),
    "text-generation": lambda: latex("text-generation"),
    "fully-masked-row": lambda: latex("fully-masked-row"),
    "self-and-cross": lambda: latex("self-and-cross"),
    "worksheet": lambda: latex("dog-on-the-mat", blanks=frozenset({"weights", "output"})),
    "fragments": lambda: in_a_foreign_document("fully-masked-row", "dog-on-the-mat"),
    "hostile": hostile,
    "long numbers": long_numbers,
    "1×1": lambda: explain(Example(query=[["1/3"]], key=[["sqrt(2)"]], value=[[2.0]])).to_latex(),
    "40×40": lambda: latex_with(Grid(scores(40, 40), "scores", marked_row=28)),
}


@dataclass(frozen=True)
class Compiled:
    log: str
    text: str


@pytest.fixture(scope="session")
def compiled(pdflatex: str, pdftotext: str, tmp_path_factory: pytest.TempPathFactory):
    """What pdfLaTeX makes of a source, by its name."""
    folder: Path = tmp_path_factory.mktemp("latex")

    @cache
    def compile_source(name):
        stem = f"document{list(SOURCES).index(name)}"
        (folder / f"{stem}.tex").write_text(SOURCES[name](), encoding="ascii")
        command = [pdflatex, "-halt-on-error", "-interaction=nonstopmode", f"{stem}.tex"]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
        assert result.returncode == 0, result.stdout[-3000:]
        text = subprocess.run(
            [pdftotext, "-layout", f"{stem}.pdf", "-"], cwd=folder, capture_output=True, text=True, check=True
        ).stdout
        return Compiled((folder / f"{stem}.log").read_text(errors="replace"), text)

    return compile_source


@pytest.mark.parametrize("name", SOURCES)
def test_it_compiles_and_nothing_sticks_out(compiled, name):
    log = compiled(name).log
    overfull = [float(points) for points in re.findall(r"Overfull \\[hv]box \((\d+\.?\d*)pt", log)]
    assert max(overfull, default=0) <= 5, overfull
    assert "Missing character" not in log


def test_the_pdf_shows_the_numbers_of_the_focus(compiled):
    text = compiled("dog-on-the-mat").text
    assert re.search(r"sitting\W+0\.21 +0\.29 +0\.33 +0\.29 +0\.36 +0\.26", text)
    assert re.search(r"sitting\W+0\.1591 +0\.1666 +0\.1705 +0\.1666 +0\.1735 +0\.1637", text)
    assert re.search(r"sitting\W+0\.5175 +0\.3505 +0\.8326", text)


def test_every_matrix_is_a_bmatrix_with_its_numbers():
    matrices = re.findall(r"\\begin\{bmatrix\}\n(.*?)\n\\end\{bmatrix\}", latex("dog-on-the-mat"), flags=re.DOTALL)
    numbers = [[re.findall(r"-?\d\.\d+", row) for row in matrix.split(r"\\")] for matrix in matrices]
    assert len(numbers) == 7  # query, key, value, scores, scaled scores, weights, output
    assert numbers[0] == [["0.2", "0.5", "0.1"], ["0.4", "0.6", "0.2"], ["0.1", "0.3", "0.2"], ["0.3", "0.4", "0.1"],
                          ["0.5", "0.2", "0.3"], ["0.3", "0.1", "0.5"]]  # fmt: skip
    assert [row.count(r"\mathbf") for row in matrices[5].split(r"\\")] == [0, 0, 0, 6, 0, 0]
    assert numbers[5][3] == ["0.1591", "0.1666", "0.1705", "0.1666", "0.1735", "0.1637"]


def test_substitution_lines_are_aligned_and_coloured_by_role():
    line = (
        r"\text{sitting \ensuremath{\cdot} The} &= \textcolor{pellucidquery}{0.3} \cdot \textcolor{pellucidkey}{0.1}"
        r" + \textcolor{pellucidquery}{0.4} \cdot \textcolor{pellucidkey}{0.3}"
        r" + \textcolor{pellucidquery}{0.1} \cdot \textcolor{pellucidkey}{0.6} = \mathbf{0.21} \\"
    )
    assert f"\\begin{{align*}}\n{line}\n" in latex("dog-on-the-mat")


def test_minus_infinity_is_set_as_mathematics(compiled):
    assert re.search(r"Once\W+0\.5798 +−∞ +−∞ +−∞", compiled("text-generation").text)


def test_an_empty_row_is_noted_in_a_frame():
    assert r"\pellucidnote{``\textless{}pad\textgreater{}'' may attend to nothing" in latex("fully-masked-row")


def test_a_fragment_leaves_the_frame_to_its_host(compiled):
    fragment = explain("fully-masked-row").to_latex(fragment=True)
    assert not re.search(r"\\(documentclass|usepackage|begin\{document\}|end\{document\})", fragment)
    assert fragment.startswith("%")
    words = compiled("fragments").text.split()
    assert words[0] == "Before."
    assert "After." in words[-2:]  # the last word may be a page number


def test_a_document_is_its_fragment_in_a_frame():
    document, fragment = (latex_with(Paragraph(("words",)), fragment=fragment) for fragment in (False, True))
    body = document.split("\\begin{document}\n")[1].split("\\end{document}")[0]
    assert body.replace("43em", "34em") == fragment


def test_hostile_words_can_be_read(compiled):
    text = re.sub(r"\s+", "", compiled("hostile").text)
    assert r"\input{x}%$&#" in text
    assert "U+4E2DU+6587U+1F469" in text
    assert "U+FFFDU+FFFDU+FFFD" in text


def test_large_matrices_are_windowed_and_say_so(compiled):
    text = compiled("40×40").text
    assert "(25 more rows and" in text
    assert "28" in [line.split()[0] for line in text.splitlines() if line.split()]


def test_more_than_ten_columns_fit_into_a_matrix(compiled):
    (matrix,) = re.findall(r"\\begin\{bmatrix\}(.*?)\\end\{bmatrix\}", latex_with(Grid(scores(3, 12), "s")), re.DOTALL)
    assert matrix.split(r"\\")[0].count("&") == 11
    assert r"\setcounter{MaxMatrixCols}{12}" in latex_with(Grid(scores(3, 12), "s"))


def test_what_is_to_be_filled_in_is_blank(compiled):
    matrices = re.findall(r"\\begin\{bmatrix\}.*?\\end\{bmatrix\}", SOURCES["worksheet"](), flags=re.DOTALL)
    assert [matrix.count(r"\underline{\hspace{2.5em}}") for matrix in matrices] == [0, 0, 0, 0, 0, 36, 18]
    assert "0.5175" not in compiled("worksheet").text


def test_long_workings_are_counted_not_shown():
    line = Line("a", (), Number(Decimal(7)))
    assert r"\ldots & \quad \text{and 1,028 more keys}" in latex_with(Working((line,), (1_028, "keys")))


def test_two_derivations_stand_side_by_side(compiled):
    text = compiled("self-and-cross").text
    assert re.search(r"^ *Self-attention +Cross-attention$", text, flags=re.MULTILINE)
    assert re.search(r"dog\W+0\.1352 +0\.3822 +0\.4826\W+dog\W+0\.2613 +0\.7387", text)


@pytest.mark.parametrize(
    ("words", "source"),
    [
        (r"\{}$&#%_^~", r"\textbackslash{}\{\}\$\&\#\%\_\textasciicircum{}\textasciitilde{}"),
        ("é ǘ Ġ ß", r"\'{e} \pellucidchar{01D8} \.{G} \ss{}"),
        ("e\u0301", r"\'{e}"),
        ("中😀", r"\pellucidchar{4E2D}\pellucidchar{1F600}"),
        ("a · b → ∞", r"a \ensuremath{\cdot} b \ensuremath{\to} \ensuremath{\infty}"),
        ("“The” – --- ''", r"``The'' -- -{}-{}- '{}'"),
    ],
)
def test_words_are_escaped(words, source):
    assert escape(words) == source


@given(st.text())
def test_any_words_become_plain_and_balanced_ascii(words):
    escaped = escape_breaking(words)
    assert escaped.isascii()
    assert escaped.isprintable()
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", escaped.replace(r"\\", "")):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0


def test_only_long_words_may_be_broken():
    assert escape_breaking("short words stay") == "short words stay"
    assert escape_breaking("abcdef ghi", longest_word=5) == r"abcd\pellucidbreak{}ef ghi"
