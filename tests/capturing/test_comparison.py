"""Comparisons, with divergences derived by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

import pellucid
from pellucid.capturing import comparison as module

N = 4


class WeighingAttention(nn.Module):
    """Weights that are given, (heads, n, n)."""

    def forward(self, weights):
        heads, n, _ = weights.shape
        scores = (torch.eye(n).expand(1, heads, n, n) @ weights[None].log().clamp(min=-40)).masked_fill(
            weights[None] == 0, -math.inf
        )
        return (
            (scores.softmax(-1) @ torch.arange(n * 3.0).reshape(1, 1, n, 3).expand(1, heads, n, 3))
            .transpose(1, 2)
            .flatten(2)
        )


def recorded(*rows):
    """A recording of heads of which every row is the one that is given."""
    model = WeighingAttention()
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(torch.tensor([[row] * N for row in rows]))
    return recording


def test_distances_are_jensen_shannon_divergences_in_bits():
    left = recorded([1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4)
    right = recorded([0, 0, 1.0, 0], [1.0, 0, 0, 0], [0.25] * 4)
    compared = left.compare(right)
    half = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)) - 0.5  # H(¾, ¼) − (H(½, ½) + H(1)) / 2
    assert compared.distances[0] == pytest.approx([1, half, 0], abs=1e-6)
    assert [(layer, head) for layer, head, _ in compared.furthest(2)] == [(0, 0), (0, 1)]
    assert left.layers[0].compare(right.layers[0]).distances == compared.distances


@pytest.mark.parametrize("rows", [1, 3])
def test_blocks_make_no_difference(rows, monkeypatch):
    left, right = recorded([0.5, 0.25, 0.25, 0]), recorded([0.125, 0.125, 0.25, 0.5])
    whole = left.compare(right).distances[0][0]
    monkeypatch.setattr(module, "BLOCK", rows * N)
    assert left.compare(right).distances[0][0] == pytest.approx(whole)
    assert right.compare(left).distances[0][0] == pytest.approx(whole)


def test_what_has_other_shapes_has_no_distances():
    left, right = recorded([1.0, 0, 0, 0]), recorded([1.0, 0, 0, 0], [0.25] * 4)
    compared = left.compare(right)
    assert compared.distances == []
    assert [len(heads) for heads in (*compared.left.heads, *compared.right.heads)] == [1, 2]


def test_two_heads_are_a_derivation_with_another_beside_it():
    (layer,) = recorded([0.5, 0.5, 0, 0], [0.25] * 4).layers
    derivation = layer.head(0).compare(layer.head(1), 2)
    np.testing.assert_allclose(derivation["weights"].value, [[0.5, 0.5, 0, 0]], atol=1e-6)
    assert derivation.beside is not None
    np.testing.assert_allclose(derivation.beside["weights"].value, [[0.25] * 4], atol=1e-6)
    text = derivation.to_text(width=120)
    assert "head 0" in text
    assert "head 1" in text
