import numpy as np
import pytest

from pellucid.examples import Example, explain
from pellucid.exercises.chain import Chain
from pellucid.exercises.input_arrays import input_arrays, with_input_arrays

RANDOM = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return RANDOM.integers(-20, 20, shape) / 10


def weights(d_model: int, query: int, key: int, value: int, d_memory: int | None = None) -> dict[str, np.ndarray]:
    rows = {"query": d_model, "key": d_memory or d_model, "value": d_memory or d_model}
    columns = {"query": query, "key": key, "value": value}
    return {name: draw(rows[name], columns[name]) for name in rows}


STRUCTURES = {
    "query, key and value": Example(query=draw(4, 2), key=draw(5, 2), value=draw(5, 3)),
    "causal": Example(query=draw(4, 2), key=draw(4, 2), value=draw(4, 3), mask="causal"),
    "grouped heads": Example(
        query=draw(3, 8), key=draw(5, 4), value=draw(5, 6), num_heads=4, num_key_value_heads=2, scale="1/d_k"
    ),
    "heads in front": Example(query=draw(2, 3, 4), key=draw(2, 5, 4), value=draw(2, 5, 6), num_heads=2),
    "projections with positions": Example(
        embeddings=draw(4, 6),
        positions="sinusoidal",
        weights={**weights(6, 4, 4, 10), "output": draw(10, 3)},
        biases={"query": draw(4), "key": draw(4), "value": draw(10), "output": draw(3)},
        num_heads=2,
    ),
    "positions as numbers": Example(embeddings=draw(4, 3), positions=draw(4, 3)),
    "memory": Example(embeddings=draw(3, 4), memory=draw(5, 6), weights=weights(4, 2, 2, 7, d_memory=6)),
    "scores": Example(scores=draw(2, 3, 4), value=draw(4, 6), num_heads=2, scale=0.5),
    "scores alone": Example(scores=[["-inf", 1, 2]], scale="none"),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_candidate_is_computed_like_its_own_example(name: str):
    structure = STRUCTURES[name]
    # Only arrays of floats change from candidate to candidate.
    arrays = {name: array.astype(float) for name, array in input_arrays(structure).items()}
    candidates = [{name: factor * array for name, array in arrays.items()} for factor in (1.0, 0.5, -1.5)]
    if name == "scores alone":
        candidates.pop()  # −∞ has to stay −∞
    together = {name: np.stack([candidate[name] for candidate in candidates]) for name in arrays}
    steps = Chain(structure, together).steps
    for position, candidate in enumerate(candidates):
        derivation = explain(with_input_arrays(structure, candidate))
        for name, values in steps.items():
            step = derivation["output" if name == "head_outputs" and name not in derivation else name]
            found = values.reshape(len(candidates), *step.shape)[position]
            np.testing.assert_allclose(found, step.value, rtol=1e-12, err_msg=step.name)
        assert derivation.output.name in steps or "head_outputs" in steps


def test_on_paper_every_number_is_rounded_before_it_is_used():
    # To one place: 1.3/√2 → 0.9, e^0.9 → 2.5, e^0 = 1, 2.5/3.5 → 0.7, 1/3.5 → 0.3, 0.7×0.4 + 0.3×0.9 = 0.55 → 0.6.
    structure = Example(scores=[[1.3, 0]], value=[[0.4], [0.9]], scale="1/sqrt(2)")
    inputs = {"scores": np.array([[[1.3, 0.0]]]), "value": np.array([[[0.4], [0.9]]])}
    steps = Chain(structure, inputs, digits=1).steps
    np.testing.assert_allclose(steps["scaled_scores"], [[[0.9, 0]]], atol=1e-15)
    np.testing.assert_allclose(steps["weights"], [[[0.7, 0.3]]], atol=1e-15)
    np.testing.assert_allclose(steps["head_outputs"], [[[0.6]]], atol=1e-15)
