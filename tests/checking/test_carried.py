"""What follows from printed numbers, rounded or wrong."""

import numpy as np
import pytest

from pellucid.checking.carried import Carried
from pellucid.checking.problem import Problem, Setting

# One query, two keys, values of three numbers: scores 3 and 1; e³ and e are 20.0855 and 2.7183.
INPUTS = {
    "query": np.array([[3.0, 1.0]]),
    "key": np.array([[1.0, 0.0], [0.0, 1.0]]),
    "value": np.array([[1.0, 0.0, 4.0], [0.0, 2.0, 0.0]]),
}
WEIGHTS = (np.array([[0.880797, 0.119203]]), np.array([[0.5, 0.5]]))  # of 3 and 1; of 2 and 2


def carried(**printed):
    return Carried(Problem(INPUTS, Setting(), {}), {step: np.array(values) for step, values in printed.items()})


def has(results, expected):
    return any(result.shape == np.shape(expected) and np.allclose(result, expected, atol=1e-6) for result in results)


def test_the_printed_steps_before_a_step():
    one = carried(scores=[[3.0, 1.0]], weights=[[0.9, 0.1]], value=INPUTS["value"], output=[[1.0, 0.0, 4.0]])
    assert one.earlier("output") == ["scores", "weights"]  # what is given is no result
    assert one.earlier("weights") == ["scores"]
    assert one.earlier("scores") == []


def test_what_is_not_printed_follows_from_what_is():
    known = carried(scores=[[np.nan, 2.0]], weights=[[0.75, np.nan]]).mixed(["weights", "scores"])
    np.testing.assert_allclose(known["scores"], [[3.0, 2.0]])
    # the second weight is that of scores 3 and 2: 1/(e + 1)
    np.testing.assert_allclose(known["weights"], [[0.75, 1 / (np.e + 1)]])


def test_every_choice_of_what_was_carried_on():
    one = carried(scores=[[2.0, 2.0]], weights=[[0.75, 0.25]])
    of_printed = [[0.75, 0.5, 3.0]]
    of_scores = [[0.5, 1.0, 2.0]]
    results = list(one.results("output"))
    assert has(results[:1], of_printed)  # from the last printed step first
    assert has(results, of_scores)
    assert has(results, [[0.88, 0.24, 3.52]])  # of the true weights, rounded on the way to two places
    assert has(carried(scores=[[2.0, 2.0]]).results("weights"), WEIGHTS[1])


@pytest.mark.parametrize(
    ("printed", "step", "expected"),
    [
        ({}, "weights", [[]]),
        ({"scores": [[2.0, 2.0]]}, "weights", [[], ["scores"]]),
        (
            {"scores": [[2.0, 2.0]], "weights": [[0.75, 0.25]]},
            "output",
            [[], ["scores", "weights"], ["weights"], ["scores"]],
        ),
    ],
)
def test_starting_points(printed, step, expected):
    assert [list(known) for known in carried(**printed).starting_points(step)] == expected


def test_many_printed_steps_give_a_bounded_number_of_results():
    steps = {step: [[1.0, 2.0]] for step in ("scores", "scaled_scores", "masked_scores", "weights")}
    # at most 64, and those that follow from the inputs: with exact weights, and with weights of a few places
    assert 20 < len(list(carried(**steps).results("output"))) < 64 + 10
