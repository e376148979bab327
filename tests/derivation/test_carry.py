"""Carrying values as printed: each step from its printed predecessors, and how far that leads away."""

import inspect
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import Example, explain
from pellucid.errors import InputError


def printed(number: Fraction, digits: int) -> Fraction:
    """Halves away from zero, from the definition."""
    units = math.floor(abs(number) * 10**digits + Fraction(1, 2))
    return Fraction(units if number >= 0 else -units, 10**digits)


def fractions(array):
    return [[Fraction(str(number)) for number in row] for row in array]


def products(left, right, digits):
    """left @ rightᵀ, printed."""
    return [[printed(sum(a * b for a, b in zip(row, other, strict=True)), digits) for other in right] for row in left]


def softmax(row):
    exponentials = [math.exp(score) for score in row]
    return [exponential / sum(exponentials) for exponential in exponentials]


tables = st.integers(-300, 300).map(lambda hundredths: f"{hundredths / 100}")


@pytest.mark.parametrize("exact", [False, True])
@given(draw=st.data(), digits=st.integers(1, 3))
@settings(max_examples=20)
def test_every_step_is_computed_from_the_printed_ones_before_it(exact, draw, digits):
    n_q, n_k, d_k, d_v = draw.draw(st.permutations([1, 2, 3, 4]))
    query, key, value = (
        draw.draw(st.lists(st.lists(tables, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
        for rows, columns in ((n_q, d_k), (n_k, d_k), (n_k, d_v))
    )
    derivation = explain(Example(query=query, key=key, value=value), exact=exact, digits=digits, carry="rounded")
    shown = {step.name: fractions(step.value) for step in derivation}
    for name, given_rows in (("query", query), ("key", key), ("value", value)):
        assert shown[name] == [[printed(Fraction(text), digits) for text in row] for row in given_rows]
    assert shown["scores"] == products(shown["query"], shown["key"], digits)
    unit = Fraction(1, 10**digits)
    for row, scaled, weights in zip(shown["scores"], shown["scaled_scores"], shown["weights"], strict=True):
        for score, rescaled in zip(row, scaled, strict=True):
            assert abs(float(rescaled) - float(score) / math.sqrt(d_k)) <= float(unit) / 2 + 1e-12
        for weight, expected in zip(weights, softmax(map(float, scaled)), strict=True):
            assert abs(float(weight) - expected) <= float(unit) / 2 + 1e-12
    columns = [list(column) for column in zip(*shown["value"], strict=True)]
    assert shown["output"] == products(shown["weights"], columns, digits)


@given(seed=st.integers(0, 2**32 - 1), digits=st.integers(0, 4))
@settings(max_examples=10)
def test_carried_values_are_what_is_printed(seed, digits):
    random = np.random.default_rng(seed)
    arrays = {
        name: random.normal(size=(2, rows, width))
        for name, rows, width in (("query", 3, 4), ("key", 5, 4), ("value", 5, 1))
    }
    derivation = explain(
        Example(**arrays, num_heads=2, mask=random.random((3, 5)) < 0.8), digits=digits, carry="rounded"
    )
    for step in derivation:
        if step.value.dtype != bool:
            for number in step.value.reshape(-1):
                assert float(step.notation.text(number).replace("∞", "inf")) == number


def test_the_article_row_carried_with_two_places():
    # 0.21/√3 = 0.1212…, 0.29/√3 = 0.1674…, 0.33/√3 = 0.1905…, 0.36/√3 = 0.2078…, 0.26/√3 = 0.1501…
    derivation = explain("dog-on-the-mat", digits=2, carry="rounded")
    row = derivation["weights"].index("sitting", 0)[0]
    assert derivation["scaled_scores"].value[row].tolist() == [0.12, 0.17, 0.19, 0.17, 0.21, 0.15]
    expected = [round(weight, 2) for weight in softmax([0.12, 0.17, 0.19, 0.17, 0.21, 0.15])]
    assert derivation["weights"].value[row].tolist() == expected


@pytest.mark.parametrize("exact", [False, True])
def test_drift_is_the_largest_difference_from_the_exact_steps(exact):
    carried = explain("dog-on-the-mat", exact=exact, digits=2, carry="rounded")
    true = explain("dog-on-the-mat", exact=exact, digits=2)
    assert [drift.step for drift in carried.drift] == [step.name for step in carried if step.name != "masked_scores"]
    for drift in carried.drift:
        difference = abs(carried[drift.step].value - true[drift.step].value)
        assert drift.largest == difference.max() == difference[drift.index]
        assert drift.carried == carried[drift.step].value[drift.index]
        assert drift.exact == true[drift.step].value[drift.index]
    drifts = {drift.step: drift for drift in carried.drift}
    assert drifts["query"].largest == 0
    assert 0.004 < drifts["scaled_scores"].largest <= 0.005


def test_drift_worked_out_by_hand():
    # 1/3 is printed 0.33; 0.33·0.33 = 0.1089 is printed 0.11, and the true score is 1/9.
    derivation = explain(Example(query=[["1/3"]], key=[["1/3"]], value=[[1]], scale="none"), digits=2, carry="rounded")
    assert derivation["query"].value.tolist() == [[0.33]]
    assert derivation["scores"].value.tolist() == [[0.11]]
    drifts = {drift.step: drift for drift in derivation.drift}
    assert drifts["scores"].largest == pytest.approx(1 / 9 - 0.11, rel=1e-12)
    assert drifts["scores"].index == (0, 0)


def test_masked_scores_of_minus_infinity_do_not_drift():
    derivation = explain(
        Example(scores=[["1/3", "1/3"]], value=[[1], [2]], scale="none", mask=[[1, 0]]), digits=1, carry="rounded"
    )
    drifts = {drift.step: drift for drift in derivation.drift}
    assert drifts["masked_scores"].largest == pytest.approx(1 / 30)
    assert "mask" not in drifts


def test_a_half_reached_through_roots_is_rounded_as_a_half():
    # √2·√2/8 = 0.25, printed 0.3; its decimals are 0.24999… at every precision.
    example = Example(query=[["sqrt(2)*sqrt(2)/8"]], key=[[1]], value=[["0.25"]], scale="none")
    derivation = explain(example, exact=True, digits=1, carry="rounded")
    assert derivation["query"].value.tolist() == derivation["output"].value.tolist() == [[Decimal("0.3")]]


def test_there_are_two_ways_to_carry():
    unchecked = inspect.unwrap(explain)  # as it is when no tests run
    with pytest.raises(InputError, match="carry is 'round'; it can be 'exact' or 'rounded'"):
        unchecked("dog-on-the-mat", carry="round")
