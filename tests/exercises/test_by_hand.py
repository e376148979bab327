import numpy as np
import pytest

from pellucid.examples import Example, explain
from pellucid.exercises.by_hand import off_by, paper_gap, rounded, softmax_on_paper


@pytest.mark.parametrize(
    ("value", "on_paper"),
    [
        (0.285, 0.29),
        (-0.125, -0.13),
        (1.1 * 1.15, 1.27),  # 1.265, which float64 holds as a little less
        (0.1 + 0.2, 0.3),
        (-np.inf, -np.inf),
        (1e300, 1e300),
    ],
)
def test_halves_are_rounded_away_from_zero(value: float, on_paper: float):
    assert rounded(np.array([value]), 2) == [on_paper]


def test_the_softmax_on_paper_divides_rounded_exponentials():
    # e^1 = 2.718… is written down as 2.7, e^0 as 1.0; their sum is 3.7. A masked key has no share.
    weights = softmax_on_paper(np.array([[1.0, 0.0, -np.inf]]), digits=1)
    np.testing.assert_allclose(weights, [[2.7 / 3.7, 1 / 3.7, 0]], rtol=1e-15)


@pytest.mark.parametrize("score", [-50.0, 800.0, -np.inf])
def test_there_are_no_weights_where_no_exponential_can_be_written_down(score: float):
    assert softmax_on_paper(np.array([[score, -np.inf]]), digits=2).tolist() == [[0, 0]]


def test_differences_count_in_units_of_the_last_place():
    exact = np.array([0.123, 0.125, 0.125, 0.123, 0.123, -np.inf])
    worked = np.array([0.12, 0.12, 0.13, 0.13, 0.17, -np.inf])
    assert off_by(worked, exact, 2).tolist() == [0, 0, 0, 1, 5, 0]


def one_row(value: list[list[float | str]], key: float | str = 1) -> Example:
    return Example(query=[[1]], key=[[key], [0]], value=value)


def test_no_gap_where_rounding_at_every_step_changes_nothing():
    # The weights of the scores 1 and 0 are 0.7311 and 0.2689. 0.7311×1 + 0.2689×2 = 1.2689, and 0.7×1 + 0.3×2 = 1.3.
    assert paper_gap(explain(one_row([[1], [2]]), digits=1)) == 0


def test_the_gap_is_what_rounding_at_every_step_costs():
    # 0.7311×3 = 2.1932 is printed as 2.2, and 0.7×3 = 2.1.
    assert paper_gap(explain(one_row([[3], [0]]), digits=1)) == 1


def test_the_gap_allows_for_readers_who_keep_their_exponentials():
    # 1.3/√2 and 1/√2 are written down as 0.9 and 0.7, their exponentials as 2.5 and 2.0. With these the weights are
    # 0.4545, 0.3636, 0.1818, printed like the true 0.4530, 0.3664, 0.1807; with the exponentials kept, the first
    # one is 0.4494.
    scores = Example(scores=[[1.3, 1, 0]], scale="1/sqrt(2)")
    assert paper_gap(explain(scores, digits=1)) == 1


def test_inputs_are_read_as_they_are_printed():
    # A reader sees the key 0.16 as 0.2: the first score is 0.16, printed as 0.2, either way; but the value 0.14 is
    # read as 0.1, and 10 × 0.14 = 1.4 is printed where 10 × 0.1 = 1 is found.
    tens = Example(query=[[1]], key=[[1]], value=[[0.14]], weights={"output": [[10]]})
    assert paper_gap(explain(tens, digits=1)) == 4
    # But 1/3 is printed as 1/3.
    thirds = Example(query=[[1]], key=[[3], [3]], value=[["1/3"], ["1/3"]])
    assert paper_gap(explain(thirds, digits=1)) == 0
