"""Filters against transformers' own, which other people wrote."""

import numpy as np
import pytest
import torch
import transformers
from hypothesis import assume, given
from hypothesis import strategies as st

from pellucid.decoding.rows import TorchRows
from pellucid.errors import InputError
from pellucid.search import Sampling, filters
from pellucid.search.rows import NUMPY_ROWS

SEEDS = st.integers(0, 2**31)
TORCH_ROWS = TorchRows(torch.device("cpu"))


def in_both(function, logits, *arguments):
    """What a filter makes of logits, in PyTorch; checked to be the same in NumPy."""
    ours = function(TORCH_ROWS, logits.clone(), *arguments)
    host = [each.numpy() if isinstance(each, torch.Tensor) else each for each in arguments]
    np.testing.assert_allclose(function(NUMPY_ROWS, logits.numpy(), *host), ours.numpy(), rtol=1e-5, atol=1e-5)
    return ours


def random_logits(seed, rows=3, vocabulary=11):
    return 3 * torch.randn(rows, vocabulary, generator=torch.Generator().manual_seed(seed))


@given(seed=SEEDS, k=st.integers(1, 13))
def test_top_k(seed, k):
    logits = random_logits(seed)
    torch.testing.assert_close(in_both(filters.top_k, logits, k), transformers.TopKLogitsWarper(k)(None, logits))


@given(seed=SEEDS, p=st.floats(0.01, 0.99))
def test_top_p(seed, p):
    logits = random_logits(seed)
    cumulative = logits.softmax(1).sort(dim=1, descending=True).values.cumsum(1)
    assume(bool(((cumulative - p).abs() > 1e-5).all()))  # where rounding decides, both are right
    torch.testing.assert_close(in_both(filters.top_p, logits, p), transformers.TopPLogitsWarper(p)(None, logits))


@given(seed=SEEDS, p=st.floats(0.01, 1.0))
def test_min_p(seed, p):
    logits = random_logits(seed)
    torch.testing.assert_close(in_both(filters.min_p, logits, p), transformers.MinPLogitsWarper(p)(None, logits))


@given(seed=SEEDS, penalty=st.floats(0.5, 3), seen=st.lists(st.integers(0, 10), min_size=1, max_size=6))
def test_repetition_penalty(seed, penalty, seen):
    logits, ids = random_logits(seed, rows=1), torch.tensor([seen])
    theirs = transformers.RepetitionPenaltyLogitsProcessor(penalty)(ids, logits.clone())
    torch.testing.assert_close(in_both(filters.repetition_penalty, logits, ids, penalty), theirs)


@given(seed=SEEDS)
def test_all_together_in_the_order_of_transformers(seed):
    logits, ids = random_logits(seed), torch.tensor([[1, 2, 2], [3, 3, 3], [0, 10, 5]])
    theirs = logits.clone()
    for processor in (
        transformers.RepetitionPenaltyLogitsProcessor(1.3),
        transformers.TemperatureLogitsWarper(0.7),
        transformers.TopKLogitsWarper(7),
        transformers.TopPLogitsWarper(0.8),
        transformers.MinPLogitsWarper(0.05),
    ):
        theirs = processor(ids, theirs)
    settings = Sampling(temperature=0.7, top_k=7, top_p=0.8, min_p=0.05, repetition_penalty=1.3)
    ours = in_both(settings.adjust, logits, ids)
    torch.testing.assert_close(ours.softmax(1), theirs.softmax(1))


def test_by_hand():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    assert in_both(filters.top_k, logits, 2).isfinite().tolist() == [[True, True, False, False]]
    assert in_both(filters.top_p, logits, 0.7).isfinite().tolist() == [[True, True, False, False]]
    assert in_both(filters.min_p, logits, 0.25).isfinite().tolist() == [[True, True, True, False]]
    seen, given = torch.tensor([[0, 1]]), torch.tensor([[4.0, -4.0, 4.0]])
    assert in_both(filters.repetition_penalty, given, seen, 2.0).tolist() == [[2.0, -8.0, 4.0]]
    assert given.tolist() == [[4.0, -4.0, 4.0]]


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("temperature", [1e-8, 1e-320])
def test_the_coldest_takes_the_likeliest(temperature):
    logits = torch.tensor([[3.0, 3.1, -4.0]])
    assert in_both(Sampling(temperature=temperature).adjust, logits, None).softmax(1).tolist() == [[0.0, 1.0, 0.0]]


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({"temperature": -0.1}, "temperature must be a number of at least 0, not -0.1"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_k": -1}, "top_k"),
        ({"top_p": 0.0}, "top_p must be greater than 0 and at most 1"),
        ({"min_p": 1.5}, "min_p"),
        ({"repetition_penalty": 0.0}, "repetition_penalty"),
    ],
)
def test_settings_out_of_range(changes, needed):
    with pytest.raises(InputError, match=needed):
        Sampling(**changes)
