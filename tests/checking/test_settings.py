"""Where a document says how scores are scaled and masked, and which numbers that holds for."""

import pytest

from outlines import read
from pellucid.checking import check_file
from pellucid.checking.declarations import declarations_of

INPUTS = "Q = [[1, 0], [0, 1]], K = [[1, 1], [0, 1]], V = [[1, 2], [3, 4]]\n\n"
# QKᵀ = [[1, 0], [1, 1]]; e^(1/√2) : 1 = 2.028 : 1, so the first weight is 0.670; without a scale e : 1, 0.731.
SCALED = "Weights: [[0.670, 0.330], [0.500, 0.500]]\n\n"
UNSCALED = "Weights: [[0.731, 0.269], [0.500, 0.500]]\n\n"
CAUSAL = "Weights: [[1.000, 0.000], [0.500, 0.500]]\n\n"


def check(text):
    return check_file("x.md", text.encode())


def declared(text):
    return declarations_of(read(text, "markdown"))


@pytest.mark.parametrize(
    "aside",
    [
        "The original paper divided the learning rate by 10 twice.",
        "GPT uses causal attention. BERT does not.",
        "In the next chapter we will add a causal mask.",
        "Without scaling the softmax would saturate.",
        "When sampling we use temperature 0.7; this has nothing to do with attention.",
    ],
)
def test_an_aside_says_nothing_about_the_numbers(aside):
    found = declared(aside)
    assert not found.scales
    assert found.causal is None
    report = check(f"{aside}\n\n{INPUTS}{SCALED}")
    assert (report.verdict, report.checked) == ("right", 4)


def test_statements_are_kept_in_reading_order():
    found = declared("We do not scale.\n\nWith a causal mask.\n\nThen divide by √d_k, without a mask.").statements
    assert [(one.scale, one.causal) for one in found] == [
        ("none", None),
        ("", True),
        ("1/sqrt(d_k)", None),
        ("", False),
    ]
    assert [one.offset for one in found] == sorted(one.offset for one in found)


def test_code_that_takes_a_root_does_not_divide_by_d_k():
    assert declared("`1.0 / (d_k as f32).sqrt()`").scales == []
    assert declared("`scores / d_k`").scales == ["1/d_k"]


def test_two_masks_in_one_document():
    text = f"# A\n\n## Without a mask\n\n{INPUTS}{SCALED}## With a causal mask\n\n{CAUSAL}"
    report = check(text)
    assert (report.verdict, report.checked) == ("right", 8)
    wrong = check(text.replace("0.330", "0.350"))
    assert [(finding.printed, finding.correct) for finding in wrong.findings] == [("0.350", "0.330")]


def test_the_same_with_no_scaling():
    text = f"Problem 1. Scaled by √2:\n\n{INPUTS}{SCALED}Problem 2. The same with no scaling.\n\n{UNSCALED}"
    assert check(text).verdict == "right"
    assert check(text.replace("0.731", "0.751")).verdict == "wrong"


def test_a_temperature_holds_for_what_follows_it():
    # softmax([2, 1, 0] / 2) = e, e^½, 1 over their sum 5.3670
    text = (
        "The attention scores of one query are [2, 1, 0].\n\n"
        "With temperature 1 the attention weights are [0.665, 0.245, 0.090].\n\n"
        "With temperature 2 the attention weights are [0.506, 0.307, 0.186].\n"
    )
    assert check(text).verdict == "right"
    assert check(text.replace("0.307", "0.327")).verdict == "wrong"


GREEN = (
    'Sentence: "red green blue"\n\n- red: Q = [1], K = [1], V = [2, 0]\n- green: Q = [2], K = [0], V = [0, 2]\n'
    '- blue: Q = [3], K = [1], V = [4, 4]\n\nWe look at "green".\n\n'
)  # scores 2, 0, 2: weights of e², 1, e² (0.468, 0.063, 0.468); with temperature 2 of e, 1, e (0.422, 0.155, 0.422)


@pytest.mark.parametrize(
    ("line", "checked"),
    [
        ("With temperature 2: softmax([2, 0, 2]/2) = [0.422, 0.155, 0.422], else softmax([2, 0, 2]) = {}.", 9),
        ("Without: softmax([2, 0, 2]) = {}; with temperature 2: softmax([1, 0, 1]) = [0.422, 0.155, 0.422].", 12),
        (
            'With temperature 2 the weights of "green" are [0.422, 0.155, 0.422]; '
            'without it the weights of "green" are {}.',
            6,
        ),
    ],
)
def test_two_settings_in_one_line(line, checked):
    report = check(GREEN + line.format("[0.468, 0.063, 0.468]"))
    assert report.verdict == "right", report.findings
    assert report.checked >= checked
    wrong = check(GREEN + line.format("[0.468, 0.093, 0.468]"))
    assert {finding.printed for finding in wrong.findings} == {"0.093"}
    assert check(GREEN + line.format("[0.368, 0.193, 0.438]")).verdict == "wrong"


def test_numbers_under_no_words_of_their_own_are_judged_by_the_document_s_formula():
    report = check(f"softmax(QK^T / √d_k) V\n\n{INPUTS}{UNSCALED}")
    assert report.findings[0].cause == "no_scale"


def test_a_softmax_beside_the_word_scaling_is_no_scaled_score():
    # e^8 : e^2 : e^4 = 2981 : 7.39 : 54.6, 3043.0 together; q = [2, 1] and k = [3, 2], [1, 0], [0, 4]
    inputs = "q = [2, 1], k1 = [3, 2], k2 = [1, 0], k3 = [0, 4].\n\nScores: q·k1 = 8, q·k2 = 2, q·k3 = 4.\n\n"
    unscaled = "Without scaling, softmax([8, 2, 4]) = [0.980, 0.002, 0.018].\n\n"
    scaled = "With scaling by √2: [5.657, 1.414, 2.828], and softmax([5.657, 1.414, 2.828]) = [0.932, 0.013, 0.055].\n"
    report = check(inputs + unscaled + scaled)
    assert (report.verdict, report.checked) == ("right", 18)
    wrong = check(inputs + unscaled + scaled.replace("0.932", "0.923"))
    assert [(one.step, one.correct) for one in wrong.findings] == [("weights", "0.932")]


def test_a_forgotten_scale_is_found_in_a_softmax_of_scores():
    text = "q = [2, 1], k1 = [3, 2], k2 = [1, 0].\n\nDivide by √2. Scaled scores: softmax([8, 2]) = [0.998, 0.002].\n"
    assert check(text).findings[0].cause == "no_scale"  # e^(6/√2) : 1 = 69.6 : 1, so 0.986 is right


def test_a_temperature_does_not_hold_for_what_stands_before_it():
    # e^2 : e^1 : e^0.1 = 7.389 : 2.718 : 1.105; e^1 : e^0.5 : e^0.05 = 2.718 : 1.649 : 1.051
    plain = "The logits are z = [2.0, 1.0, 0.1]. softmax(z) = [0.659, 0.242, 0.099].\n\n"
    warm = "With temperature T = 2: softmax([1.0, 0.5, 0.05]) = [0.502, 0.304, 0.194].\n"
    assert check(f"d_k = 64\n\n{plain}{warm}").verdict == "right"
    wrong = check(f"d_k = 64\n\n{plain}{warm.replace('0.304', '0.340')}")
    assert [one.printed for one in wrong.findings] == ["0.340"]
