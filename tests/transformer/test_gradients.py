"""The chain rule step by step against PyTorch's automatic differentiation, for every option of a configuration."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name that the field knows)
from hypothesis import given, settings

from nn.models import BOTH, make
from pellucid.nn import EncoderDecoder
from pellucid.transformer.gradients import gradients
from transformer.models import SOURCE, TARGET, close, in_float64, on_numpy, options

RIGHT = 7


def loss_of(model):
    target = torch.tensor([TARGET])
    logits = model(torch.tensor([SOURCE]), target) if isinstance(model, EncoderDecoder) else model(target)
    return F.cross_entropy(logits[0, -1:], torch.tensor([RIGHT]))


def derived(transformer, **options):
    source = SOURCE if transformer.config.is_encoder_decoder else None
    return transformer.derive(TARGET, source, chooses=True, right=RIGHT, **options)


@settings(max_examples=12)
@given(chosen=options())
def test_gradients_of_every_weight_are_those_of_autograd(chosen):
    model = in_float64(make(**chosen))
    derivation = derived(on_numpy(model))
    loss = loss_of(model)
    close(derivation["loss"].value, [loss.item()], 1e-12)
    own = gradients(derivation, derivation["loss"])
    loss.backward()
    for parameter in model.parameters():
        parameter.data = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    theirs = {name: array for name, (array, _) in on_numpy(model).named_weights.items()}
    scale = max(np.abs(array).max() for array in theirs.values())
    for name, array in theirs.items():
        ours = own.get(name, np.zeros(array.shape))
        np.testing.assert_allclose(ours, array, rtol=0, atol=1e-10 * scale, err_msg=name)


def test_weights_can_be_replaced():
    """As after a step of gradient descent."""
    model = in_float64(make(BOTH))
    transformer = on_numpy(model)
    derivation = derived(transformer)
    found = gradients(derivation, derivation["loss"])
    new = {name: array - 0.1 * found[name] for name, (array, _) in transformer.named_weights.items() if name in found}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss_of(model).backward()
    optimizer.step()
    close(derived(transformer, weights=new)["loss"].value, [loss_of(model).item()], 1e-12)
