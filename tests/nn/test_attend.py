"""Both paths of attention against the formula, number by number, and against each other."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pellucid.nn.attend import attend, explicit, fused
from pellucid.nn.mask import AttentionMask, causal_mask, padding_mask
from pellucid.nn.precision import attention_by

PATHS = [fused, explicit]


def by_formula(query, key, value, allowed=None):
    """softmax(Q Kᵀ / √d_k) V in float64, one query of one head after the other; a query that sees nothing gives 0."""
    batch, heads, n_q, d_k = query.shape
    shared = heads // key.shape[1]
    output = torch.zeros(batch, heads, n_q, value.shape[-1], dtype=torch.float64)
    for b in range(batch):
        for h in range(heads):
            for i in range(n_q):
                seen = [j for j in range(key.shape[2]) if allowed is None or allowed[b, h, i, j]]
                exps = [math.exp(query[b, h, i].double() @ key[b, h // shared, j].double() / d_k**0.5) for j in seen]
                for j, e in zip(seen, exps, strict=True):
                    output[b, h, i] += e / sum(exps) * value[b, h // shared, j].double()
    return output.float()


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("path", PATHS)
def test_two_keys_by_hand(path):
    # scores 0 and ln 3 · √4 / √4: weights 1/4 and 3/4
    query = torch.tensor([[[[2.0, 0, 0, 0]]]])
    key = torch.tensor([[[[0.0, 1, 1, 1], [math.log(3), 5, 5, 5]]]])
    value = torch.tensor([[[[4.0, 8.0], [0.0, 4.0]]]])
    torch.testing.assert_close(path(query, key, value), torch.tensor([[[[1.0, 5.0]]]]))


@pytest.mark.parametrize("path", PATHS)
@given(
    batch=st.integers(1, 2),
    groups=st.integers(1, 3),
    shared=st.integers(1, 3),
    n_q=st.integers(1, 4),
    n_k=st.integers(1, 5),
    d_k=st.sampled_from([2, 5, 8]),
    form=st.sampled_from(["none", "padding", "full", "queries", "all batches"]),
    seed=st.integers(0, 9),
)
def test_the_formula(path, batch, groups, shared, n_q, n_k, d_k, form, seed):
    query = random(batch, groups * shared, n_q, d_k, seed=seed)
    key, value = random(batch, groups, n_k, d_k, seed=seed + 10), random(batch, groups, n_k, d_k, seed=seed + 20)
    shapes = {
        "padding": (batch, 1, 1, n_k),
        "full": (batch, 1, n_q, n_k),
        "queries": (1, 1, n_q, n_k),
        "all batches": (1, 1, 1, n_k),
    }
    mask = allowed = None
    if form != "none":
        allowed = random(*shapes[form], seed=seed + 30) > 0
        mask = AttentionMask(allowed)
        allowed = allowed.expand(batch, groups * shared, n_q, n_k)
    torch.testing.assert_close(
        path(query, key, value, mask), by_formula(query, key, value, allowed), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("groups", [6, 3, 1])
def test_causal(path, groups):
    query, key, value = random(2, 6, 5, 4), random(2, groups, 5, 4, seed=1), random(2, groups, 5, 4, seed=2)
    mask = causal_mask(5, 5, query.device)
    allowed = torch.ones(5, 5, dtype=torch.bool).tril().expand(2, 6, 5, 5)
    torch.testing.assert_close(path(query, key, value, mask), by_formula(query, key, value, allowed))
    torch.testing.assert_close(
        path(query[:, :, 3:], key, value, causal_mask(2, 5, query.device)), path(query, key, value, mask)[:, :, 3:]
    )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("groups", [4, 2])
def test_a_row_with_nothing_to_attend_to_is_zero_and_hurts_no_gradient(path, groups):
    inputs = [random(2, heads, n, 4, seed=n).requires_grad_() for heads, n in ((4, 3), (groups, 5), (groups, 5))]
    mask = torch.ones(2, 5, dtype=torch.bool)
    mask[0] = False
    output = path(*inputs, padding_mask(mask))
    assert (output[0] == 0).all()
    assert (output[1] != 0).all()
    output.square().sum().backward()
    for tensor in inputs:
        assert tensor.grad.isfinite().all()
        assert (tensor.grad[0] == 0).all()
        assert (tensor.grad[1] != 0).any()


@pytest.mark.parametrize("groups", [4, 2])
@pytest.mark.parametrize("kind", ["none", "causal", "padding", "both"])
def test_both_paths_have_the_same_gradients(kind, groups):
    padding = torch.ones(3, 5, 5, dtype=torch.bool)
    padding[1, :, 3:] = False
    masks = {
        "none": lambda: None,
        "causal": lambda: causal_mask(5, 5, torch.device("cpu")),
        "padding": lambda: padding_mask(padding[:, 0]),
        "both": lambda: causal_mask(5, 5, torch.device("cpu"), padding),
    }
    gradients = []
    for path in PATHS:
        inputs = [
            random(3, heads, 5, 8, seed=heads + s).requires_grad_() for s, heads in enumerate((4, groups, groups))
        ]
        path(*inputs, masks[kind]()).square().sum().backward()
        gradients.append([tensor.grad for tensor in inputs])
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)


def test_one_mask_serves_calls_of_other_sizes_and_types():
    mask = padding_mask(torch.tensor([[True, True, False]]))
    key, value = random(1, 2, 3, 4), random(1, 2, 3, 4, seed=1)
    for n_q, heads in ((2, 2), (5, 4), (1, 2)):
        query = random(1, heads, n_q, 4, seed=2)
        torch.testing.assert_close(explicit(query, key, value, mask), fused(query, key, value, mask))
    half = [tensor.bfloat16() for tensor in (query, key, value)]
    assert explicit(*half, mask).dtype == torch.bfloat16


def test_dropped_weights_are_made_up_for_by_the_others():
    query, key = torch.zeros(1, 1, 1, 4), torch.zeros(1, 1, 20000, 4)
    value = torch.ones(1, 1, 20000, 4)
    torch.manual_seed(1)
    dropped = attend(query, key, value, None, 0.25)
    assert dropped.mean() == pytest.approx(1, abs=0.02)
    assert (dropped != 1).any()


def test_the_chosen_path_is_taken(monkeypatch):
    """The explicit path is the one that drops weights itself."""
    import pellucid.nn.attend as module

    query = random(1, 1, 2, 4)
    taken = []
    for name in ("fused", "explicit"):
        monkeypatch.setattr(module, name, lambda *arguments, name=name: taken.append(name) or arguments[0])
    for name in ("explicit", "fused"):
        with attention_by(name):
            module.attend(query, query, query)
    assert taken == ["explicit", "fused"]
