"""Which printed results are said not to have been compared, and which numbers are none."""

from decimal import Decimal

import numpy as np
import pytest

from pellucid.checking import check_file
from pellucid.checking.equation_check import EquationCheck
from pellucid.checking.mention import Mention
from pellucid.checking.mentions import Reading
from pellucid.checking.naming import Quantity
from pellucid.checking.printed import Printed
from pellucid.checking.source import Source
from pellucid.checking.unchecked import unchecked_results

# q · k1 = 1, q · k2 = 2, and no scale: a worked example of one query.
GIVEN = "q = [1, 2], k1 = [1, 0], k2 = [0, 1]\n\nscores: [1, 2]\n\n"


def unchecked(text, name="x.md"):
    """Lines and numbers that were not compared, counted from behind `GIVEN`."""
    report = check_file(name, (GIVEN + text).encode())
    assert report.checked >= 2, report.reading
    return [(line.line - GIVEN.count("\n"), *line.printed) for line in report.unchecked]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("weights: [0.3, 0.3, 0.6]\n", [(1, "0.3", "0.3", "0.6")]),  # three weights for two keys
        ("Something else:\n\n[[1, 2],\n [3, 4]]\n", [(3, "1", "2", "3", "4")]),
        ("cos(0.3) = 0.955\n", [(1, "0.955")]),  # arithmetic that is not read
        ("|0.3| ≈ 0.3 and the angle ≈ 1.25\n", [(1, "0.3", "1.25")]),
        ("[0.5, 0.25] + [1, 2, 3] = [1.5, 2.25, 3.0]\n", [(1, "1.5", "2.25", "3.0")]),  # shapes that do not fit
        ("sum = 10.107\n", [(1, "10.107")]),
        ("score(sun, moon) = 0.4, score(moon, sun) = 0.7\n", [(1, "0.4", "0.7")]),  # of no token here
        ("## Sizes\n\n| width | height |\n|---|---|\n| 2.5 | 7 |\n| 1.5 | 8 |\n", [(5, "2.5", "1.5")]),
        ("The other outputs are [0.38, 0.49] and [0.52, 0.60].\n", [(1, "0.38", "0.49", "0.52", "0.60")]),
    ],
)
def test_results_that_nothing_was_compared_with(text, expected):
    assert unchecked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "On 2024-03-15 version 1.2 of the book said 6 tokens, 3.5 % more than the 2.0 of section 4.1.\n",
        "We have d_k = 2 and n = 3, with dropout p = 0.1 and a learning rate of 0.001.\n",
        "The attention weights with d_k = 2 sum to 1.\n",
        "The shape is [3, 4]; see [12, 13].\n",
        "A = E / E.sum(axis=1)\n",
        "Needs flash_attn>=2.4 and CAPTURE_OUTPUTS=1.\n",
        "```python\nw = np.array([[0.1, 0.2], [0.3, 0.4]])\n```\n",
        "0.5 × 0.5 = 0.25 ≈ 0.3\n",
        "| setting | value |\n|---|---|\n| layers | 6 |\n| heads | 8 |\n",
    ],
)
def test_numbers_that_are_no_results(text):
    assert unchecked(text) == []


def test_what_is_said_to_be_wrong_is_named_too():
    text = GIVEN + "scores: [1, 2]\n\n## A common mistake\n\nscores: [2, 1]\n"
    report = check_file("x.md", text.encode())
    assert report.verdict == "right"
    assert [line.printed for line in report.unchecked] == [("2", "1")]


def test_numbers_without_a_name_in_a_document_without_an_example():
    text = "2 × 3 = 6\n\n| `rate` | `0.1` |\n|---|---|\n| `decay` | `0.02` |\n\n[[0.5, 0.25], [1.5, 2.5]]\n"
    report = check_file("x.md", text.encode())
    assert (report.checked, report.unchecked) == (1, [])


def test_numbers_are_named_as_they_stand_in_the_file():
    given = (
        '"Hund": Query = [0,25; 0,5], Key = [0,15; 0,35], Value = [0,35; 0,25]\n\n'
        '"Katze": Query = [0,45; 0,65], Key = [0,25; 0,45], Value = [0,55; 0,35]\n\n'
        "Katze · Katze = 0,45·0,25 + 0,65·0,45 = 0,405\n\n"
    )
    report = check_file("x.md", f"{given}Gewichte: [0,3; 0,3; 0,6]\n".encode())
    assert report.checked == 1
    (line,) = report.unchecked
    assert line.printed == ("0,3", "0,3", "0,6")


def test_json_has_them_beside_the_findings():
    report = check_file("x.md", (GIVEN + "weights: [0.3, 0.3, 0.6]\n").encode())
    assert report.as_json()["unchecked"] == [{"line": 5, "printed": ["0.3", "0.3", "0.6"]}]


def test_a_number_of_two_groups_is_named_once():
    """Say a table and what a cell of its second row says: the number is told with the table."""
    first, second = (Printed(Decimal(text), text, 1, start, start + 3) for text, start in (("0.4", 2), ("0.7", 12)))
    mentions = [
        Mention(Quantity("weights"), np.array([first, second], dtype=object), "weights"),
        Mention(Quantity("weights", ("sun",)), np.array(second, dtype=object), "weight of sun"),
    ]
    found = unchecked_results(Reading([], mentions), [], EquationCheck(), Source("x.md", "| 0.4 |\n| | 0.7 |\n"))
    assert [(line.line, line.printed) for line in found] == [(1, ("0.4", "0.7"))]


@pytest.mark.parametrize("name", ["Residual: x + output", "Output + x", "Output of the feed-forward network"])
def test_what_comes_after_attention_is_no_wrong_output(name):
    # e^1 : e^2 = 2.718 : 7.389; 0.269 (1, 5) + 0.731 (3, 1) = (2.462, 2.076)
    text = "v1 = [1, 5], v2 = [3, 1]\n\nWithout scale.\n\nweights: [0.269, 0.731]\n\noutput: [2.462, 2.076]\n\n"
    assert unchecked(f"{text}{name} = [3.462, 4.076]\n") == [(9, "3.462", "4.076")]
    report = check_file("x.md", f"{GIVEN}{text}{name} = [3.462, 4.076]\n".encode())
    assert (report.verdict, report.findings) == ("right", [])


def test_a_column_of_what_comes_after_attention_is_no_wrong_output():
    text = "v1 = [1, 5], v2 = [3, 1]\n\nWithout scale.\n\nweights: [0.269, 0.731]\n\n"
    table = "| token | output | output + x |\n|---|---|---|\n| q | [2.462, 2.076] | [3.462, 4.076] |\n"
    report = check_file("x.md", f"{GIVEN}{text}{table}".encode())
    assert (report.verdict, report.findings) == ("right", [])
