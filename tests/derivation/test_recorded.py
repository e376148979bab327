"""What recorded steps come from, told from their names and checked against their numbers."""

import dataclasses

import pytest

import pellucid
from pellucid.derivation.recorded import with_arithmetic
from pellucid.derivation.written import parse_derivation
from pellucid.examples import shipped_examples
from pellucid.examples.library import load_example

CHAIN = ("scores", "scaled_scores", "masked_scores", "weights", "output", "head_outputs")


def recorded(derivation):
    return parse_derivation(derivation.to_json().encode(), "x.json")


@pytest.mark.parametrize("name", [example.name for example in shipped_examples()])
def test_the_chain_is_spelled_as_it_was_computed(name):
    derivation = pellucid.explain(name)
    read = recorded(derivation)
    for step in derivation:
        opened = with_arithmetic(read, read[step.name])
        if step.short_name not in CHAIN or step.operation.is_copy or step.is_given:
            continue
        if step.name == "output" and "output_weight" in derivation:
            continue
        index = tuple(size - 1 for size in step.shape)
        assert str(opened.at(*index)) == str(step.at(*index)), step.name


def test_steps_of_a_rounded_run_are_results_to_half_of_their_last_place():
    read = recorded(pellucid.explain("dog-on-the-mat", carry="rounded", digits=2))
    opened = with_arithmetic(read, read["scaled_scores"])
    assert str(opened.at("on", "dog")) == "scaled_scores[on, dog] = 0.39/√3 = 0.23"


@pytest.mark.parametrize("scale", ["none", "1/d_k", "1/sqrt(d_k)"])
def test_the_scale_is_the_one_that_yields_the_numbers(scale):
    derivation = pellucid.explain(dataclasses.replace(load_example("dog-on-the-mat"), scale=scale))
    opened = with_arithmetic(recorded(derivation), recorded(derivation)["scaled_scores"])
    expected = {"none": "0.52", "1/d_k": "0.52/3", "1/sqrt(d_k)": "0.52/√3"}[scale]
    assert str(opened.at("dog", "on")).split(" = ")[1] == expected


def test_numbers_that_do_not_come_of_it_stay_given():
    read = recorded(pellucid.explain("dog-on-the-mat"))
    step = read["weights"]
    value = step.value.copy()
    value[2, 1] += 0.01
    changed = dataclasses.replace(step, value=value)
    assert with_arithmetic(read, changed) is changed
    assert not with_arithmetic(read, step).is_given
    assert with_arithmetic(read, read["query"]) is read["query"]
