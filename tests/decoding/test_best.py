"""The best entries, however they are found."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pellucid.decoding import best as module
from pellucid.decoding.best import best, likeliest
from pellucid.decoding.products import Product


@pytest.fixture(autouse=True)
def blocks_always(monkeypatch):
    monkeypatch.setattr(module, "_WORTH", 0)


@given(seed=st.integers(0, 2**31), rows=st.integers(1, 4), size=st.integers(1, 1500), k=st.integers(1, 9))
def test_the_best_are_those_of_topk(seed, rows, size, k):
    logits = torch.randn(rows, size, generator=torch.Generator().manual_seed(seed))
    values, indices = best(logits, min(k, size))
    expected = logits.topk(min(k, size), dim=1)
    assert torch.equal(values, expected.values)
    assert torch.equal(indices, expected.indices)  # random numbers of this many digits are all different


def test_the_best_may_lie_behind_the_last_whole_block_or_be_impossible():
    logits = torch.full((1, 64 * 20 + 5), -torch.inf)
    logits[0, 64 * 20 + 3], logits[0, 64 * 7] = 2.0, 1.0
    values, indices = best(logits, 3)
    assert values.tolist() == [[2.0, 1.0, -torch.inf]]
    assert indices[0, :2].tolist() == [64 * 20 + 3, 64 * 7]


@pytest.mark.parametrize("transposed", [False, True])
def test_the_likeliest_is_the_first_largest(transposed):
    logits = torch.tensor([[1.0, 3.0, 3.0], [-1.0, -2.0, -torch.inf]])
    logits = logits.t().contiguous().t() if transposed else logits
    assert likeliest(logits).tolist() == [1, 0]


@pytest.mark.parametrize("rows", [1, 2, 16, 17, 300])
@pytest.mark.parametrize("sizes", [(5, 7), (7, 5), (4001, 3)])
@pytest.mark.parametrize("biased", [True, False])
def test_products_are_linear_layers(rows, sizes, biased):
    weight, bias = torch.randn(sizes), torch.randn(sizes[0]) if biased else None
    x = torch.randn(rows, sizes[1])
    product = Product(weight, bias)
    expected = torch.nn.functional.linear(x.double(), weight.double(), bias.double() if biased else None)
    for _ in range(2):  # the second time with the layout that was kept
        torch.testing.assert_close(product(x).double(), expected, rtol=1e-5, atol=1e-5)
