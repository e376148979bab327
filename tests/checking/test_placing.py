"""Which printed number is which, and which operand is mistyped."""

import pytest

from pellucid.checking import check_file

# q·k = 1 and 9 with d_k = 1, so that scores are not changed by the scale.
VECTORS = (
    'Sentence: "red green blue"\n\n'
    "- red: Q = [1], K = [1], V = [2, 0]\n- green: Q = [2], K = [0], V = [0, 2]\n"
    "- blue: Q = [3], K = [1], V = [4, 4]\n\n"
)
# The row of green: scores 2, 0, 2; e² = 7.389, so that weights are 0.468, 0.063, 0.468.
ROW = (
    'We look at "green".\n\n'
    "softmax([2.000, 0.000, 2.000]) = [0.468, 0.063, 0.468]\n\n"
    "z_green = 0.468×[2, 0] + 0.063×[0, 2] + 0.468×[4, 4] = [2.810, 2.000]\n"
)


def check(text):
    return check_file("x.md", text.encode())


def first(text):
    finding = check(text).findings[0]
    return finding.cause, finding.printed, finding.correct


def test_a_row_in_focus():
    report = check(VECTORS + ROW)
    assert report.verdict == "right", report.findings
    assert report.checked == 8  # three exponents, three weights, two outputs


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("[2.000, 0.000", "[2.400, 0.000", ("scaling", "2.400", "2.000")),
        ("0.063, 0.468]", "0.068, 0.468]", ("weights_sum", "0.068", "0.063")),
        ("0.063×", "0.073×", ("operand", "0.073", "0.063")),
        ("×[0, 2]", "×[0, 1]", ("operand", "1", "2")),
    ],
)
def test_one_slip_in_a_row(old, new, found):
    assert first(VECTORS + ROW.replace(old, new)) == found


def test_arguments_of_a_softmax_that_another_scale_gave():
    vectors = "".join(
        f"- {token}: Q = [{q}, 0], K = [{k}, 0], V = [1, 0]\n"
        for token, q, k in (("red", 1, 1), ("green", 5, 0), ("blue", 3, 1))
    )
    # 5/2 in place of 5/√2 = 3.536; e^2.5 = 12.18, so that the weights are 0.480, 0.039, 0.480
    row = '\nsoftmax(QKᵀ/√d_k)V\n\nWe look at "green".\n\nsoftmax([2.500, 0.000, 2.500]) = [0.480, 0.039, 0.480]\n'
    assert first(vectors + row) == ("scale_d_k", "2.500", "3.536")


def test_a_row_whose_first_score_is_that_of_the_first_query():
    """Under a causal mask the first query sees one score, 0 here; the last row begins with 0 too, and hides nothing."""
    document = (
        'Sentence: "red green blue"\n\nScores are not scaled. A causal mask is used.\n\n'
        "- red: Q = [1, 0], K = [0, 1], V = [1, 0]\n- green: Q = [2, 0], K = [1, 0], V = [0, 1]\n"
        "- blue: Q = [1.333, 0], K = [1.5, 0], V = [1, 1]\n\n"
        "softmax([0.000, 1.333, 2.000]) = [0.082, 0.311, 0.606]\n"  # 2.000 is 1.9995, rounded; e^1.333 = 3.792
    )
    report = check(document)
    assert report.verdict == "right", report.findings
    assert report.checked >= 3


def test_a_causal_row_shows_the_terms_that_the_mask_leaves():
    row = (
        'With a causal mask.\n\nWe look at "green".\n\n'
        "z_green = 0.881×[2, 0] + 0.119×[0, 2] = [1.762, 0.238]\n"  # e²/(e² + 1) = 0.8808
    )
    assert check(VECTORS + row).verdict == "right"
    assert first(VECTORS + row.replace("[0, 2]", "[0, 3]")) == ("operand", "3", "2")


def test_shares_of_a_sum():
    row = (
        'We look at "green".\n\ne^2.000 ≈ 7.389\n\ne^0.000 ≈ 1.000\n\nsum = 7.389 + 1.000 + 7.389 = 15.778\n\n'
        "red: 7.389/15.778 ≈ 0.468\n\ngreen: 1.000/15.778 ≈ 0.063\n\nblue: 7.389/15.778 ≈ 0.468\n\n"
        "z_green = 0.468×[2, 0] + 0.063×[0, 2] + 0.468×[4, 4] = [2.810, 2.000]\n"
    )
    assert check(VECTORS + row).verdict == "right"
    assert first(VECTORS + row.replace("0.063×", "0.083×")) == ("operand", "0.083", "0.063")


def test_an_exponential_of_a_score_is_that_of_the_score_itself():
    # √3 = 1.7321 for scores: e^1.7321 = 5.652; of 1.732, as printed, 5.652 too; 5.655 lies within its rounding.
    vectors = "- a1: Q = [1, 1, 1], K = [1, 1, 1], V = [1]\n- a2: Q = [1, 1, 1], K = [0, 0, 0], V = [3]\n\n"
    text = f"{vectors}Scaled scores of a1: [1.732, 0.000]\n\ne^1.732 ≈ 5.652\n"
    assert check(text).verdict == "right"
    assert first(text.replace("5.652", "5.654")) == ("exponential", "5.654", "5.652")


def test_tokens_that_look_like_symbols():
    rows = "| | 0 | 1 |\n|---|---|---|\n| w1 | 1 | 0 |\n| w2 | 0 | 2 |\n\n"
    scores = "| | w1 | w2 |\n|---|---|---|\n| w1 | 1 | 0 |\n| w2 | 0 | 4 |\n"
    text = f"**query**\n\n{rows}**key**\n\n{rows}**value**\n\n{rows}**scores**\n\n{scores}"
    assert (check(text).verdict, check(text).checked) == ("right", 4)
    assert check(text.replace("| w2 | 0 | 4 |", "| w2 | 0 | 9 |")).findings[0].at == ("w2", "w2")


def test_subscripts():
    text = "q₁ = (1, 2), k₁ = (1, 1), k₂ = (0, 3). Scores: [3, 6]"
    assert (check(text).verdict, check(text).checked) == ("right", 2)
    finding = check(text.replace("6]", "8]")).findings[0]
    assert (finding.printed, finding.correct) == ("8", "6")


def test_items_of_a_list_are_what_its_lead_says():
    text = (
        '- Query (for "cat"): `[1, 0]`\n- Keys:\n  - "the": `[2, 0]`\n  - "cat": `[0, 1]`\n\nScores of "cat": [2, 0]\n'
    )
    assert (check(text).verdict, check(text).checked) == ("right", 2)
    assert check(text.replace("[2, 0]\n", "[5, 0]\n")).findings[0].at == ("cat", "the")


def test_the_dot_of_a_product_ends_no_clause():
    text = VECTORS + "q_green . k_red = 2 * 1 = 2\n\nq_green . k_blue = 2 * 1 = 2\n"
    assert check(text).checked == 2
    assert first(text.replace("2 * 1 = 2\n\nq", "2 * 3 = 6\n\nq")) == ("operand", "3", "1")


def test_a_row_of_whole_numbers_is_the_one_that_is_right_not_the_one_that_is_near():
    # The scores of red are 1, 0, 1, one unit from those of green, all 0: e/(2e + 1) = 0.422, 1/(2e + 1) = 0.155.
    vectors = VECTORS.replace("green: Q = [2]", "green: Q = [0]")
    text = f"{vectors}softmax([1, 0, 1]) ≈ [0.422, 0.155, 0.422]\n\nsoftmax([0, 0, 0]) ≈ [0.333, 0.333, 0.333]\n"
    assert check(text).verdict == "right"
    finding = check(text.replace("0.333, 0.333]", "0.363, 0.333]")).findings[0]
    assert (finding.at, finding.printed) == (("green", "green"), "0.363")
