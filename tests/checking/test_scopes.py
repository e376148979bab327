"""Which numbers belong to one worked example."""

import pytest

from pellucid.checking import check_file

FIRST = "q = [1, 2], k1 = [1, 0], k2 = [0, 1]\n\nscores: [1, 2]\n\n"
SECOND = "q = [2, 1], k1 = [1, 1], k2 = [0, 2]\n\nscores: [3, 2]\n\n"


def check(text):
    return check_file("x.md", text.encode())


def shown(report):
    return [(finding.cause, finding.printed, finding.correct) for finding in report.findings]


def test_a_second_example_after_a_heading_is_no_stale_copy():
    report = check(f"# Two\n\n## Example 1\n\n{FIRST}## Example 2\n\n{SECOND}")
    assert (report.verdict, report.checked) == ("right", 4)


def test_a_slip_in_a_second_example():
    report = check(f"# Two\n\n## Example 1\n\n{FIRST}## Example 2\n\n{SECOND.replace('[3, 2]', '[7, 2]')}")
    assert [finding[1:] for finding in shown(report)] == [("7", "3")]


def test_an_input_that_is_given_again_with_another_number_is_stale():
    report = check(f"{FIRST}Remember that k1 = [1, 5].\n\nscores: [1, 2]\n")
    assert shown(report) == [("stale", "5", "0")]


def test_a_weight_matrix_of_an_earlier_version():
    # x W_Q is [[2, 1]], and [[2, 0]] is printed: W_Q had a 0 where it has a 1 now.
    text = (
        "X = [[1, 0], [0, 1]]\n\nW_Q = [[2, 1], [0, 3]], W_K = [[1, 0], [0, 1]], W_V = [[1, 0], [0, 1]]\n\n"
        "Q = X W_Q = [[2, 0], [0, 3]]\n\nK = X W_K = [[1, 0], [0, 1]]\n\nV = X W_V = [[1, 0], [0, 1]]\n\n"
        "Scores: [[2, 0], [0, 3]]\n"
    )
    first = check(text).findings[0]
    assert (first.step, first.at, first.printed, first.correct) == ("query", (0, 1), "0", "1")


@pytest.mark.parametrize("gap", ["\n\n", "\n\n## Weights\n\n"])
def test_results_that_start_from_rounded_ones(gap):
    # softmax([3.1, 2.7, 0.5, -1.2]) is 0.569, 0.381, 0.042, 0.008; of 3.14, 2.68, 0.46, -1.24 as printed below.
    text = f"Scaled attention scores of one query: [3.1, 2.7, 0.5, -1.2]{gap}Weights: [0.584, 0.368, 0.040, 0.007]\n"
    assert check(text).verdict == "right"
    assert check(text.replace("0.368", "0.668")).verdict == "wrong"


def test_a_layout_that_is_not_declared_must_fit_every_input():
    # K Qᵀ printed for Q Kᵀ. Read with tokens as columns, seven of the nine would agree, and V would fit nothing.
    text = (
        "Attention(Q, K, V) = softmax(QK^T/√d_k) V.\n\nQ = [[1, 2, 0], [0, 1, 1], [2, 0, 1]]\n\n"
        "K = [[1, 0, 1], [2, 1, 0], [0, 1, 1]]\n\nV = [[1, 0], [2, 5], [0, 3]]\n\n"
        "Scores QK^T: [[1, 1, 3], [4, 1, 4], [2, 2, 1]]\n"
    )
    assert {finding.cause for finding in check(text).findings} == {"transposed"}


def test_two_equal_tokens_with_vectors_that_differ_little():
    text = (
        'Sentence: "the cat the"\n\n- "the": Q = [0, 1, 0], K = [1, 0, 0]\n- "cat": Q = [1, 1, 1], K = [0, 1, 0]\n'
        '- "the": Q = [0, 1, 1], K = [1, 0, 1]\n\nScores of "cat": [1, 1, 2]\n'
    )
    assert (check(text).verdict, check(text).checked) == ("right", 3)


def test_a_token_that_is_a_symbol_elsewhere():
    text = '- Q of "a" = [1, 2]\n- K of "a" = [1, 1]\n- K of "cat" = [0, 3]\n\nScores of "a": [3, 6]\n'
    assert (check(text).verdict, check(text).checked) == ("right", 2)


def test_a_memory_of_zeros_and_ones_is_no_mask():
    text = (
        "X = [[1, 0], [0, 1]]\n\nM = [[1, 0], [1, 1]]\n\nW_Q = [[1, 0], [0, 1]], W_K = [[2, 0], [0, 2]], "
        "W_V = [[1, 0], [0, 1]]\n\nQ = X W_Q = [[1, 0], [0, 1]]\n\nK = M W_K = [[2, 0], [2, 2]]\n\n"
        "V = M W_V = [[1, 0], [1, 1]]\n\nScores: [[2, 2], [0, 2]]\n"
    )
    assert check(text).verdict == "right"


def test_a_subscript_is_no_symbol():
    text = "q_{a} = [1, 2], k_{a} = [1, 1], k_{cat} = [0, 3]\n\nScores of a: [3, 6]\n"
    assert (check(text).verdict, check(text).checked) == ("right", 2)
