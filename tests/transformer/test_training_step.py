"""A training step inside one head agrees with the gradients of the whole pass, which are autograd's."""

import numpy as np
import pytest

from nn.models import BOTH, ONE, make
from pellucid.errors import InputError, PositionError
from pellucid.transformer.training_step import training_step
from transformer.models import SOURCE, TARGET, close, in_float64, on_numpy

CROSS, SELF = "decoder.layers.0.cross_attention", "decoder.layers.0.self_attention"


def step_of(place, head, rate=0.01, **changes):
    base = BOTH if place == CROSS else ONE
    transformer = on_numpy(in_float64(make(base, positions="sinusoidal", num_key_value_heads=0, **changes)))
    source = SOURCE if place == CROSS else None
    run = lambda weights: transformer.derive(  # noqa: E731
        TARGET, source, chooses=True, right=7, weights=weights
    )
    return training_step(run, place, head, rate)


@pytest.mark.parametrize("place", [CROSS, SELF])
@pytest.mark.parametrize("head", [0, 1])
def test_the_chain_rule_in_a_head_ends_at_the_gradients_of_its_weights(place, head):
    step = step_of(place, head)
    for name in ("query", "key", "value"):
        own = step.head[f"{name}_weight_gradient"].value
        columns = slice(head * own.shape[1], (head + 1) * own.shape[1])
        close(own, step.gradients[f"{place}.{name}_weight"][:, columns], 1e-12)
        old = step.before[f"{place}.{name}_weight"].value
        new = old - 0.01 * step.gradients[f"{place}.{name}_weight"]
        np.testing.assert_array_equal(step.after[f"{place}.{name}_weight"].value, new)
        close(step.head[f"new_{name}_weight"].value, new[:, columns], 1e-12)
    close(step.head["scores_gradient"].value, step.gradients[f"{place}.scores"][head], 1e-12)


def test_a_short_step_lowers_the_loss_by_the_square_of_the_gradient():
    step = step_of(CROSS, 0, rate=1e-7)
    fallen = step.before["loss"].value[0] - step.after["loss"].value[0]
    given = [s.name for s in step.before if s.is_given and s.name in step.gradients]
    assert fallen == pytest.approx(1e-7 * sum((step.gradients[name] ** 2).sum() for name in given), rel=1e-3)


def test_what_cannot_be_opened_is_said():
    with pytest.raises(PositionError, match="head 9 does not exist"):
        step_of(CROSS, 9)
    transformer = on_numpy(in_float64(make(ONE, positions="rotary")))
    with pytest.raises(InputError, match="without rotary positions"):
        training_step(lambda weights: transformer.derive(TARGET, chooses=True, right=7, weights=weights), SELF, 0, 0.1)
