"""Learning rates over the steps of a training, as shares of the optimizer's."""

from __future__ import annotations

import math
from collections.abc import Callable

from pellucid.training.recipe import ScheduleSection

Schedule = Callable[[int], float]
"""From the number of a step, counted from 1, to the factor of the learning rate."""


def make_schedule(section: ScheduleSection, *, steps: int, d_model: int) -> Schedule:
    """The schedule of a recipe.

    Args:
        section: of the recipe.
        steps: of the whole training.
        d_model: the paper's schedule depends on it.
    """
    warmup = section.warmup
    if section.kind == "paper":
        return lambda step: paper(step, d_model, max(warmup, 1))
    if section.kind == "inverse_sqrt":
        return lambda step: warm(step, warmup) * math.sqrt(max(warmup, 1) / max(step, warmup, 1))
    if section.kind == "cosine":
        return lambda step: warm(step, warmup) * cosine(after(step, warmup, steps), section.final)
    if section.kind == "linear":
        return lambda step: warm(step, warmup) * linear(after(step, warmup, steps), section.hold, section.final)
    return lambda step: warm(step, warmup)


def paper(step: int, d_model: int, warmup: int) -> float:
    """d_model^(−1/2) · min(step^(−1/2), step · warmup^(−3/2)) (Vaswani et al. 2017, §5.3, equation 3)."""
    return float(d_model**-0.5 * min(step**-0.5, step * warmup**-1.5))


def warm(step: int, warmup: int) -> float:
    """Evenly up to 1, which step `warmup` reaches."""
    return min(1.0, step / warmup) if warmup else 1.0


def after(step: int, warmup: int, steps: int) -> float:
    """Which share of the steps after the warmup is over; the last step's is 1."""
    return min(1.0, max(0.0, (step - warmup) / max(1, steps - warmup)))


def cosine(share: float, final: float) -> float:
    """Half a cosine from 1 to `final` (Loshchilov and Hutter 2017)."""
    return final + (1 - final) * (1 + math.cos(math.pi * share)) / 2


def linear(share: float, hold: float, final: float) -> float:
    """At 1 for a share of the way, then straight down to `final`."""
    return 1.0 if share <= hold else 1 - (1 - final) * (share - hold) / (1 - hold)
