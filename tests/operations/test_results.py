"""Results of single operations against independent definitions."""

from decimal import Decimal

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from pellucid.expressions import parse
from pellucid.numbers import FLOAT32, FLOAT64, Exact
from pellucid.operations import (
    Add,
    ConcatenateHeads,
    Copy,
    Given,
    Linear,
    Mask,
    MatMul,
    Scale,
    SinusoidalPositions,
    Softmax,
    SplitHeads,
)

seeds = st.integers(0, 2**32 - 1)


@given(sizes=st.permutations([2, 3, 4]), seed=seeds)
def test_splitting_and_concatenating_heads_are_inverse(sizes, seed):
    heads, n, width = sizes
    random = np.random.default_rng(seed)
    joined = random.normal(size=(n, heads * width))
    split = SplitHeads(heads).evaluate(joined)
    assert split.shape == (heads, n, width)
    np.testing.assert_array_equal(ConcatenateHeads().evaluate(split), joined)
    apart = random.normal(size=(heads, n, width))
    np.testing.assert_array_equal(SplitHeads(heads).evaluate(ConcatenateHeads().evaluate(apart)), apart)


def test_head_h_takes_the_h_th_run_of_columns():
    assert SplitHeads(2).evaluate(np.array([[1, 2, 3, 4, 5, 6]])).tolist() == [[[1, 2, 3]], [[4, 5, 6]]]


@given(seed=seeds)
def test_grouped_products_are_those_with_keys_repeated(seed):
    random = np.random.default_rng(seed)
    query, key = random.normal(size=(6, 2, 4)), random.normal(size=(3, 5, 4))
    grouped = MatMul(transpose=True).evaluate(query, key)
    np.testing.assert_allclose(grouped, np.einsum("hnd,hmd->hnm", query, np.repeat(key, 2, axis=0)), atol=1e-13)


@given(seed=seeds, dtype=st.sampled_from(["float64", "float32"]))
def test_softmax_agrees_with_pytorch(seed, dtype):
    scores = np.random.default_rng(seed).normal(size=(2, 3, 5), scale=20).astype(dtype)
    expected = torch.softmax(torch.from_numpy(scores), dim=-1).numpy()
    np.testing.assert_allclose(
        Softmax().evaluate(scores), expected, rtol=1e-12 if dtype == "float64" else 1e-5, atol=1e-30
    )


@pytest.mark.parametrize("numbers", [FLOAT64, FLOAT32, Exact(50)], ids=str)
def test_softmax_of_nothing_but_minus_infinity_is_zero(numbers):
    scores = numbers.array(np.array([[-np.inf, -np.inf], [0, -np.inf]]))
    with numbers.arithmetic():
        assert Softmax().evaluate(scores).tolist() == [[0, 0], [1, 0]]


@pytest.mark.parametrize(("shifted", "total"), [(False, 7), (True, 7 / 4)])
def test_the_denominator_of_a_softmax_is_the_sum_of_its_exponentials(shifted, total):
    scores = np.log(np.array([1.0, 2.0, 4.0]))
    assert Softmax().denominator(scores, shifted=shifted) == pytest.approx(total, rel=1e-14)


@pytest.mark.parametrize("numbers", [FLOAT64, FLOAT32, Exact(50)], ids=str)
def test_a_mask_puts_minus_infinity_where_it_is_false(numbers):
    scores = numbers.array(np.array([[1.0, 2.0]]))
    with numbers.arithmetic():
        masked = Mask().evaluate(scores, np.array([[False, True]]))
    assert masked.dtype == numbers.dtype
    assert masked.tolist() == [[-np.inf, 2]]


@pytest.mark.parametrize(("n", "d_model"), [(5, 6), (3, 7), (1, 1), (400, 2)])
def test_positions_follow_the_formula_of_the_paper(n, d_model):
    positions = SinusoidalPositions().evaluate(np.zeros((n, d_model)))
    with mp.workdps(40):
        for p in range(n):
            for column in range(d_model):
                angle = p / mpmath.mpf(10000) ** (mpmath.mpf(2 * (column // 2)) / d_model)
                expected = mpmath.cos(angle) if column % 2 else mpmath.sin(angle)
                assert positions[p, column] == pytest.approx(float(expected), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize(
    ("operation", "operands", "result"),
    [
        (Add(), [[[1, 2]], [[10, 20]]], [[11, 22]]),
        (Copy(), [[[1, 2]]], [[1, 2]]),
        (MatMul(), [[[1, 2]], [[3], [4]]], [[11]]),
        (MatMul(transpose=True), [[[1, 2]], [[3, 4], [5, 6]]], [[11, 17]]),
        (Linear(), [[[1, 2]], [[3, 5], [4, 6]]], [[11, 17]]),
        (Linear(), [[[1, 2]], [[3, 5], [4, 6]], [100, 200]], [[111, 217]]),
        (Scale(parse("1/4"), {}), [[[2, 6]]], [[0.5, 1.5]]),
        (Scale(parse("1/sqrt(d_k)"), {"d_k": 4}), [[[2, 6]]], [[1, 3]]),
        (Scale(parse("-3"), {}), [[[2, 6]]], [[-6, -18]]),
    ],
)
@pytest.mark.parametrize("numbers", [FLOAT64, FLOAT32, Exact(50)], ids=str)
def test_results_worked_out_by_hand(operation, operands, result, numbers):
    arrays = [numbers.array(np.array(operand)) for operand in operands]
    with numbers.arithmetic():
        value = operation.evaluate(*arrays)
    assert value.dtype == numbers.dtype
    assert value.tolist() == result


@pytest.mark.parametrize("operation", [Copy(), Scale(parse("1"), {})])
def test_steps_at_which_nothing_happens_say_so(operation):
    assert operation.is_copy
    assert not Scale(parse("1/2"), {}).is_copy


class TestGiven:
    def test_entries_are_read_in_a_number_type(self):
        entries = np.array([[Decimal("0.30"), parse("1/3")]], dtype=object)
        with FLOAT64.arithmetic():
            assert Given(entries).read(FLOAT64).tolist() == [[0.3, 1 / 3]]
        with Exact(5).arithmetic():
            assert Given(entries).read(Exact(5)).tolist() == [[Decimal("0.30"), Decimal("0.33333")]]

    def test_booleans_stay_booleans(self):
        mask = np.array([[True, False]])
        assert Given(mask).read(Exact(50)) is mask

    def test_only_more_than_a_number_was_written_in_a_way(self):
        entries = np.array([parse("1/3"), Decimal("0.5"), parse("0.5")], dtype=object)
        assert [Given(entries).written((i,)) for i in range(3)] == [parse("1/3"), None, None]
        assert Given(np.array([0.5])).written((0,)) is None

    def test_an_input_is_not_computed(self):
        with pytest.raises(TypeError, match="has no operands"):
            Given(np.array([1.0])).evaluate()
        with pytest.raises(TypeError, match="has no pattern"):
            Given(np.array([1.0])).pattern()


def test_operands_are_never_modified():
    scores = np.array([[1.0, -np.inf], [-np.inf, -np.inf]])
    before = scores.copy()
    Softmax().evaluate(scores)
    Mask().evaluate(scores, np.array([[True, False], [False, True]]))
    np.testing.assert_array_equal(scores, before)
