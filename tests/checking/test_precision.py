"""Small errors in what programs print: float32 excuses its own noise, and nothing beside numbers of float64."""

from decimal import Decimal

import numpy as np
import pytest

from pellucid.checking import check_file
from pellucid.checking.precision import off_in_last_digits
from pellucid.checking.printed import Printed
from pellucid.checking.problem import Claim

PARTS = np.arange(7, 13) / 13  # 7/13 is 0.538461538461…, and so on
PRINTED = ["0.53846154", "0.61538462", "0.69230769", "0.76923077", "0.84615385", "0.92307692"]


def off(texts, true):
    claims = [Claim("output", (n,), Printed(Decimal(text), text, 8, 0, 0, True)) for n, text in enumerate(texts)]
    return [claim.printed.text for claim in off_in_last_digits(claims, true)]


def test_numbers_of_float64_have_no_excuse():
    assert off(PRINTED, PARTS) == []
    assert off(["0.53846155", *PRINTED[1:]], PARTS) == ["0.53846155"]
    assert off([*PRINTED[:5], "0.92307681"], PARTS) == ["0.92307681"]


def test_numbers_of_float32_are_excused():
    texts = [f"{number:.8f}" for number in PARTS.astype(np.float32)]
    assert texts != PRINTED
    assert off(texts, PARTS) == []


@pytest.mark.parametrize(
    ("texts", "true"),
    [
        (["0.53846155", *PRINTED[1:5]], PARTS[:5]),  # float32 prints four such by chance
        (["0.14285715", *["0.5"] * 9], np.array([1 / 7, *[0.5] * 9])),  # and these always
        (["0.14285715", *["0.03571429"] * 9], np.array([1 / 7, *[1 / 28] * 9])),  # it has digits enough for small ones
    ],
)
def test_few_numbers_and_easy_ones_prove_nothing(texts, true):
    assert off(texts, true) == []


def test_float32_is_never_blamed_for_its_noise():
    random = np.random.default_rng(0)
    for _ in range(300):
        rows, columns = random.integers(2, 7), random.integers(2, 5)
        query, key, value = (np.round(random.random((rows, columns)), 1) for _ in range(3))
        true, noisy = (
            (weights / weights.sum(-1, keepdims=True)) @ value.astype(kind)
            for kind in (np.float64, np.float32)
            for weights in [np.exp(query.astype(kind) @ key.astype(kind).T / np.sqrt(kind(columns)))]
        )
        assert off([f"{x:.8f}" for x in noisy.reshape(-1)], true.reshape(-1)) == []


def test_a_print_with_one_digit_off():
    query = np.array([[0.2, 0.7], [0.9, 0.4], [0.3, 0.8]])
    key, value = np.array([[0.5, 0.1], [0.6, 0.9], [0.2, 0.3]]), np.array([[0.9, 0.5], [0.4, 0.8], [0.7, 0.6]])
    weights = np.exp(query @ key.T / np.sqrt(2))
    output = (weights / weights.sum(axis=1, keepdims=True)) @ value
    given = "\n\n".join(f"{name} = {matrix.tolist()}" for name, matrix in (("Q", query), ("K", key), ("V", value)))
    shown = str(output)
    text = f"{given}\n\nAttention(Q, K, V) = softmax(QKᵀ/√d_k) V\n\nOutput:\n\n```\n{shown}\n```\n"
    assert check_file("x.md", text.encode()).verdict == "right"
    right = f"{output[1, 1]:.8f}"
    wrong = f"{output[1, 1] + 3e-8:.8f}"
    assert right in shown
    (finding,) = check_file("x.md", text.replace(right, wrong).encode()).findings
    assert (finding.severity, finding.cause, finding.printed, finding.correct) == (
        "error",
        "weighted_sum",
        wrong,
        right,
    )
