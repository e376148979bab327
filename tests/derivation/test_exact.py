"""Exact mode against mpmath: every printed digit is the correctly rounded true one."""

import decimal
from decimal import Decimal

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from pellucid import Example, explain
from pellucid.errors import InputError

WIDE = 900  # decimal digits of mpmath

NUMBERS = {
    "0.3": lambda: mpmath.mpf(3) / 10,
    "-1.5": lambda: mpmath.mpf(-3) / 2,
    "0": lambda: mpmath.mpf(0),
    "1/3": lambda: mpmath.mpf(1) / 3,
    "-2e-3": lambda: mpmath.mpf(-2) / 1000,
    "sqrt(2)": lambda: mpmath.sqrt(2),
    "-sqrt(3)/7": lambda: -mpmath.sqrt(3) / 7,
    "exp(-1)": lambda: mpmath.exp(-1),
    "cos(2)": lambda: mpmath.cos(2),
    "3^(2/3)": lambda: mpmath.mpf(3) ** (mpmath.mpf(2) / 3),
    "2.71828182845904523536": lambda: mpmath.mpf("2.71828182845904523536"),
}
FAR_APART = {
    "1": lambda: mpmath.mpf(1),
    "1e40": lambda: mpmath.mpf(10) ** 40,
    "-1e40": lambda: -(mpmath.mpf(10) ** 40),
    "1e-40": lambda: mpmath.mpf(10) ** -40,
    "sqrt(2)*1e-40": lambda: mpmath.sqrt(2) * mpmath.mpf(10) ** -40,
}


def correctly_rounded(number: mpmath.mpf, digits: int) -> Decimal:
    """To significant digits; halves, which only exact numbers reach, away from zero."""
    if abs(number) < mpmath.mpf(10) ** -(WIDE // 2):
        return Decimal(0)  # what mpmath leaves of sums that cancel; no true result here is so small
    written = Decimal(mpmath.nstr(number, digits + 100, min_fixed=0, max_fixed=0))
    return decimal.Context(prec=digits, rounding=decimal.ROUND_HALF_UP).plus(written)


def assert_correctly_rounded(values, reference, digits):
    for index in np.ndindex(values.shape):
        assert values[index] == correctly_rounded(reference[index], digits), index


def matrices(draw, shape, numbers):
    rows, columns = shape
    row = st.lists(st.sampled_from(list(numbers)), min_size=columns, max_size=columns)
    return draw(st.lists(row, min_size=rows, max_size=rows))


def true(texts, numbers):
    return np.array([[numbers[text]() for text in row] for row in texts], dtype=object)


def true_softmax(scores):
    rows = []
    for row in scores:
        exponentials = [mpmath.exp(score - max(row)) for score in row]
        rows.append([exponential / sum(exponentials) for exponential in exponentials])
    return np.array(rows, dtype=object)


@given(draw=st.data(), digits=st.sampled_from([1, 2, 17, 50, 83]))
@settings(max_examples=25)
def test_every_digit_of_a_whole_chain_is_right(draw, digits):
    n, d_model, d_k, d_v = draw.draw(st.permutations([1, 2, 3, 4]))
    shapes = {"query": (d_model, d_k), "key": (d_model, d_k), "value": (d_model, d_v), "output": (d_v, 2)}
    embeddings = matrices(draw.draw, (n, d_model), NUMBERS)
    weights = {name: matrices(draw.draw, shape, NUMBERS) for name, shape in shapes.items()}
    biases = {name: matrices(draw.draw, (1, shape[1]), NUMBERS)[0] for name, shape in shapes.items()}
    derivation = explain(
        Example(embeddings=embeddings, positions="sinusoidal", weights=weights, biases=biases), exact=digits
    )
    with mp.workdps(WIDE):
        angles = [
            [p / mpmath.mpf(10_000) ** (mpmath.mpf(2 * (i // 2)) / d_model) for i in range(d_model)] for p in range(n)
        ]
        positions = [[(mpmath.cos if i % 2 else mpmath.sin)(angle) for i, angle in enumerate(row)] for row in angles]
        x = true(embeddings, NUMBERS) + np.array(positions, dtype=object)
        query, key, value = (
            x @ true(weights[name], NUMBERS) + true([biases[name]], NUMBERS) for name in ("query", "key", "value")
        )
        attention = true_softmax(query @ key.T / mpmath.sqrt(d_k))
        output = attention @ value @ true(weights["output"], NUMBERS) + true([biases["output"]], NUMBERS)
        for name, reference in (
            ("positions", np.array(positions, dtype=object)),
            ("query", query),
            ("scores", query @ key.T),
            ("weights", attention),
            ("output", output),
        ):
            assert_correctly_rounded(derivation[name].value, reference, digits)


@given(draw=st.data(), digits=st.sampled_from([3, 50]))
@settings(max_examples=25)
def test_every_digit_of_scores_is_right_however_much_cancels(draw, digits):
    n_q, n_k, d_model, d_k = draw.draw(st.permutations([1, 2, 3, 4]))
    embeddings, memory = (matrices(draw.draw, (n, d_model), FAR_APART) for n in (n_q, n_k))
    weights = {name: matrices(draw.draw, (d_model, d_k), FAR_APART) for name in ("query", "key", "value")}
    biases = {name: matrices(draw.draw, (1, d_k), FAR_APART)[0] for name in ("query", "key")}
    derivation = explain(
        Example(embeddings=embeddings, memory=memory, weights=weights, biases=biases, scale="none"), exact=digits
    )
    with mp.workdps(WIDE):
        query = true(embeddings, FAR_APART) @ true(weights["query"], FAR_APART) + true([biases["query"]], FAR_APART)
        key = true(memory, FAR_APART) @ true(weights["key"], FAR_APART) + true([biases["key"]], FAR_APART)
        assert_correctly_rounded(derivation["query"].value, query, digits)
        assert_correctly_rounded(derivation["scores"].value, query @ key.T, digits)


def output(**fields):
    return explain(Example(**fields), exact=True)["output"].value.tolist()


def test_a_projection_and_its_bias_cancel_without_loss():
    # (1e40·1 + 1e-40·1) − 1e40 = 1e-40, which needs 81 digits on the way
    derivation = explain(
        Example(
            embeddings=[["1e40", "1e-40"]],
            weights={"query": [[1], [1]], "key": [[1], [0]], "value": [[1], [0]]},
            biases={"query": ["-1e40"]},
        ),
        exact=True,
    )
    assert derivation["query"].value.tolist() == [[Decimal("1e-40")]]
    assert derivation["scores"].value.tolist() == [[1]]


def test_a_weight_that_is_almost_one_is_told_from_one():
    # w = 1/(1 + e^-500); w − 1 = −e^-500/(1 + e^-500)
    (((difference,),)) = output(
        scores=[[0, -500]], value=[[1], [0]], scale="none", weights={"output": [[1]]}, biases={"output": [-1]}
    )
    with mp.workdps(WIDE):
        assert difference == correctly_rounded(-mpmath.exp(-500) / (1 + mpmath.exp(-500)), 50)


def test_equal_weights_of_opposite_large_values_cancel():
    third = "0.33333333333333333333333333333333333333333333333333e-40"
    assert output(scores=[[7, 7, 7]], value=[["1e40"], ["-1e40"], ["1e-40"]], scale="none") == [[Decimal(third)]]


def test_a_fully_masked_row_is_exactly_zero():
    fields = {"scores": [[1, 2], ["1/3", 4]], "value": [["sqrt(2)"], [5]], "scale": "none"}
    derivation = explain(Example(**fields, mask=[[0, 0], [1, 0]]), exact=True)
    assert derivation["weights"].value.tolist() == [[0, 0], [1, 0]]
    with mp.workdps(WIDE):
        assert derivation["output"].value.tolist() == [[0], [correctly_rounded(mpmath.sqrt(2), 50)]]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 7])
def test_equal_scores_share_the_weight_equally(count):
    derivation = explain(Example(query=[["sqrt(2)"]], key=[["0.21/sqrt(3)"]] * count, value=[[1]] * count), exact=True)
    with mp.workdps(WIDE):
        share = correctly_rounded(mpmath.mpf(1) / count, 50)
    assert derivation["weights"].value.tolist() == [[share] * count]
    assert derivation["output"].value.tolist() == [[1]]


@pytest.mark.parametrize(
    ("query", "key", "score"),
    [
        (["0.3", "0.4", "0.1"], ["0.1", "0.3", "0.6"], "0.21"),
        (["0.3"], ["0.1"], "0.03"),
        (["sqrt(2)", "1"], ["sqrt(3)", "-sqrt(6)"], "0"),
        (["sqrt(2)", "1e-30"], ["sqrt(2)", "1"], "2.000000000000000000000000000001"),
        (["sqrt(2)*1e150", "1e150"], ["sqrt(3)*1e150", "-sqrt(6)*1e150"], "0"),
        (["1e40", "1", "-1e40"], ["1", "1e-40", "1"], "1e-40"),
        (["1/3", "1/3", "1/3"], ["1", "1", "1"], "1"),
    ],
)
def test_scores_whose_digits_are_known(query, key, score):
    derivation = explain(Example(query=[query], key=[key], value=[[1]], scale="none"), exact=True)
    assert derivation["scores"].value.tolist() == [[Decimal(score)]]


def test_scores_beyond_all_exponentials_leave_the_weight_to_the_largest():
    assert output(scores=[["1e300", "-1e300", "1e300"]], value=[[1], [5], [3]], scale="none") == [[2]]


def test_large_irrational_scores_that_are_equal_are_no_overflow():
    derivation = explain(
        Example(query=[["sqrt(2)*1e150"]], key=[["1e150"], ["sqrt(2)*1e150/sqrt(2)"]], value=[[1], [2]]), exact=True
    )
    assert derivation["weights"].value.tolist() == [[Decimal("0.5"), Decimal("0.5")]]


def test_exact_digits_grow_with_the_places_that_are_printed():
    derivation = explain(Example(scores=[[0]], value=[["1000000/7"]], scale="none"), exact=True, digits=60)
    true_digits = "142857." + "142857" * 10
    assert derivation.notation.text(derivation["output"].value[0, 0]) == true_digits


@pytest.mark.parametrize("digits", [0, -5])
def test_impossible_digits_are_refused(digits):
    with pytest.raises(InputError, match="digits; it can have 1 to"):
        explain("dog-on-the-mat", exact=digits)
