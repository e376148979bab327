"""Overviews are of all weights, whatever the blocks."""

import math

import pytest
import torch

import pellucid
from capturing.attentions import SomeAttention, side_by_side
from pellucid.capturing import overview as module
from pellucid.errors import InputError

N_Q, N_K = 11, 13


@pytest.fixture
def head():
    generator = torch.Generator().manual_seed(3)
    q, k, v = (torch.randn(1, 2, n, 4, generator=generator) for n in (N_Q, N_K, N_K))

    def causal(q, k, v):
        later = torch.arange(N_K) > torch.arange(N_Q)[:, None] + N_K - N_Q
        return side_by_side((q @ k.mT).masked_fill(later, -math.inf).softmax(-1) @ v)

    model = SomeAttention(causal)
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(q, k, v)
    return recording.layers[0].head(1)


@pytest.mark.parametrize("block", [1, 50, 10**6])
def test_it_is_that_of_all_weights(head, block, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", block)
    seen = head.overview(cells=4, top=3)
    weights = torch.tensor(head.weights()).float()
    assert seen.cell == (3, 4)
    assert seen.largest.shape == (4, 4)
    for row in range(4):
        for column in range(4):
            cell = weights[3 * row : 3 * row + 3, 4 * column : 4 * column + 4]
            torch.testing.assert_close(seen.largest[row, column], cell.max())
            torch.testing.assert_close(seen.mean[row, column], cell.mean())
    torch.testing.assert_close(seen.entropy, torch.distributions.Categorical(weights).entropy())
    torch.testing.assert_close(seen.top_weights, weights.sort(-1, descending=True).values[:, :3])
    torch.testing.assert_close(weights.gather(1, seen.top_keys), seen.top_weights)
    offset = N_K - N_Q
    assert seen.first == pytest.approx(weights[:, 0].mean().item(), rel=1e-5)
    assert seen.diagonal == pytest.approx(weights.diagonal(offset).mean().item(), rel=1e-5)
    assert seen.previous == pytest.approx(weights.diagonal(offset - 1).mean().item(), rel=1e-5)


def test_nothing_is_refused(head):
    with pytest.raises(InputError, match="0 cells and 8 keys"):
        head.overview(cells=0)
