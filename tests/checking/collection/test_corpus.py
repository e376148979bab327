"""The laws of the corpus that measures the checker: right numbers, right digits, visible errors, the same by seed."""

import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest

from pellucid import Example, explain

sys.path.append(str(Path(__file__).resolve().parents[3] / "benchmarks"))

from checking_corpus.build import FORMATS, make_plan, styles_of
from checking_corpus.chain import work
from checking_corpus.mutations import KINDS, make_mutant
from checking_corpus.numbers import is_rounding_of, numpy_print, torch_print
from checking_corpus.problems import make_problem

STEPS = {"scores": "scores", "scaled": "scaled_scores", "weights": "weights"}


def joined(heads):
    """One matrix, the heads side by side."""
    return [[x for head in heads for x in head[i]] for i in range(len(heads[0]))]


def as_example(problem):
    """The same example for pellucid."""
    inputs = {name: joined(heads) for name, heads in problem.inputs.items()}
    weights = {name.removeprefix("weight_"): inputs.pop(name) for name in list(inputs) if name.startswith("weight_")}
    if weights:
        inputs = {"embeddings": inputs["x"], "memory": inputs.get("memory"), "weights": weights}
    scale = "1/sqrt(d_k)" if problem.scale == "sqrt" else "none"
    tokens = {"query_tokens": problem.tokens, "key_tokens": problem.key_tokens}
    return Example(**inputs, **tokens, num_heads=problem.heads, mask=problem.mask, scale=scale)


@pytest.mark.parametrize("seed", range(60))
def test_the_numbers_agree_with_pellucid(seed):
    problem = make_problem(Random(seed))
    chain, derivation = work(problem), explain(as_example(problem))
    for ours, theirs in STEPS.items():
        value = np.array(chain.steps[ours], dtype=float)
        expected = derivation[theirs].value
        np.testing.assert_allclose(value if expected.ndim == 3 else value[0], expected, rtol=0, atol=1e-12)
    output = np.array(joined(chain.steps["output"]), dtype=float)
    np.testing.assert_allclose(output, derivation["output"].value, rtol=0, atol=1e-12)


@pytest.mark.parametrize("format_name", FORMATS)
def test_printed_texts_are_correctly_rounded(format_name):
    for seed, style in enumerate(dict.fromkeys(styles_of(format_name))):
        plan = make_plan(make_problem(Random(seed)), format_name, style, str(seed))
        chain = work(plan.problem)
        document = plan.write()
        assert document.numbers
        for number in document.numbers:
            value = chain.value(number.step, number.place)
            if style in ("program", "torch"):
                shown = float(number.text)
                # Four decimals or eight digits, of float32 at worst.
                assert value is None or shown == pytest.approx(float(value), rel=1e-5, abs=6e-5), number
            else:
                assert is_rounding_of(number.text, value), number


@pytest.mark.parametrize("format_name", sorted(set(FORMATS) - {"xlsx"}))
def test_every_number_stands_where_it_is_said_to(format_name):
    for seed, style in enumerate(dict.fromkeys(styles_of(format_name))):
        document = make_plan(make_problem(Random(seed)), format_name, style, str(seed)).write()
        lines = document.text.splitlines()
        for number in document.numbers:
            shown = document.text[number.start : number.end]
            assert shown in lines[number.line - 1]
            if "inf" not in number.text:
                assert shown.replace("−", "-").replace("&minus;", "-") == number.text
        assert "\ue000" not in document.text


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_error_shows(kind):
    mutants = [mutant for seed in range(12) if (mutant := make_mutant(kind, str(seed))) is not None]
    assert len(mutants) >= 2
    for mutant in mutants:
        assert mutant.document.data != mutant.truth.data
        assert bool(mutant.affected) == (kind != "missing")


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_same_seed_makes_the_same_document(format_name):
    for seed in range(3):
        style = styles_of(format_name)[0]
        first, second = (make_plan(make_problem(Random(seed)), format_name, style, str(seed)).write() for _ in range(2))
        assert first.numbers == second.numbers
        assert first.text == second.text


def test_mutants_are_the_same_by_seed():
    for kind in sorted(KINDS):
        first, second = (make_mutant(kind, "7") for _ in range(2))
        assert (first and first.affected) == (second and second.affected)


def test_prints_of_tensors_are_those_of_torch():
    torch = pytest.importorskip("torch")
    for rows in ([[0.1591, 1.0], [-0.5, 12.25]], [[1, 2], [0, -3]], [[0.25, None], [1.5, 0.0]], [[1e-5, 1.0]]):
        filled = [[float("-inf") if x is None else float(x) for x in row] for row in rows]
        assert torch_print(rows) == str(torch.tensor(filled, dtype=torch.float32))


def test_prints_of_arrays_are_those_of_numpy():
    assert numpy_print([[1, 0.5], [None, 0.25]], "float64") == "[[1.   0.5 ]\n [-inf 0.25]]"
