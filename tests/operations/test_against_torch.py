"""Activations, norms and rotations against PyTorch's own functions."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (the name that the field knows)
from hypothesis import given
from hypothesis import strategies as st

from pellucid.operations import ACTIVATIONS, ArgMax, Centre, Gain, Mean, MeanSquare, Normalise

THEIRS = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
}
TOLERANCES = {"float64": {"rtol": 1e-13, "atol": 1e-15}, "float32": {"rtol": 2e-6, "atol": 3e-7}}


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", THEIRS)
def test_activations(name, dtype):
    x = np.concatenate((np.linspace(-9, 9, 1001), [0, 1e-9, -1e-9, 300, -300, 2e4, -2e4])).astype(dtype)[np.newaxis]
    own = ACTIVATIONS[name].evaluate(x)
    assert own.dtype == dtype
    np.testing.assert_allclose(own, THEIRS[name](torch.from_numpy(x)).numpy(), **TOLERANCES[dtype])


@given(st.lists(st.lists(st.integers(-2, 2), min_size=6, max_size=6), min_size=1, max_size=3))
def test_choices_of_rows_with_equal_numbers(rows):
    x = np.array(rows, dtype=np.float64)
    np.testing.assert_array_equal(ArgMax().evaluate(x), torch.from_numpy(x).argmax(-1).numpy())


@given(seed=st.integers(0, 2**32 - 1), dtype=st.sampled_from(["float64", "float32"]))
def test_norms(seed, dtype):
    random = np.random.default_rng(seed)
    x, weight, bias = (random.normal(size=size, scale=3).astype(dtype) for size in ((3, 7), 7, 7))
    centred = Centre().evaluate(x, Mean().evaluate(x))
    own = Gain().evaluate(Normalise(0.01).evaluate(centred, MeanSquare().evaluate(centred)), weight, bias)
    tensors = [torch.from_numpy(array) for array in (x, weight, bias)]
    theirs = F.layer_norm(tensors[0], (7,), tensors[1], tensors[2], 0.01)
    tolerance = {"rtol": 1e-12, "atol": 1e-12} if dtype == "float64" else {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(own, theirs.numpy(), **tolerance)
    own = Gain().evaluate(Normalise(0.01).evaluate(x, MeanSquare().evaluate(x)), weight)
    theirs = F.rms_norm(torch.from_numpy(x), (7,), torch.from_numpy(weight), 0.01)
    np.testing.assert_allclose(own, theirs.numpy(), **tolerance)
