"""Whatever a document holds: a report that is true to its text, never an exception."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pellucid.checking import check_file
from pellucid.checking.causes import CAUSES
from sentences import assert_one_sentence

NAMES = ["x.md", "x.txt", "x.tex", "x.html", "x.py", "x.csv", "x.rst", "x.yaml"]
WRONG = ("error", "drift", "last_digit")

numbers = st.sampled_from(
    ["0", "1", "2", "0.5", "0.25", "-0.1", "−0.3", "1.", ".5", "12%", "1,234", "1e-3", "1e999", "9^9^9"]
)
words = st.sampled_from(
    [
        "Query",
        "Key",
        "Value",
        "Q",
        "K",
        "V",
        "q_1",
        "k_{2}",
        "Q K^T",
        "softmax",
        "scores",
        "weights",
        "output",
        "√3",
        "sqrt(2)",
        "exp(1)",
        "e^0.5",
        "d_k",
        "head 2",
        "tokens: a, b",
        'sentence "a b"',
        "causal mask",
        "inf",
        "tensor",
        "array",
    ]
)
markup = st.sampled_from(
    [
        "$",
        "$$",
        "\\frac{1}{2}",
        "\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}",
        "\\begin{tabular}{cc}",
        "\\end{tabular}",
        "|",
        "|---|",
        "```",
        "```attention",
        "<table><tr><td>",
        "</td></tr></table>",
        "<pre>",
        "<sup>T</sup>",
        "&times;",
        "&",
        "\\\\",
        "# ",
        "- ",
        "> ",
        '"',
        "'",
        "{",
        "}",
        ".. math::",
        '"""',
        ";",
        ",",
        ":",
        ".",
    ]
)
signs = st.sampled_from(["=", "≈", "→", "+", "-", "×", "·", "*", "/", "^", "@", "(", ")", "[", "]", "[[", "]]", "], ["])
space = st.sampled_from([" ", " ", "\n", "\n\n", "\r\n", "\t", "", "    "])
pieces = st.lists(st.tuples(st.one_of(numbers, words, signs, signs, markup), space), max_size=30)
texts = pieces.map(lambda found: "".join(a + b for a, b in found))

sentences = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Q = [[1, 0], [0.5, 2]]",
                "K = [[0.3, 1], [1, 1]]",
                "V = [[1, 2, 3], [4, 5, 6]]",
                "The query of cat is [1, 2].",
                "The key of cat is [0.5, 1].",
                "Scores: [[0.3, 1], [2.15, 2.5]]",
                "Q K^T = [[0.3, 1.1], [2.15, 2.5]]",
                "softmax(Q K^T / √2) = [[0.38, 0.62], [0.4, 0.6]]",
                "weights = [0.4, 0.6]",
                "output = [[2.9, 3.9, 4.9], [2.8, 3.8, 4.8]]",
                "cat · dog = 1×0.5 + 2×1 = 2.5",
                "## Head 2",
                "Row 2:",
                "We use a causal mask.",
                "We do not scale.",
                "We divide by √d_k.",
                "| | a | b |\n|---|---|---|\n| a | 0.4 | 0.6 |\n| b | 0.5 | 0.6 |",
                "X = [[1, 1], [0, 2]]",
                "W_Q = [[1, 0], [0, 1]]",
                "W_K = [[1, 0], [1, 1]]",
                "W_V = [[1, 0, 2], [0, 1, 1]]",
                "V = [[], []]",
                "Q = [[1e300, 1e300], [1, 1]]",
                "K = [[inf, 1], [1, 1]]",
                "M = [[0, -inf], [0, 0]]",
                "```attention\nquery: [[1, 2]]\nkey: [[3, 4]]\nvalue: [[5]]\n"
                "claims: [{step: scores, printed: [[9]]}]\n```",
            ]
        ),
        texts,
    ),
    max_size=10,
).map("\n\n".join)


def assert_true_to_its_text(report):
    assert report.checked >= 0
    if report.reason:
        assert report.verdict == "unreadable"
        assert_one_sentence(report.reason)
        assert report.source is None
        return
    text = report.source.text
    severities = {finding.severity for finding in report.findings}
    expected = "wrong" if "error" in severities else "rounding" if severities & {"drift", "last_digit"} else "right"
    assert report.verdict == expected
    for place, finding in enumerate(report.findings):
        assert finding.cause in CAUSES
        assert finding.message.strip()
        if finding.follows_from is not None:
            assert finding.follows_from < place
            assert report.findings[finding.follows_from].follows_from is None
        if finding.span is not None:
            start, end = finding.span
            assert 0 <= start <= end <= len(text)
            assert finding.line == text.count("\n", 0, start) + 1
        if finding.severity in WRONG:
            assert finding.printed
            assert finding.span is None or finding.span.start < finding.span.end
    json.dumps(report.as_json(), allow_nan=False)
    assert isinstance(report.fixed(), bytes)


quick = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.parametrize("name", NAMES)
@quick
@given(text=texts)
def test_any_text_of_pieces(name, text):
    assert_true_to_its_text(check_file(name, text.encode()))


@pytest.mark.parametrize("name", ["x.md", "x.tex", "x.txt"])
@quick
@given(text=sentences)
def test_any_order_of_sentences(name, text):
    assert_true_to_its_text(check_file(name, text.encode()))


@quick
@given(text=sentences, output=st.booleans())
def test_any_notebook(text, output):
    cell = {"cell_type": "markdown", "metadata": {}, "source": text}
    if output:
        cell = {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": "print(scores)",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": text}],
        }
    data = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    assert_true_to_its_text(check_file("x.ipynb", data))


@pytest.mark.parametrize("name", [*NAMES, "x.ipynb", "x.xlsx", "<stdin>", "x.unknown"])
@settings(max_examples=20)
@given(data=st.binary(max_size=40))
def test_any_bytes(name, data):
    assert_true_to_its_text(check_file(name, data))


@quick
@given(text=texts, side=texts)
def test_any_side_file(text, side):
    assert_true_to_its_text(check_file("x.md", text.encode(), side.encode(), "side.yaml"))


@quick
@given(text=st.text("Q=K[]0.5, \n1−+", max_size=50))
def test_what_is_printed_stands_in_a_plain_text(text):
    report = check_file("x.txt", text.encode())
    assert_true_to_its_text(report)
    for finding in report.findings:
        if finding.span is not None and finding.printed is not None:
            shown = report.source.text[finding.span.start : finding.span.end]
            assert shown.replace("−", "-") == finding.printed
