"""A linear layer that leaves its first weights to `pellucid.nn.initialisation`."""

from __future__ import annotations

from torch import nn


class Linear(nn.Linear):
    """PyTorch's, without random numbers of its own: a model that is loaded draws none and waits for none."""

    def reset_parameters(self) -> None:
        """Leaves the weights as they come."""
