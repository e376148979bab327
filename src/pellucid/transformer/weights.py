"""Where a network's weights come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pellucid.derivation import Joined, V


@runtime_checkable
class Weights(Protocol[V]):
    """Where the network's weights come from."""

    def matrix(self, name: str) -> V:
        """A table with a row for each entry, as it is in files."""

    def vector(self, name: str) -> V | None:
        """A bias or a gain; `None` where the model has none."""

    def linear(self, names: Sequence[str]) -> Joined[V]:
        """Linear layers of these names, which read the same input."""

    def projection(self) -> Joined[V]:
        """From the width of the model to the vocabulary."""
