"""Equations by themselves: what is right, what is rounded, what is wrong, and what follows from it."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.checking import check_file


def check(text, name="x.md"):
    report = check_file(name, text.encode())
    assert report.verdict != "unreadable"
    for finding in report.findings:
        assert finding.span is None or report.source.text[finding.span.start : finding.span.end] == finding.printed
    return report


def shown(report):
    return [(finding.severity, finding.cause, finding.printed, finding.correct) for finding in report.findings]


@pytest.mark.parametrize(
    "text",
    [
        "0.3×0.1 + 0.4×0.3 + 0.1×0.6 = 0.03 + 0.12 + 0.06 = 0.21",
        "0.3*0.1 + 0.4*0.3 = 0.15 ≈ 0.2",
        "0.3 · (−0.1) = −0.03",
        "0.21/√3 ≈ 0.12",
        "e^0.5 ≈ 1.649",
        "exp(0.5) ≈ 1.649",
        "1/8 = 0.12",
        "1/8 = 0.13",
        "1/8 = 12.5%",
        "1/8 ≈ 13%",
        "2^10 = 1024 ≈ 1000",
        "512 × 64 = 32,768",
        "1,000 × 1,000 = 1,000,000",
        "1/3 = 0.3333333",
        "0.1×0.3 + 0.2×0.4 + … + 0.5×0.6 = 9.75",  # terms are left out
        "0.1×0.3 + ... + 0.5×0.6 = 9.75",
        "0.264·[1, 0] + 0.264·[0, 1] + 0.471·[1, 1] = [0.736, 0.736]",  # of unrounded weights
        "q = [1, 2], k = [2, 1] – a pair",
        "2/3 = 0.6666666666666666",
        "[1, 2]·[3, 4] = 1×3 + 2×4 = 11",
        "[1, 2] × [3, 4] = 11",
        "[1, 2] × [3, 4] = [3, 8]",
        "0.5×[2, 4] + 0.5×[1, 3] = [1.5, 3.5]",
        "softmax([0, 0]) = [0.5, 0.5]",
        "softmax([1, 2, 3]) = [0.09, 0.24, 0.67]",
        "[[1, 2], [3, 4]] · [[0, 1], [1, 0]] = [[2, 1], [4, 3]]",
        "(6×3)·(3×6) = 6×6",
        "(6 × 3) · (3 × 6) = (6 × 6)",
        "6×3 · 3×6 = 6×6",
        "0.1 + 0.2 = 0.3",
        "0.1 + 0.2 =\n0.3",
        "0.1\n+ 0.2\n+ 0.4\n= 0.7",
        "$\\frac{1}{4} = 0.25$",
        "$$\\frac{0.21}{\\sqrt{3}} \\approx 0.12$$",
        "$e^{0.5} \\approx 1.65$",
        "d_k = 4, so 1/√d_k = 0.5",
    ],
)
def test_right_equations(text):
    report = check(text)
    assert (report.verdict, shown(report)) == ("right", [])


@pytest.mark.parametrize(
    ("text", "cause", "printed", "correct"),
    [
        ("0.3×0.1 + 0.4×0.3 = 0.51", "dot_product", "0.51", "0.15"),
        ("[0.3, 0.4]·[0.1, 0.3] = 0.51", "dot_product", "0.51", "0.15"),
        ("0.21/√3 = 0.07", "scaling", "0.07", "0.12"),
        ("e^0.5 = 1.56", "exponential", "1.56", "1.65"),
        ("e^0.5/(e^0.5 + e^0.1) = 0.68", "softmax", "0.68", "0.60"),
        ("0.3 − 0.5 = 0.2", "arithmetic", "0.2", "-0.2"),
        ("1/8 = 0.15", "arithmetic", "0.15", "0.13"),
        ("1/8 = 15%", "arithmetic", "15%", "13%"),
        ("512 × 64 = 32786", "arithmetic", "32786", "32768"),
        ("softmax([0, 0]) = [0.6, 0.5]", "softmax", "0.6", "0.5"),
        ("[1, 2] × [3, 4] = 12", "dot_product", "12", "11"),
        ("0.3×0.1 = 0.30", "arithmetic", "0.30", "0.03"),
    ],
)
def test_wrong_equations(text, cause, printed, correct):
    report = check(text)
    assert (report.verdict, shown(report)) == ("wrong", [("error", cause, printed, correct)])
    assert report.findings[0].follows_from is None
    assert report.checked >= 1
    assert check(report.fixed().decode()).verdict == "right"


def test_a_wrong_number_and_what_follows_from_it():
    report = check("0.3×0.1 + 0.4×0.3 + 0.5×0.2 = 0.03 + 0.21 + 0.10 = 0.34")
    first, second = report.findings
    assert (first.severity, first.printed, first.correct) == ("error", "0.21", "0.12")
    assert (second.cause, second.printed, second.correct) == ("follows", "0.34", "0.25")
    assert (first.follows_from, second.follows_from) == (None, 0)
    assert report.fixed().decode() == "0.3×0.1 + 0.4×0.3 + 0.5×0.2 = 0.03 + 0.12 + 0.10 = 0.25"


@pytest.mark.parametrize(
    ("left_out", "words"),
    [("0.3×0.1 + 0.4×0.3 + 0.5×0.2 = 0.13", "left out"), ("0.3×0.1 + 0.4×0.3 + 0.5×0.2 = 0.05", "wrong sign")],
)
def test_a_term_of_a_sum(left_out, words):
    # 0.03 + 0.12 + 0.10: without the second term 0.13; with the third turned round 0.05.
    (finding,) = check(left_out).findings
    assert words in finding.message


@pytest.mark.parametrize(
    ("text", "severity", "cause", "correct"),
    [
        ("2/3 = 0.66", "last_digit", "truncation", "0.67"),
        ("1/3 = 0.34", "last_digit", "last_digit", "0.33"),
        ("1/3 = 0.35", "error", "arithmetic", "0.33"),
        ("0.31×0.44 + 0.55×0.37 = 0.14 + 0.20 = 0.33", "last_digit", "truncation", "0.34"),  # 0.3399
        ("0.31×0.44 + 0.55×0.37 = 0.14 + 0.20 = 0.31", "error", "dot_product", "0.34"),
        ("1/7 + 2/7 = 0.14 + 0.29 = 0.43", None, None, None),
        ("2/3 + 2/3 = 0.7 + 0.7 = 1.4", "drift", "drift", "1.3"),
    ],
)
def test_rounding(text, severity, cause, correct):
    report = check(text)
    if severity is None:
        assert report.findings == []
        return
    (finding,) = report.findings
    assert (finding.severity, finding.correct) == (severity, correct)
    if severity != "error":
        assert finding.cause == cause
        assert report.verdict == "rounding"


def test_results_are_carried_on_unrounded():
    # 1/3 + 1/3 + 1/3 is 1; of 0.33 three times it would be 0.99: both are right.
    for total in ("1.00", "0.99"):
        assert check(f"1/3 = 0.33\n\n0.33 + 0.33 + 0.33 = {total}").findings == []
    assert check("1/3 = 0.33\n\n0.33 + 0.33 + 0.33 = 1.10").verdict == "wrong"


@pytest.mark.parametrize(
    "text",
    [
        "9^9^9^9 = 3",
        "2^99999999 = 1",
        "e^(9^9^9) = 1",
        "10^(10^10) = 0",
        "1e999999999 + 1 = 2",
        "(" * 500 + "1" + ")" * 500 + " = 2",
        "[" * 500 + "1" + "]" * 500 + " = 2",
        "√" * 5000 + "1 = 2",
        "-" * 5000 + "1 = 2",
        "+".join(["1"] * 2_000) + " = 3",
        "$" + "\\frac{" * 2000 + "1" + "}{2}" * 2000 + " = 3$",
        "1/0 = 5",
        "√(-4) = 2",
        "0/0 = 1",
        "e^500 × e^500 = 1",
    ],
)
def test_what_cannot_be_evaluated_is_left_alone(text):
    report = check(text)
    if not text.startswith("1+1"):
        assert report.findings == []
    else:
        assert report.verdict in ("right", "wrong")


@pytest.mark.parametrize(
    "text",
    [
        "In 2017 the base model had 8 heads; 8 × 64 = 512 (see [12], Table 3).",
        "Version 2.3.1 of 2024-05-17 costs $1.99, not €2.49; 10:30 → 11:45.",
        "Tested with Python 3.12 and NumPy 1.26; p = 0.05, n = 40.",
        "pages 3–7, figures 2-4, equations (1)–(3), May 3, 2019",
        "We use lr = 3e-4 → 1e-5, d_model = 512, h = 8, d_ff = 2048.",
        "Accuracy rose from 71.3% → 74.9% (+3.6).",
        "[1] A. Author, 2017. arXiv:1706.03762. [2] B. Author, pp. 5998–6008.",
        "GPT-3 has 175 billion parameters = 350 GB of float16.",
        "1 → 2 → 3 are the steps; 5 stars = best.",
        "| year | price |\n|---|---|\n| 2017 | $8.50 |\n| 2018 | $9.25 |\n",
        "Call +49 30 1234567 or write to a@b.c = me.",
        "ratio 16:9 = 1.78 and 3/4 time",
        "x = 3, y = 4, z = 5",
        "k = 2 neighbours, then k = 3",
        "```python\nfor i in range(3):\n    x = i * 2 + 1\n    y = x ** 2\n```\n",
        "2x + 3 = 7",
        "f(3) = 4",
        "n! = 6 for n = 3",
        "`a = 1 + b = 3`",
    ],
)
def test_other_numbers_raise_no_finding(text):
    assert shown(check(text)) == []


digits = st.integers(-99, 99).filter(bool)


@settings(max_examples=40)
@given(pairs=st.lists(st.tuples(digits, digits), min_size=2, max_size=5), places=st.integers(0, 3))
def test_every_right_dot_product_is_right_and_no_other(pairs, places):
    total = sum(a * b for a, b in pairs) / 100
    written = " + ".join(f"({a / 10})×({b / 10})" for a, b in pairs)
    assert check(f"{written} = {total:.2f}").verdict == "right"
    off = 10**places * 0.05 + 0.02
    assert check(f"{written} = {total + off:.2f}").verdict == "wrong"


@settings(max_examples=40)
@given(scores=st.lists(st.floats(-2, 2), min_size=2, max_size=4), places=st.integers(3, 6))
def test_every_right_softmax_is_right(scores, places):
    rounded = [round(score, 2) for score in scores]
    powers = [math.exp(score) for score in rounded]
    weights = ", ".join(f"{power / sum(powers):.{places}f}" for power in powers)
    report = check(f"softmax([{', '.join(map(str, rounded))}]) = [{weights}]")
    assert (report.verdict, report.checked) == ("right", len(scores))


@pytest.mark.parametrize(
    ("words", "subject"),
    [
        ("The dot product is ", "The dot product"),
        ("So the total equals ", "So the total"),
        (
            "After a long introduction of many words that nobody reads to the end, the product of both is ",
            "many words that nobody reads to the end, the product of both",
        ),
    ],
)
def test_the_message_names_whole_words_and_has_one_verb(words, subject):
    (finding,) = check_file("x.md", f"{words}2 × 3 = 7\n".encode()).findings
    assert finding.message.startswith(f"{subject} is 6, not 7: ")
