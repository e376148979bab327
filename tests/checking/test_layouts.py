"""Ways to lay out an example that people use: lists under titles, in one passage or in several, sums of vectors."""

from io import BytesIO

import openpyxl
import pytest

from pellucid.checking import check_file

# q·a = 1, q·b = 2 with d_k = 1: e/(e + e²) = 0.2689 and e²/(e + e²) = 0.7311; 0.2689·(1, 0) + 0.7311·(0, 2)
FORMULA = "Attention(Q, K, V) = softmax(QKᵀ/√d_k) V\n\n"


def found(text, name="x.md"):
    report = check_file(name, text.encode() if isinstance(text, str) else text)
    return report.checked, [(f.step, f.at, f.printed, f.correct) for f in report.findings], report.unchecked


def test_lists_of_vectors_under_titles_in_one_passage():
    text = (
        FORMULA
        + "Queries (from the decoder):\n  Mond  = [1]\n  Stern = [2]\n\n"
        + "Keys (from the encoder):\n  the = [1]\n  sun = [2]\n\n"
        + "Values (from the encoder):\n  the = [1, 0]\n  sun = [0, 2]\n\n"
        + "Mond:\n\nweights = [0.2689, 0.7311]\n\noutput = [0.2689, 1.4621]\n"
    )
    assert found(text, "x.txt") == (4, [], [])
    wrong = found(text.replace("0.7311]", "0.7511]"), "x.txt")
    assert wrong[1][0] == ("weights", ("Mond", "sun"), "0.7511", "0.7311")


ITEMS = (
    FORMULA
    + "Query: [1]\n\nKeys:\n\n- moon = [1]\n- sun = [2]\n\nScores:\n\n- moon: 1\n- sun: 2\n\n"
    + "Weights after the softmax:\n\n- moon: 26.9%\n- sun: 73.1%.\n"
)


@pytest.mark.parametrize(
    ("text", "name"), [(ITEMS, "x.md"), (ITEMS.replace("\n\n- ", "\n").replace("\n- ", "\n  "), "x.txt")]
)
def test_numbers_of_tokens_line_by_line(text, name):
    assert found(text, name) == (4, [], [])
    wrong = found(text.replace("73.1%", "74.1%"), name)
    assert wrong[1] == [("weights", (0, "sun"), "74.1%", "73.1%")]


def test_lines_under_no_title_are_no_results():
    text = ITEMS + "\nAt a glance\n\n- moon: 3\n- sun: 7\n\nSizes:\n\n- moon: 12\n"
    assert found(text) == (4, [], [])


def test_a_sum_of_weighted_vectors_with_names():
    text = (
        FORMULA
        + "q = [1], k_moon = [1], k_sun = [2], v_moon = (1, 0), v_sun = (0, 2)\n\n"
        + "Weights: [0.2689, 0.7311]\n\n0.2689 · v_moon + 0.7311 · v_sun = (0.2689, 1.4621)\n"
    )
    assert found(text) == (4, [], [])
    wrong = found(text.replace("1.4621", "1.6421"))
    assert [finding[:1] + finding[2:] for finding in wrong[1]] == [("output", "1.6421", "1.4621")]


def test_a_scale_in_the_corner_of_a_block_is_its_name():
    book = openpyxl.Workbook()
    sheet = book.active
    for title, rows in (
        ("Q", [[1], [2]]),
        ("K", [[3], [1]]),
        ("QK^T", [[3, 1], [6, 2]]),
        ("QK^T / sqrt(1)", [[3, 1], [6, 2.5]]),
    ):
        sheet.append([title, *(["d1"] if len(rows[0]) == 1 else ["moon", "sun"])])
        for token, row in zip(("moon", "sun"), rows, strict=True):
            sheet.append([token, *row])
        sheet.append([])
    data = BytesIO()
    book.save(data)
    checked, findings, unchecked = found(data.getvalue(), "x.xlsx")
    assert (checked, unchecked) == (8, [])
    assert findings == [("scaled_scores", ("sun", "sun"), "2.5", "2.0")]


def test_results_that_are_taken_as_given_are_given_once():
    """Without queries and keys the first weights are where computing begins; others in their place are not checked."""
    text = FORMULA + "V = [[1, 0], [0, 2]]\n\nweights = [0.25, 0.75]\n\noutput = [0.25, 1.5]\n\n"
    checked, findings, unchecked = found(text + "weights = [0.5, 0.5]\n")
    assert (checked, findings) == (2, [])
    assert [line.printed for line in unchecked] == [("0.5", "0.5")]


KEYS_ABOVE = """Query q1 = [1, 0, 1]; keys k1 = [0, 1, 2], k2 = [1, 1, 0]; values v1 = [1, 2], v2 = [3, 4].

| | k1 | k2 |
|---|---|---|
| score | 2 | 1 |
| scaled (÷√3) | 1.155 | 0.577 |
| weight | 0.640 | 0.360 |
"""
# 2/√3 and 1/√3; e^1.155 : e^0.577 = 3.173 : 1.781, 4.954 together


def test_keys_stand_above_the_steps_of_one_query():
    report = check_file("x.md", KEYS_ABOVE.encode())
    assert (report.verdict, report.checked) == ("right", 6)


@pytest.mark.parametrize(
    ("right", "wrong", "step"),
    [("0.577", "0.757", "scaled_scores"), ("0.640", "0.460", "weights"), ("| 2 |", "| 3 |", "scores")],
)
def test_a_wrong_number_under_a_key_is_found(right, wrong, step):
    report = check_file("x.md", KEYS_ABOVE.replace(right, wrong).encode())
    root = next(finding for finding in report.findings if finding.severity == "error")
    assert (root.step, root.printed) == (step, wrong.strip("| "))
