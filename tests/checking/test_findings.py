"""The words and digits of findings."""

import math
from decimal import Decimal

import pytest

from pellucid.checking import check_file
from pellucid.checking.causes import CAUSES
from pellucid.checking.findings import exact_digits, message

# a·a = 1×1 + 2×1 = 3, a·b = 1×0 + 2×3 = 6; over √1… the scale is left out.
EXAMPLE = """tokens: [a, b]
query: [[1, 2]]
query_tokens: [a]
key: [[1, 1], [0, 3]]
value: [[1, 5, 2], [3, 1, 0]]
scale: none
claims:
  - {step: scores, printed: [["4", "6"]]}
"""


@pytest.mark.parametrize("cause", sorted(set(CAUSES) - {"follows", "drift"}))
def test_a_message_says_what_is_right_and_why(cause):
    sentence = message("a · b", "7", "6", cause)
    assert sentence == f"a · b is 6, not 7: {CAUSES[cause]}." or sentence.endswith(f"is 6, not 7: {CAUSES[cause]}.")


def test_a_reason_takes_the_place_of_the_cause():
    assert message("a · b", "7", "6", "arithmetic", "its last digit is off").endswith(": its last digit is off.")


@pytest.mark.parametrize("cause", ["follows", "drift"])
def test_what_follows_and_what_drifts_is_said_differently(cause):
    sentence = message("a · b", "7", "6", cause)
    assert "7" in sentence
    assert "6" in sentence
    assert ("follows from" if cause == "follows" else "rounded") in sentence


@pytest.mark.parametrize(
    ("true", "digits"),
    [
        (0.25, "0.25"),
        (1 / 3, "0.333333333333"),
        (Decimal(2) / 3, "0.666666666667"),
        (-math.inf, "-inf"),
        (math.inf, "inf"),
        (12.0, "12"),
        (1e-9, "0.000000001"),
    ],
)
def test_exact_digits(true, digits):
    assert exact_digits(true) == digits or Decimal(exact_digits(true)) == Decimal(digits)


def test_the_fields_of_a_finding():
    text = EXAMPLE.replace("tokens: [a, b]\n", "key_tokens: [a, b]\n")
    report = check_file("x.yaml", text.encode())
    (finding,) = report.as_json()["findings"]
    assert {
        name: finding[name] for name in ("severity", "cause", "step", "at", "line", "printed", "correct", "exact")
    } == {
        "severity": "error",
        "cause": "dot_product",
        "step": "scores",
        "at": ["a", "a"],
        "line": 8,
        "printed": "4",
        "correct": "3",
        "exact": "3",
    }
    assert finding["follows_from"] is None
    assert report.as_json()["checked"] == 2
    assert "a · a is 3, not 4" in finding["message"]
