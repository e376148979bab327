"""Two runs side by side, as people and as programs read them."""

import json
from decimal import Decimal

import numpy as np

from pellucid.derivation import Axis, Derivation, Step, Subject
from pellucid.derivation.comparison import compare
from pellucid.numbers import FLOAT64, Notation
from pellucid.operations import Given
from pellucid.rendering import render
from pellucid.rendering.comparison import comparison_json, explain_comparison

NAMES = ("before", "after")


def run(values):
    """A run of vectors, by name."""
    steps = {}
    for name, numbers in values.items():
        value = np.array(numbers)
        steps[name] = Step(name, Given(value), (), (Axis("token", len(value)),), value, Notation())
    return Derivation(Subject("a run"), steps, FLOAT64, Notation())


def text(one, other, tolerance=0.0):
    return render(explain_comparison(compare(run(one), run(other), tolerance), NAMES), "terminal")


def test_both_numbers_have_the_places_that_show_their_difference():
    shown = text({"x": [0.25, 0.125]}, {"x": [0.25, 0.125000031]})
    assert "First at x[1]: 0.125 and 0.125000031, 3.1e-8 apart." in shown
    assert "≠   3.1e-8" in shown
    assert "Recordings hold numbers only: how this one was computed, neither of them says." in " ".join(shown.split())


def test_of_each_place_the_largest_difference_is_shown_in_reading_order():
    a = {f"decoder.layers.{n}.norm.{step}": [1.0, 2.0] for n in range(3) for step in ("mean", "output")}
    b = {**a, "decoder.layers.1.norm.mean": [1.0, 2.5], "decoder.layers.1.norm.output": [9.0, 2.0]}
    lines = text(a, b).splitlines()
    assert [line.split() for line in lines if "decoder.layers" in line][1:] == [
        ["=", "0", "decoder.layers.0.norm"],
        ["≠", "8", "decoder.layers.1.norm.output[0]"],
        ["=", "0", "decoder.layers.2.norm"],
    ]


def test_of_many_places_only_those_that_part_are_shown():
    a = {f"decoder.layers.{n}.norm.output": [1.0] for n in range(60)}
    few = text(a, {**a, "decoder.layers.50.norm.output": [3.0]})
    assert few.count("decoder.layers.") == 2
    assert "The other 59 places agree." in few
    many = text(a, {name: [3.0] for name in a})
    assert many.count("≠") == 40
    assert "… and 20 more places; --json has every step." in many


def test_steps_that_only_one_has_are_named():
    shown = text({"x": [1.0], "y": [1.0]}, {"x": [1.0], "a": [1.0], "b": [1.0], "c": [1.0], "d": [1.0]})
    assert "Only A has y." in shown
    assert "Only B has a, b, c and 1 more." in shown
    assert "The 1 step that both have agrees: digit for digit." in shown


def test_programs_get_decimals_as_digits_and_masks_as_they_are():
    digits = "0.30000000000000000000000000000001"
    one = {"x": np.array([Decimal("0.3")], dtype=object), "mask": np.array([True])}
    found = json.loads(
        comparison_json(
            compare(run(one), run({"x": np.array([Decimal(digits)], dtype=object), "mask": [False]}), 0.0), NAMES
        )
    )
    x, mask = found["steps"]
    assert (x["a"], x["b"], x["at"], x["index"]) == ("0.3", digits, ["0"], [0])
    assert (mask["a"], mask["b"], mask["difference"]) == (True, False, 1.0)
    assert (found["a"], found["b"], found["first"]) == ("before", "after", x)
