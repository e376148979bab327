import math

import pytest
import torch
from torch import nn

from pellucid.errors import CheckpointError
from pellucid.training.muon import Muon, orthogonalised
from pellucid.training.optimizer import Optimizer
from pellucid.training.recipe import OptimizerSection


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.embedding = nn.Parameter(torch.randn(5, 3, generator=generator))
        self.layers = nn.ModuleList([nn.Linear(3, 4), nn.Linear(4, 3)])
        self.gain = nn.Parameter(torch.ones(3))

    def forward(self):
        x = self.embedding * self.gain
        for layer in self.layers:
            x = layer(x)
        return x.square().sum()


def trained(steps, **settings):
    torch.manual_seed(0)
    model = Small()
    optimizer = Optimizer(model, OptimizerSection(**settings))
    for _ in range(steps):
        optimizer.zero_grad()
        model().backward()
        optimizer.step()
    return model, optimizer


def test_adam_is_kingma_and_bas():
    settings = {"learning_rate": 0.1, "betas": (0.8, 0.9), "eps": 1e-3}
    model, _ = trained(2, kind="adam", **settings)
    torch.manual_seed(0)
    plain = Small()
    moments = {p: (torch.zeros_like(p), torch.zeros_like(p)) for p in plain.parameters()}
    for step in (1, 2):
        plain.zero_grad()
        plain().backward()
        with torch.no_grad():
            for p, (m, v) in moments.items():
                m.mul_(0.8).add_(0.2 * p.grad)
                v.mul_(0.9).add_(0.1 * p.grad**2)
                p -= 0.1 * (m / (1 - 0.8**step)) / ((v / (1 - 0.9**step)).sqrt() + 1e-3)
    for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_only_matrices_decay():
    torch.manual_seed(0)
    model = Small()
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimizer = Optimizer(model, OptimizerSection(kind="adamw", learning_rate=0.5, weight_decay=0.1))
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for name, parameter in model.named_parameters():
        factor = 0.95 if parameter.ndim == 2 else 1.0
        torch.testing.assert_close(parameter.detach(), before[name] * factor)


def test_orthogonalised_matrices_keep_their_singular_vectors():
    generator = torch.Generator().manual_seed(1)
    for shape in [(2, 6, 4), (2, 4, 6)]:
        matrices = torch.randn(shape, generator=generator)
        result = orthogonalised(matrices)
        assert result.shape == matrices.shape
        values = torch.linalg.svdvals(result)
        assert float(values.min()) > 0.6
        assert float(values.max()) < 1.3
        u, _, vh = torch.linalg.svd(matrices, full_matrices=False)
        # In the singular basis of the input the result is diagonal.
        inner = u.mT @ result @ vh.mT
        torch.testing.assert_close(inner, torch.diag_embed(inner.diagonal(dim1=1, dim2=2)), rtol=0, atol=1e-4)


def test_muon_is_pytorchs_but_for_its_bfloat16():
    matrices = [torch.randn(6, 4, generator=torch.Generator().manual_seed(s)) for s in (0, 1)]
    ours, theirs = ([nn.Parameter(m.clone()) for m in matrices] for _ in range(2))
    settings = {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1}
    optimizers = [Muon(ours, **settings), torch.optim.Muon(theirs, **settings)]
    for step in range(3):
        for parameters, optimizer in zip((ours, theirs), optimizers, strict=True):
            for number, parameter in enumerate(parameters):
                parameter.grad = torch.randn(6, 4, generator=torch.Generator().manual_seed(10 * step + number))
            optimizer.step()
    for one, other, start in zip(ours, theirs, matrices, strict=True):
        assert (one - other).norm() < 0.03 * (other - start).norm()


def test_muon_multiplies_in_the_precision_of_the_training():
    matrices = torch.randn(2, 48, 32, generator=torch.Generator().manual_seed(3))
    whole = orthogonalised(matrices)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = orthogonalised(matrices)
    assert (whole.dtype, rounded.dtype) == (torch.float32, torch.bfloat16)
    assert 1e-4 < (rounded - whole).norm() / whole.norm() < 0.05


def test_muon_takes_the_matrices_inside_the_layers_only():
    _, optimizer = trained(1, kind="muon")
    names = {name for name, _ in optimizer.tensors() if name.startswith("momentum_buffer/")}
    assert names == {"momentum_buffer/layers.0.weight", "momentum_buffer/layers.1.weight"}
    adam = {name.split("/")[1] for name, _ in optimizer.tensors() if name.startswith("exp_avg/")}
    assert adam == {"embedding", "gain", "layers.0.bias", "layers.1.bias"}


@pytest.mark.parametrize("kind", ["adam", "adamw", "muon"])
def test_a_state_that_is_saved_and_loaded_goes_on_alike(kind):
    model, optimizer = trained(3, kind=kind, weight_decay=0.01)
    other = Small()
    other.load_state_dict(model.state_dict())
    again = Optimizer(other, OptimizerSection(kind=kind, weight_decay=0.01))
    again.load({name: tensor.clone() for name, tensor in optimizer.tensors()})
    for one, its in ((model, optimizer), (other, again)):
        its.zero_grad()
        one().backward()
        its.step()
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_state_of_another_model_is_refused():
    optimizer = Optimizer(Small(), OptimizerSection())
    for name in ("exp_avg/nothing", "exp_avg/gain"):
        with pytest.raises(CheckpointError, match="does not fit this model"):
            optimizer.load({name: torch.zeros(2)})


def test_every_learning_rate_is_set_to_its_share():
    optimizer = Optimizer(Small(), OptimizerSection(kind="muon", learning_rate=0.3, muon_learning_rate=0.02))
    assert optimizer.set_factor(0.5) == pytest.approx(0.15)
    rates = {group["lr"] for part in optimizer.parts for group in part.param_groups}
    assert sorted(rates) == pytest.approx([0.01, 0.15])
    assert math.isclose(optimizer.set_factor(1.0), 0.3)
