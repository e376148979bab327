import math

import pytest
import torch

from pellucid.training.recipe import ScheduleSection
from pellucid.training.schedule import make_schedule


def schedule(steps=100, d_model=64, **settings):
    return make_schedule(ScheduleSection(**settings), steps=steps, d_model=d_model)


def test_the_papers_schedule():
    rate = schedule(kind="paper", warmup=4000, d_model=512)
    # §5.3: at its peak, step 4000, d_model^(−1/2) · 4000^(−1/2).
    assert rate(4000) == pytest.approx(1 / math.sqrt(512 * 4000))
    assert rate(1) == pytest.approx(rate(4000) / 4000)
    assert rate(16000) == pytest.approx(rate(4000) / 2)


def test_inverse_square_root():
    rate = schedule(kind="inverse_sqrt", warmup=10)
    assert [rate(1), rate(5), rate(10), rate(40)] == pytest.approx([0.1, 0.5, 1.0, 0.5])


def test_half_a_cosine_to_its_end():
    rate = schedule(kind="cosine", warmup=20, final=0.1)
    assert [rate(10), rate(20), rate(60), rate(100), rate(200)] == pytest.approx([0.5, 1.0, 0.55, 0.1, 0.1])


def test_the_cosine_is_pytorchs():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50, eta_min=0.2)
    rate = schedule(kind="cosine", steps=50, final=0.2)
    for step in range(1, 51):
        optimizer.step()
        reference.step()
        assert rate(step) == pytest.approx(reference.get_last_lr()[0])


def test_linear_holds_and_falls():
    rate = schedule(kind="linear", warmup=20, hold=0.5, final=0.2)
    assert [rate(20), rate(60), rate(80), rate(100)] == pytest.approx([1.0, 1.0, 0.6, 0.2])
    assert schedule(kind="linear", hold=1.0)(100) == 1.0


def test_constant():
    rate = schedule(kind="constant", warmup=4)
    assert [rate(1), rate(4), rate(1000)] == [0.25, 1.0, 1.0]
