"""Weights that are the softmax of other numbers than the scores of the example."""

import pytest

from pellucid.checking import check_file

# q · k = 1, 2, 3, over √2: 0.707, 1.414, 2.121; with -1, -0.5 and 0 added: -0.293, 0.914, 2.121.
# e^-0.293 : e^0.914 : e^2.121 = 0.746 : 2.494 : 8.339, 11.579 together.
GIVEN = "q = [1, 2], k1 = [1, 0], k2 = [0, 1], k3 = [1, 1], v1 = [1, 0], v2 = [0, 1], v3 = [4, 1].\n\n"
SCORES = "Scores: [1, 2, 3]. Scaled by √2: [0.707, 1.414, 2.121].\n\n"
BETWEEN = "With the biases [-1.0, -0.5, 0] they become: [-0.293, 0.914, 2.121].\n\n"
WEIGHTS = "Weights: [0.064, 0.215, 0.720].\n\n"
OUTPUT = "Output: [2.945, 0.936].\n"  # 0.0644 + 4 × 0.7202, 0.2154 + 0.7202


def check(text):
    return check_file("x.md", text.encode())


def test_weights_of_biased_scores_are_right_and_the_bias_is_not_checked():
    report = check(GIVEN + SCORES + BETWEEN + WEIGHTS + OUTPUT)
    assert (report.verdict, report.findings) == ("right", [])
    assert [number for line in report.unchecked for number in line.printed] == ["-1.0", "-0.5", "0"]
    assert any("3 weights are the softmax of numbers that are not checked" in line for line in report.reading)


@pytest.mark.parametrize(("right", "wrong"), [("0.215", "0.251"), ("0.936", "0.396")])
def test_what_is_wrong_in_them_is_found(right, wrong):
    report = check((GIVEN + SCORES + BETWEEN + WEIGHTS + OUTPUT).replace(right, wrong))
    assert report.verdict == "wrong"
    assert any(one.printed == wrong and one.severity == "error" for one in report.findings)


def test_scores_alone_with_a_bias():
    # e^-0.3 : e^-0.5 : e^0.3 : e^1 = 0.741 : 0.607 : 1.350 : 2.718, 5.416 together
    text = (
        "# ALiBi in attention\n\nScores of the last token: [1.2, 0.5, 0.8, 1.0]. With slope m = 0.5, the biases are"
        " [-1.5, -1.0, -0.5, 0]. Sum: [-0.3, -0.5, 0.3, 1.0]. Softmax: [0.137, 0.112, 0.249, 0.502].\n"
    )
    assert check(text).verdict == "right"
    assert check(text.replace("0.249", "0.294")).verdict == "wrong"


@pytest.mark.parametrize(
    ("between", "weights"),
    [
        ("[1, 2, 3]", "[0.090, 0.245, 0.665]"),  # the scores again, as they are: no scale
        ("[-2, -1, 0]", "[0.090, 0.245, 0.665]"),  # less their largest
        ("[0.333, 0.667, 1.000]", "[0.230, 0.321, 0.448]"),  # by another scale
        ("[0.707, 1.414, 1.221]", "[0.213, 0.431, 0.356]"),  # two digits of one changed round
    ],
)
def test_numbers_that_are_the_scores_but_for_a_slip_excuse_nothing(between, weights):
    report = check(f"{GIVEN}{SCORES}They become: {between}.\n\nWeights: {weights}.\n")
    assert report.verdict == "wrong"
    assert any(one.step == "weights" and one.severity == "error" for one in report.findings)


def test_scores_with_a_bias_in_their_name_are_no_wrong_scores():
    report = check(f"{GIVEN}{SCORES}Scaled scores + bias: [-0.293, 0.914, 2.121].\n\n{WEIGHTS}")
    assert (report.verdict, report.findings) == ("right", [])


# The state of the decoder is no query by name; its scores stand item by item. e^0.4 : e^3.3 : e^1.9 = 1.492 : 27.113
# : 6.686, 35.290 together; 0.0423 (0.2, 0.1) + 0.7683 (1.5, 0.9) + 0.1895 (0.3, 0.8) = (1.218, 0.847).
DECODER = """# Attention in a translation

The decoder is in state [1, 2]. The encoder states:

- h_Ich = [0.2, 0.1]
- h_liebe = [1.5, 0.9]
- h_Hunde = [0.3, 0.8]

Scores:

- Ich: 1×0.2 + 2×0.1 = 0.4
- liebe: 1×1.5 + 2×0.9 = 3.3
- Hunde: 1×0.3 + 2×0.8 = 1.9

Weights: [0.042, 0.768, 0.189].

Context: [1.218, 0.847].
"""


def test_weights_of_a_query_without_a_name_are_right():
    assert check(DECODER).verdict == "right"


@pytest.mark.parametrize(("right", "wrong"), [("= 3.3", "= 3.7"), ("0.768", "0.678"), ("1.218", "1.128")])
def test_what_is_wrong_of_a_query_without_a_name_is_found(right, wrong):
    report = check(DECODER.replace(right, wrong))
    assert report.verdict == "wrong"
    assert any(one.printed == wrong.removeprefix("= ") and one.severity == "error" for one in report.findings)
