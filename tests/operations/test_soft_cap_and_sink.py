"""Soft caps and sinks, by hand, against mpmath, and spelled."""

from decimal import Decimal

import mpmath
import numpy as np
import pytest

from pellucid.derivation import Axis, Subject, derive
from pellucid.expressions import evaluate
from pellucid.numbers import FLOAT64, Exact
from pellucid.operations import SinkSoftmax, SoftCap, Softmax

SCORES = np.array([[0.5, -3.0, 2.0], [40.0, -900.0, 0.0]])


@pytest.mark.parametrize("numbers", [FLOAT64, Exact(30)])
def test_a_soft_cap_is_that_of_mpmath(numbers):
    with numbers.arithmetic():
        capped = SoftCap(Decimal("1.5")).evaluate(numbers.array(SCORES))
    expected = [[1.5 * mpmath.tanh(score / 1.5) for score in row] for row in SCORES]
    np.testing.assert_allclose(capped.astype(float), np.array(expected, dtype=float), rtol=1e-14)


def test_a_sink_takes_its_share():
    weights = SinkSoftmax().evaluate(np.log([[1.0, 2.0, 3.0]]), np.log([[4.0]]))
    np.testing.assert_allclose(weights, [[0.1, 0.2, 0.3]])


def test_a_row_of_nothing_gives_everything_to_the_sink():
    assert SinkSoftmax().evaluate(np.full((1, 2), -np.inf), np.zeros((1, 1))).tolist() == [[0, 0]]


def test_elements_spelled_are_the_elements():
    query, key = Axis("query", 2), Axis("key", 3)

    def plan(builder):
        scores = builder.given("scores", SCORES, (query, key))
        sink = builder.given("sink", np.array([[1.0], [-1.0]]), (query, Axis("sink", 1)))
        capped = builder.apply("capped_scores", SoftCap(Decimal(2)), scores, axes=(query, key))
        builder.apply("weights", SinkSoftmax(), capped, sink, axes=(query, key))
        builder.apply("plain", Softmax(), capped, axes=(query, key))

    derivation = derive(plan, Subject("caps and sinks"))
    for name in ("capped_scores", "weights"):
        for row, column in ((0, 0), (0, 1), (0, 2), (1, 2)):
            entry = derivation[name].at(row, column)
            assert evaluate(entry.expression, FLOAT64) == pytest.approx(entry.value)
            live = derivation[name].spell((row, column), live=True)
            assert evaluate(live, FLOAT64) == pytest.approx(entry.value)
    assert (derivation["weights"].value < derivation["plain"].value).all()
