"""The chain of steps against PyTorch's own attention."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from pellucid import Example, explain
from problems import generator, problems

few = settings(max_examples=25)  # each is a whole derivation, type-checked at every call
TOLERANCE = {
    np.float64: {"rtol": 1e-12, "atol": 1e-13},
    np.float32: {"rtol": 1e-5, "atol": 1e-5},
}


def torch_heads(problem, mask=None, is_causal=False):
    """The outputs of all heads, (heads, n_q, d_v)."""
    attended = scaled_dot_product_attention(
        *(torch.from_numpy(array)[None] for array in (problem.query, problem.key, problem.value)),
        attn_mask=None if mask is None else torch.from_numpy(mask),
        is_causal=is_causal,
        scale=problem.scale,
        enable_gqa=True,
    )
    return attended[0].numpy()


def own_heads(derivation):
    if "head_outputs" in derivation:
        return derivation["head_outputs"].value
    return derivation["output"].value[np.newaxis]


@few
@given(problem=problems())
def test_float64_agrees_with_scaled_dot_product_attention(problem):
    own = own_heads(explain(problem.example()))
    np.testing.assert_allclose(own, torch_heads(problem, problem.mask), **TOLERANCE[np.float64])


@few
@given(problem=problems(dtype=np.float32))
def test_float32_agrees_with_scaled_dot_product_attention(problem):
    own = own_heads(explain(problem.example(), dtype="float32"))
    assert own.dtype == np.float32
    np.testing.assert_allclose(own, torch_heads(problem, problem.mask), **TOLERANCE[np.float32])


@st.composite
def self_attention(draw):
    """Query, key and value of the same tokens: (heads, n, d_k), (heads, n, d_k), (heads, n, d_v)."""
    n, d_k, d_v, heads = draw(st.permutations([2, 3, 4, 5]))
    random = generator(draw)
    return tuple(random.normal(size=(heads, n, width)) for width in (d_k, d_k, d_v))


@few
@given(arrays=self_attention())
def test_causal_masks_agree(arrays):
    query, key, value = arrays
    derivation = explain(Example(query=query, key=key, value=value, num_heads=len(query), mask="causal"))
    expected = scaled_dot_product_attention(*(torch.from_numpy(array)[None] for array in arrays), is_causal=True)
    np.testing.assert_allclose(own_heads(derivation), expected[0].numpy(), **TOLERANCE[np.float64])


@few
@given(arrays=self_attention(), window=st.integers(1, 4), causal=st.booleans())
def test_window_masks_agree(arrays, window, causal):
    query, key, value = arrays
    mask = {"window": window, "causal": causal}
    derivation = explain(Example(query=query, key=key, value=value, num_heads=len(query), mask=mask))
    allowed = [
        [(0 <= i - j < window) if causal else abs(i - j) < window for j in range(query.shape[1])]
        for i in range(query.shape[1])
    ]
    expected = scaled_dot_product_attention(
        *(torch.from_numpy(array)[None] for array in arrays), attn_mask=torch.tensor(allowed)
    )
    np.testing.assert_allclose(own_heads(derivation), expected[0].numpy(), **TOLERANCE[np.float64])


def multihead_example(module, x, memory, mask, biases):
    """The example whose projections are those of a PyTorch module, which computes W x where the paper has x W."""
    width = module.embed_dim
    if module.in_proj_weight is None:
        projections = [module.q_proj_weight, module.k_proj_weight, module.v_proj_weight]
    else:
        projections = module.in_proj_weight.split(width)
    names = ("query", "key", "value")
    weights = {name: weight.detach().numpy().T for name, weight in zip(names, projections, strict=True)}
    weights["output"] = module.out_proj.weight.detach().numpy().T
    given_biases = {}
    if biases:
        in_biases = module.in_proj_bias.detach().numpy().reshape(3, width)
        given_biases = dict(zip(names, in_biases, strict=True)) | {"output": module.out_proj.bias.detach().numpy()}
    return Example(
        embeddings=x,
        memory=memory,
        weights=weights,
        biases=given_biases,
        num_heads=module.num_heads,
        mask="none" if mask is None else mask,
    )


@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("is_cross", [True, False])
@few
@given(draw=st.data())
def test_a_multihead_module_agrees_in_weights_and_output(biases, is_cross, draw):
    heads, d_head = draw.draw(st.sampled_from([(1, 3), (2, 3), (3, 2), (2, 5)]))
    n_q, n_k, memory_width = draw.draw(st.permutations([4, 5, 7]))
    random = generator(draw.draw)
    x = random.normal(size=(n_q, heads * d_head))
    memory = random.normal(size=(n_k, memory_width)) if is_cross else None
    mask = None
    if draw.draw(st.booleans()):
        mask = random.random((n_q, n_k if is_cross else n_q)) < 0.5
        mask[:, 0] = True
    torch.manual_seed(int(random.integers(2**31)))
    module = torch.nn.MultiheadAttention(
        heads * d_head,
        heads,
        bias=biases,
        kdim=memory_width if is_cross else None,
        vdim=memory_width if is_cross else None,
        batch_first=True,
        dtype=torch.float64,
    )
    if biases:  # PyTorch starts them at zero
        torch.nn.init.normal_(module.in_proj_bias)
        torch.nn.init.normal_(module.out_proj.bias)
    derivation = explain(multihead_example(module, x, memory, mask, biases))

    source = torch.from_numpy(x if memory is None else memory)[None]
    output, weights = module(
        torch.from_numpy(x)[None],
        source,
        source,
        attn_mask=None if mask is None else torch.from_numpy(~mask),
        average_attn_weights=False,
    )
    own_weights = derivation["weights"].value
    np.testing.assert_allclose(
        own_weights if heads > 1 else own_weights[np.newaxis], weights[0].detach().numpy(), **TOLERANCE[np.float64]
    )
    np.testing.assert_allclose(derivation["output"].value, output[0].detach().numpy(), **TOLERANCE[np.float64])
