"""What is true of attention whatever the numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import Example, explain
from problems import generator, problems

few = settings(max_examples=25)


@few
@given(problem=problems())
def test_rows_of_weights_sum_to_one_and_lie_between_zero_and_one(problem):
    weights = explain(problem.example())["weights"].value
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-14)
    assert (weights >= 0).all()
    assert (weights <= 1).all()


@few
@given(problem=problems(), draw=st.data())
def test_a_query_that_may_attend_to_nothing_has_zero_weights_and_output(problem, draw):
    n_q, n_k = problem.query.shape[1], problem.key.shape[1]
    lonely = draw.draw(st.integers(0, n_q - 1))
    mask = np.ones((n_q, n_k), dtype=bool)
    mask[lonely] = False
    derivation = explain(replace(problem, mask=mask).example())
    assert (derivation["weights"].value[..., lonely, :] == 0).all()
    assert (derivation["output"].value[lonely] == 0).all()
    others = np.delete(derivation["weights"].value, lonely, axis=-2)
    np.testing.assert_allclose(others.sum(axis=-1), 1, rtol=1e-14)


@few
@given(problem=problems())
def test_a_masked_key_gets_no_weight(problem):
    derivation = explain(problem.example())
    if problem.mask is not None:
        assert (derivation["weights"].value[..., ~problem.mask] == 0).all()
        assert (derivation["weights"].value[..., problem.mask] > 0).all()


@few
@given(problem=problems(), draw=st.data())
def test_permuting_keys_together_with_values_changes_no_output(problem, draw):
    order = draw.draw(st.permutations(range(problem.key.shape[1])))
    moved = replace(
        problem,
        key=problem.key[:, order],
        value=problem.value[:, order],
        mask=None if problem.mask is None else problem.mask[:, order],
    )
    outputs = (explain(each.example())["output"].value for each in (moved, problem))
    np.testing.assert_allclose(*outputs, rtol=1e-12, atol=1e-14)


@few
@given(draw=st.data())
def test_adding_a_constant_to_a_row_of_scores_changes_no_weight(draw):
    n_q, n_k = draw.draw(st.lists(st.integers(1, 7), min_size=2, max_size=2, unique=True))
    random = generator(draw.draw)
    scores = random.normal(size=(n_q, n_k))
    constants = random.uniform(-500, 500, size=(n_q, 1))
    weights, shifted = (
        explain(Example(scores=given_scores, scale="none"))["weights"].value
        for given_scores in (scores, scores + constants)
    )
    np.testing.assert_allclose(shifted, weights, rtol=1e-11)


@few
@given(draw=st.data(), mask=st.sampled_from(["causal", {"window": 2}]))
def test_causal_output_does_not_depend_on_later_tokens(draw, mask):
    n, d_k, d_v = draw.draw(st.permutations([3, 4, 5]))
    random = generator(draw.draw)
    query, key, value = (random.normal(size=(n, width)) for width in (d_k, d_k, d_v))
    seen = draw.draw(st.integers(1, n - 1))
    later_key, later_value = key.copy(), value.copy()
    later_key[seen:] = random.normal(size=(n - seen, d_k)) * 100
    later_value[seen:] = random.normal(size=(n - seen, d_v)) * 100
    before = explain(Example(query=query, key=key, value=value, mask=mask))["output"].value
    after = explain(Example(query=query, key=later_key, value=later_value, mask=mask))["output"].value
    np.testing.assert_array_equal(after[:seen], before[:seen])
    assert (after[seen:] != before[seen:]).all()


@few
@given(problem=problems())
def test_head_outputs_lie_inside_the_range_of_the_values(problem):
    derivation = explain(problem.example())
    outputs = derivation["head_outputs" if "head_outputs" in derivation else "output"].value
    outputs = outputs.reshape(len(problem.query), *outputs.shape[-2:])
    values = np.repeat(problem.value, len(problem.query) // len(problem.value), axis=0)
    margin = 1e-12
    assert (outputs <= values.max(axis=1, keepdims=True) + margin).all()
    assert (outputs >= values.min(axis=1, keepdims=True) - margin).all()


@few
@given(problem=problems())
def test_a_head_alone_is_the_same_as_among_others(problem):
    derivation = explain(problem.example())
    if len(problem.query) == 1:
        return
    group = len(problem.query) // len(problem.key)
    for head in range(len(problem.query)):
        alone = Example(
            query=problem.query[head],
            key=problem.key[head // group],
            value=problem.value[head // group],
            mask="none" if problem.mask is None else problem.mask,
            scale="1/sqrt(d_k)" if problem.scale is None else problem.scale,
        )
        np.testing.assert_allclose(
            derivation["head_outputs"].value[head], explain(alone)["output"].value, rtol=1e-12, atol=1e-14
        )


@few
@given(problem=problems())
def test_heads_side_by_side_are_the_same_as_heads_on_an_axis(problem):
    def side_by_side(heads):
        return np.concatenate(list(heads), axis=-1)

    stacked = explain(problem.example())
    example = Example(
        query=side_by_side(problem.query),
        key=side_by_side(problem.key),
        value=side_by_side(problem.value),
        num_heads=len(problem.query),
        num_key_value_heads=len(problem.key),
        mask="none" if problem.mask is None else problem.mask,
        scale="1/sqrt(d_k)" if problem.scale is None else problem.scale,
    )
    np.testing.assert_array_equal(explain(example)["output"].value, stacked["output"].value)


@few
@given(problem=problems())
def test_tokens_as_columns_are_the_same_as_tokens_as_rows(problem):
    several = len(problem.query) > 1
    arrays = {"query": problem.query, "key": problem.key, "value": problem.value}
    example = Example(
        **{name: np.swapaxes(array if several else array[0], -1, -2) for name, array in arrays.items()},
        num_heads=len(problem.query),
        num_key_value_heads=len(problem.key),
        mask="none" if problem.mask is None else problem.mask,
        scale="1/sqrt(d_k)" if problem.scale is None else problem.scale,
        layout="columns",
    )
    np.testing.assert_allclose(
        explain(example)["output"].value, explain(problem.example())["output"].value, rtol=1e-13, atol=1e-14
    )


def test_columns_also_hold_for_embeddings_memory_and_positions():
    random = np.random.default_rng(7)
    rows = {
        "embeddings": random.normal(size=(3, 4)),
        "memory": random.normal(size=(5, 2)),
        "positions": random.normal(size=(3, 4)),
    }
    weights = {"query": random.normal(size=(4, 6)), "key": random.normal(size=(2, 6)), "value": np.eye(2)}
    by_rows = explain(Example(**rows, weights=weights))
    by_columns = explain(Example(**{name: array.T for name, array in rows.items()}, weights=weights, layout="columns"))
    np.testing.assert_allclose(by_columns["output"].value, by_rows["output"].value, rtol=1e-13)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_scores_far_apart_neither_overflow_nor_lose_the_largest(dtype):
    derivation = explain(Example(scores=[[1e30, -1e30, 0]], value=[[3], [5], [7]], scale="none"), dtype=dtype)
    assert derivation["weights"].value.tolist() == [[1, 0, 0]]
    assert derivation["output"].value.tolist() == [[3]]
