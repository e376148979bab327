"""Overviews are of all weights, whatever the blocks."""

import math

import pytest
import torch

import pellucid
from capturing.attentions import EVERY, MASK, SomeAttention, matrices, side_by_side
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
    monkeypatch.setattr(module, "_ROWS", 1)
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


def some_weights_dropped(q, k, v):
    return side_by_side(torch.dropout((q @ k.mT * 0.5).softmax(-1), 0.4, True) @ v)


def nothing_for_a_query(q, k, v):
    allowed = MASK.clone()
    allowed[2] = False
    return side_by_side((q @ k.mT).masked_fill(~allowed, -math.inf).softmax(-1).nan_to_num() @ v)


@pytest.mark.parametrize("rows", [2, 100])
@pytest.mark.parametrize("function", [*EVERY.values(), some_weights_dropped, nothing_for_a_query])
def test_whatever_is_done_to_scores_and_weights(function, rows, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 1)
    monkeypatch.setattr(module, "_ROWS", rows)
    model = SomeAttention(function)
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(*matrices(3))
    head = recording.layers[0].head(1, sequence=1)
    seen, weights = head.overview(cells=3, top=4), torch.tensor(head.weights()).float()
    n_q, n_k = weights.shape
    for row in range(0, n_q, seen.cell[0]):
        for column in range(0, n_k, seen.cell[1]):
            cell = weights[row : row + seen.cell[0], column : column + seen.cell[1]]
            where = row // seen.cell[0], column // seen.cell[1]
            torch.testing.assert_close(seen.largest[where], cell.max())
            torch.testing.assert_close(seen.mean[where], cell.mean())
    torch.testing.assert_close(seen.entropy, torch.special.entr(weights).sum(1), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(seen.top_weights, weights.sort(-1, descending=True).values[:, :4])
    torch.testing.assert_close(weights.gather(1, seen.top_keys), seen.top_weights)
    assert torch.equal(seen.top_weights == 0, weights.gather(1, seen.top_keys) == 0)


def test_nothing_is_refused(head):
    with pytest.raises(InputError, match="0 cells and 8 keys"):
        head.overview(cells=0)
