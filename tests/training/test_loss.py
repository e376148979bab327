"""Against PyTorch's cross-entropy, in values and gradients."""

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from pellucid.training import loss as module
from pellucid.training.loss import cross_entropy

D_MODEL, TOKENS = 7, 11


def given(vocab_size, *, bias=True, seed=0):
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randn(TOKENS, D_MODEL, generator=generator, requires_grad=True)
    weight = torch.randn(vocab_size, D_MODEL, generator=generator, requires_grad=True)
    offsets = torch.randn(vocab_size, generator=generator, requires_grad=True) if bias else None
    targets = torch.randint(vocab_size, (TOKENS,), generator=generator)
    return hidden, weight, offsets, targets


@pytest.mark.parametrize("vocab_size", [13, 1500])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("bias", [False, True])
def test_values_and_gradients_are_pytorchs(vocab_size, smoothing, bias, monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 4 * vocab_size)  # chunks of four tokens, and a last one of three
    *inputs, targets = given(vocab_size, bias=bias)
    loss, likelihood = cross_entropy(*inputs, targets, smoothing)
    (loss * 0.3).backward()
    gradients = [tensor.grad.clone() for tensor in inputs if tensor is not None]
    for tensor in inputs:
        if tensor is not None:
            tensor.grad = None
    hidden, weight, offsets = inputs
    logits = F.linear(hidden, weight, offsets)
    expected = F.cross_entropy(logits, targets, reduction="sum", label_smoothing=smoothing)
    (expected * 0.3).backward()
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(likelihood, F.cross_entropy(logits, targets, reduction="sum"), rtol=1e-5, atol=1e-4)
    assert not likelihood.requires_grad
    for gradient, tensor in zip(gradients, [t for t in inputs if t is not None], strict=True):
        torch.testing.assert_close(gradient, tensor.grad, rtol=1e-4, atol=1e-5)


def test_smoothing_by_hand():
    # Logits 0 and ln 3: probabilities 1/4 and 3/4. With ε = 0.2 the targets are 0.9 and 0.1.
    hidden, weight = torch.tensor([[1.0]]), torch.tensor([[0.0], [math.log(3)]])
    loss, likelihood = cross_entropy(hidden, weight, None, torch.tensor([1]), 0.2)
    assert float(likelihood) == pytest.approx(-math.log(3 / 4))
    assert float(loss) == pytest.approx(-0.9 * math.log(3 / 4) - 0.1 * math.log(1 / 4))


@pytest.mark.parametrize("vocab_size", [13, 1500])
def test_no_token_gives_nothing_and_gradients_of_zero(vocab_size):
    hidden, weight, offsets, targets = given(vocab_size)
    loss, likelihood = cross_entropy(hidden[:0], weight, offsets, targets[:0], 0.1)
    loss.backward()
    assert (float(loss.detach()), float(likelihood)) == (0.0, 0.0)
    assert weight.grad.abs().sum() == 0


def test_large_logits_do_not_overflow():
    hidden, weight, _, targets = given(1500)
    loss, _ = cross_entropy(hidden * 1e4, weight, None, targets)
    assert torch.isfinite(loss)


@pytest.mark.parametrize("vocab_size", [13, 1500])
def test_under_bfloat16_the_loss_is_close_and_its_gradients_are_float32(vocab_size):
    hidden, weight, offsets, targets = given(vocab_size)
    exact, _ = cross_entropy(hidden, weight, offsets, targets, 0.1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss, _ = cross_entropy(hidden, weight, offsets, targets, 0.1)
        loss.backward()
    assert loss.dtype == weight.grad.dtype == hidden.grad.dtype == torch.float32
    torch.testing.assert_close(loss, exact, rtol=2e-2, atol=0.0)
    assert float(loss.detach()) != float(exact.detach())
