"""Draws, in both libraries."""

import numpy as np
import pytest
import torch

from pellucid.decoding.rows import TorchRows
from pellucid.search.chance import Chance
from pellucid.search.rows import NUMPY_ROWS

MATHS = pytest.mark.parametrize("maths", [NUMPY_ROWS, TorchRows(torch.device("cpu"))])


@MATHS
def test_draws_follow_the_distribution(maths):
    """0.5, 0.3, 0.2 in 20,000 draws: 4 standard errors are below 0.0142."""
    logits = maths.numbers([[np.log(0.5), np.log(0.3), np.log(0.2), -np.inf]] * 20_000)
    drawn = Chance(range(20_000)).draw(maths, logits, range(20_000)).tolist()
    shares = [drawn.count(token) / 20_000 for token in range(4)]
    assert shares == pytest.approx([0.5, 0.3, 0.2, 0.0], abs=0.0142)
    assert max(drawn) == 2


@MATHS
@pytest.mark.parametrize(("number", "token"), [(0.0, 1), (0.5, 2), (0.9999999, 2)])
def test_an_excluded_token_is_never_drawn(maths, number, token, monkeypatch):
    """Not even when the random number is the border of what came before it."""
    monkeypatch.setattr("random.Random.random", lambda self: number)
    logits = maths.numbers([[-np.inf, 0.0, 0.0, -np.inf]])
    assert Chance([1]).draw(maths, logits, [0]).tolist() == [token]
