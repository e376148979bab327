import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.numbers import Exact, Notation
from pellucid.numbers.texts import texts

# Sixteenths, hundredths and their neighbours are what rounding is about: halves, noise, numbers of few places.
ROUND = st.builds(
    lambda n, d, ulps: n / d + ulps * 2e-16,
    st.integers(-3000, 3000),
    st.sampled_from([16, 100, 800]),
    st.integers(-3, 3),
)
FLOATS = st.floats(allow_nan=False, allow_infinity=True) | st.floats(-2, 2) | ROUND
PLACES = st.none() | st.integers(0, 14)


@given(st.lists(FLOATS, max_size=30), st.integers(0, 14), PLACES)
def test_every_float64_reads_as_it_does_alone(values, digits, places):
    notation = Notation(digits)
    assert texts(notation, np.array(values, dtype=np.float64), places) == [
        notation.text(value, places) for value in values
    ]


@given(st.lists(FLOATS, max_size=30), st.integers(0, 9), PLACES)
def test_every_float32_reads_as_it_does_alone(values, digits, places):
    notation = Notation(digits)
    with np.errstate(over="ignore"):
        array = np.array(values, dtype=np.float32)
    assert texts(notation, array, places) == [notation.text(value, places) for value in array]


def test_rows_follow_one_another():
    assert texts(Notation(2), np.array([[0.125, -0.125], [1e-9, 0.0]])) == ["0.13", "-0.13", "0.00", "0"]


def test_decimals_keep_their_places():
    thirds = Exact(20).array(np.array([[1, 3]])) / 3
    assert texts(Notation(6), thirds) == ["0.333333", "1"]


@pytest.mark.parametrize(("value", "text"), [(-np.inf, "-∞"), (np.inf, "∞"), (-0.0, "0"), (2e9, "2.0000e9")])
def test_special_numbers_have_their_own_texts(value, text):
    assert texts(Notation(4), np.array([value, 0.25])) == [text, "0.25"]
