"""The output before W_O and the one behind it are called by one name."""

import pytest

import pellucid

GIVEN = "q = [1, 0], k1 = [1, 1], k2 = [0, 1], v1 = [1, 2], v2 = [3, 4].\n\n"
WEIGHTS = "The weights are 0.6698 and 0.3302.\n\n"  # e^(1/√2) / (e^(1/√2) + 1) = 2.0281 / 3.0281


def check(tmp_path, text):
    path = tmp_path / "page.md"
    path.write_text(GIVEN + WEIGHTS + text)
    return pellucid.check(path)


@pytest.mark.parametrize(
    "text",
    [
        # 0.6698·1 + 0.3302·3 = 1.6604…, + 1 = 2.6604…; [[1, 0], [1, 1]] makes of [a, b] [a + b, b].
        "The output is [1.6605, 2.6605].\n\nW_O = [[1, 0], [1, 1]]\n\nProjected by W_O the output is [{}, 2.6605].",
        "Head output: [1.6605, 2.6605].\n\nWith W_O = [[1, 0], [1, 1]] the projected output is [{}, 2.6605].",
        # [[1, 0, 2], [1, 1, 0]]: a third column, 2a.
        "The output is [1.6605, 2.6605].\n\nW_O = [[1, 0, 2], [1, 1, 0]]\n\nWith W_O we get [{}, 2.6605, 3.3210].",
    ],
)
def test_both_are_compared_with_what_they_are(tmp_path, text):
    right = check(tmp_path, text.format("4.3210"))
    assert right.verdict == "right"
    wrong = check(tmp_path, text.format("4.4210"))
    assert [finding.printed for finding in wrong.findings] == ["4.4210"]


def test_one_that_is_wrong_before_the_projection_is_found(tmp_path):
    text = "The output is [1.7605, 2.6605].\n\nW_O = [[1, 0], [1, 1]]\n\nProjected by W_O we get [4.3210, 2.6605]."
    report = check(tmp_path, text)
    assert [finding.printed for finding in report.findings] == ["1.7605"]
