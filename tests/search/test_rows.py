"""Rows of logits in NumPy: what PyTorch makes of them, and what was given stays."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from pellucid.decoding.rows import TorchRows
from pellucid.search.rows import NUMPY_ROWS, RowMath


@given(seed=st.integers(0, 2**31), rows=st.integers(1, 4), size=st.integers(1, 40), k=st.integers(1, 9))
def test_the_best_are_those_of_topk(seed, rows, size, k):
    logits = np.random.default_rng(seed).standard_normal((rows, size), dtype=np.float32)
    values, places = NUMPY_ROWS.best(logits, min(k, size))
    expected = torch.from_numpy(logits).topk(min(k, size), dim=1)
    assert values.tolist() == expected.values.tolist()
    assert places.tolist() == expected.indices.tolist()


def test_of_equals_the_first_comes_first():
    logits = np.array([[1.0, 3.0, 0.0, 3.0, -np.inf]], dtype=np.float32)
    assert NUMPY_ROWS.best(logits, 5)[1].tolist() == [[1, 3, 0, 2, 4]]
    assert NUMPY_ROWS.likeliest(logits).tolist() == [1]


@given(seed=st.integers(0, 2**31))
def test_probabilities_are_those_of_pytorch(seed):
    logits = 9 * np.random.default_rng(seed).standard_normal((3, 7), dtype=np.float32)
    theirs = torch.from_numpy(logits)
    np.testing.assert_allclose(NUMPY_ROWS.log_softmax(logits), theirs.log_softmax(1), rtol=1e-5, atol=1e-5)
    cumulative = NUMPY_ROWS.cumulative(logits)
    assert cumulative.dtype == np.float64
    np.testing.assert_allclose(cumulative, theirs.double().softmax(1).cumsum(1), rtol=1e-12, atol=0)
    assert (NUMPY_ROWS.falling(logits) == theirs.sort(dim=1, descending=True).values.numpy()).all()


def test_what_a_recording_may_hold_stays():
    logits = np.array([[1.0, 3.0, 0.0]])
    assert NUMPY_ROWS.without(logits, 1).tolist() == [[1.0, -np.inf, 0.0]]
    assert logits.tolist() == [[1.0, 3.0, 0.0]]


def test_both_are_what_they_claim():
    assert isinstance(NUMPY_ROWS, RowMath)
    assert isinstance(TorchRows(torch.device("cpu")), RowMath)
