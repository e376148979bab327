"""Where two runs part, with numbers worked out by hand."""

import dataclasses
import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pellucid
from pellucid.derivation import Axis, Derivation, Step, Subject
from pellucid.derivation.comparison import compare
from pellucid.errors import InputError
from pellucid.examples.library import load_example
from pellucid.numbers import FLOAT32, FLOAT64, Notation
from pellucid.operations import Given, Indices


def run(numbers=FLOAT64, **arrays):
    """A run whose steps are these arrays; rows are queries."""
    steps = {}
    for name, values in arrays.items():
        value = np.array(values)
        names = ("query", "key", "d_v")[: value.ndim]
        axes = tuple(Axis(axis, size) for axis, size in zip(names, value.shape, strict=True))
        steps[name] = Step(name, Given(value), (), axes, value, Notation())
    return Derivation(Subject("a run"), steps, numbers, Notation())


def test_the_first_step_in_reading_order_and_its_largest_difference():
    a = run(scores=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], weights=[[0.5, 0.25]], output=[1.0])
    b = run(scores=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], weights=[[0.75, 0.125]], output=[9.0])
    found = compare(a, b)
    assert not found.same
    assert (found.first.name, found.first.largest, found.first.index) == ("weights", 0.25, (0, 0))
    assert [entry.value for entry in found.first.entries] == [0.5, 0.75]
    assert [(step.name, step.largest, step.parts) for step in found] == [
        ("scores", 0.0, False),
        ("weights", 0.25, True),
        ("output", 8.0, True),
    ]


def test_the_tolerance_is_a_share_of_the_largest_number_but_never_of_less_than_1():
    small, large = run(output=[0.01, 0.0]), run(output=[4.0, -8.0])
    assert compare(small, run(output=[0.01, 0.125]), 0.125).same
    assert not compare(small, run(output=[0.01, 0.126]), 0.125).same
    assert compare(large, run(output=[5.0, -8.0]), 0.125).same
    assert not compare(large, run(output=[5.25, -8.0]), 0.125).same


def test_by_default_what_rounding_explains_does_not_count():
    one = run(output=[1.0])
    assert compare(one, run(output=[1 + 1e-10])).same
    assert not compare(one, run(output=[1 + 1e-8])).same
    single = run(FLOAT32, output=np.array([1 + 5e-6], dtype=np.float32))
    assert compare(one, single).same
    assert not compare(one, single, 0.0).same


def test_a_float32_stands_for_its_shortest_decimal_beside_a_float64():
    assert compare(run(output=[0.53]), run(FLOAT32, output=np.float32([0.53])), 0.0).same
    assert not compare(run(output=[0.53]), run(FLOAT32, output=np.float32([0.5300001])), 0.0).same


def test_minus_infinity_and_what_is_no_number():
    a = run(masked_scores=[-math.inf, 1.0, math.nan])
    assert compare(a, run(masked_scores=[-math.inf, 1.0, math.nan]), 0.0).same
    for other in ([0.0, 1.0, math.nan], [-math.inf, -math.inf, math.nan], [-math.inf, 1.0, 2.0]):
        assert compare(a, run(masked_scores=other)).first.largest == math.inf


def test_decimals_keep_their_digits():
    long = "0.1000000000000000000000000000000000000001"
    a, b = (run(output=np.array([Decimal(text)], dtype=object)) for text in ("0.1", long))
    assert compare(a, b, 0.0).first.largest == pytest.approx(1e-40)
    assert compare(a, run(output=[0.1]), 0.0).same


def test_masks_differ_or_do_not():
    found = compare(run(mask=[[True, False]]), run(mask=[[True, True]]))
    assert (found.first.largest, found.first.index) == (1.0, (0, 1))


def test_ids_are_the_same_or_others_however_large_they_are():
    def ids(*numbers):
        value = np.array(numbers)
        step = Step("ids", Indices(value), (), (Axis("token", len(numbers)),), value, Notation())
        return Derivation(Subject("a run"), {"ids": step}, FLOAT64, Notation())

    found = compare(ids(5, 300, 7), ids(5, 299, 1007), 0.9).first
    assert (found.largest, found.index, found.of_ids) == (1.0, (1,), True)
    assert compare(ids(5, 300), ids(5, 300), 0.0).same
    assert not compare(run(x=[1]), run(x=[2]), 0.0).first.of_ids


def test_of_different_shapes_nothing_is_measured():
    found = compare(run(scores=[[1.0, 2.0]]), run(scores=[[1.0, 2.0, 3.0]]))
    assert (found.first.parts, found.first.largest, found.first.entries) == (True, None, None)


def test_steps_that_only_one_has():
    found = compare(run(x=[1.0], query=[2.0]), run(query=[2.0], output=[3.0]))
    assert (found.same, found.only_a, found.only_b) == (True, ("x",), ("output",))
    with pytest.raises(InputError, match=r"no step in common: one has x, the other output"):
        compare(run(x=[1.0]), run(output=[1.0]))


@pytest.mark.parametrize("tolerance", [-1e-9, math.nan, math.inf])
def test_a_tolerance_that_is_none(tolerance):
    with pytest.raises(InputError, match="must be a number from 0 on"):
        compare(run(x=[1.0]), run(x=[1.0]), tolerance)


def test_another_scale_parts_at_the_scaled_scores():
    """0.52 at [dog, on] is the largest score, so √3 moves it furthest: 0.52 − 0.52/√3."""
    unscaled = dataclasses.replace(load_example("dog-on-the-mat"), scale="none")
    found = compare(pellucid.explain("dog-on-the-mat"), pellucid.explain(unscaled))
    assert found.first.name == "scaled_scores"
    assert found.first.a.label(found.first.index) == "scaled_scores[dog, on]"
    assert found.first.largest == pytest.approx(0.52 - 0.52 / math.sqrt(3))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), st.floats(0, 1), st.data())
def test_comparing_is_symmetric_and_a_run_is_the_same_as_itself(numbers, tolerance, data):
    same_size = st.lists(st.floats(-1e6, 1e6), min_size=len(numbers), max_size=len(numbers))
    a, b = run(output=numbers), run(output=data.draw(same_size))
    assert compare(a, a, 0.0).same
    there, back = compare(a, b, tolerance), compare(b, a, tolerance)
    assert (there.same, there.steps[0].largest) == (back.same, back.steps[0].largest)
