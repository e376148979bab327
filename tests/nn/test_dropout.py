import pytest
import torch

from pellucid.nn.dropout import add_dropped, dropout, keeps


def test_nothing_happens_outside_of_training_or_without_probability():
    x, y = torch.randn(3, 4), torch.randn(3, 4)
    assert dropout(x, 0.5, False) is x
    assert dropout(x, 0.0, True) is x
    assert torch.equal(add_dropped(x, y, 0.5, False), x + y)


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_elements_are_dropped_with_the_probability_and_the_mean_stays(p):
    torch.manual_seed(0)
    n = 400_000
    y = dropout(torch.ones(n), p)
    kept = y != 0
    assert kept.float().mean().item() == pytest.approx(1 - p, abs=5 * (p * (1 - p) / n) ** 0.5)
    assert y.mean().item() == pytest.approx(1, abs=5 * (p / (1 - p) / n) ** 0.5)
    assert len(y[kept].unique()) == 1
    assert y[kept][0].item() == pytest.approx(1 / (1 - p), rel=1e-4)


def test_every_element_is_decided_by_itself():
    """Neighbours in all four lanes of a draw, and the same lane of neighbouring draws, are uncorrelated."""
    torch.manual_seed(1)
    kept = keeps(torch.Size((400_000,)), 65536 // 4).float()
    centred = kept - kept.mean()
    for distance in (1, 2, 3, 4, 5, 8, 64, 4096):
        correlation = (centred[:-distance] * centred[distance:]).mean() / centred.square().mean()
        assert abs(correlation.item()) < 5 / 400_000**0.5, distance


def test_the_bits_are_uniform_over_the_whole_range():
    torch.manual_seed(2)
    n = 300_000
    for sixteenth in range(1, 16):  # also thresholds on both sides of the sign
        share = 1 - keeps(torch.Size((n,)), sixteenth * 4096).float().mean().item()
        assert share == pytest.approx(sixteenth / 16, abs=0.006)
    lanes = keeps(torch.Size((n,)), 32768).view(-1, 4).float().mean(dim=0)  # the top bit of a draw too
    torch.testing.assert_close(lanes, torch.full((4,), 0.5), atol=0.01, rtol=0)


def test_it_is_drawn_anew_and_from_pytorch_s_generator():
    x = torch.ones(10, 7)
    torch.manual_seed(3)
    first, second = dropout(x, 0.5), dropout(x, 0.5)
    torch.manual_seed(3)
    assert torch.equal(dropout(x, 0.5), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("shape", [(1,), (3,), (5, 1, 3), (0, 4), (2, 3, 7)])
def test_every_shape(shape):
    assert dropout(torch.ones(shape), 0.5).shape == shape


def test_the_gradient_goes_where_the_element_went():
    torch.manual_seed(4)
    residual, x = torch.randn(50, 7, requires_grad=True), torch.randn(50, 7, requires_grad=True)
    y = add_dropped(residual, x, 0.4, True)
    y.sum().backward()
    scale = x.grad.max()
    assert scale.item() == pytest.approx(1 / 0.6, rel=1e-4)
    assert set(x.grad.unique().tolist()) == {0.0, scale.item()}
    torch.testing.assert_close(y, residual + x * x.grad)
    assert (residual.grad == 1).all()


def test_other_number_types():
    x = torch.ones(1000, dtype=torch.bfloat16)
    assert dropout(x, 0.5).dtype == torch.bfloat16
