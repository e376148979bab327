"""What is known of a tensor on its way from the dot products to the weighted sum."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pellucid.capturing.changes import Change, Operand
from pellucid.capturing.dims import Dims, Run
from pellucid.capturing.record import Record


@dataclass(frozen=True, eq=False)
class Scores:
    """A product of two matrices, and what was done to it since: perhaps scores.

    Args:
        dims: what its axes are now.
        left, right: the factors; each has a further axis of features.
        sides: the atoms that only the left, and only the right factor has.
        changes: since the product.
        sinks: what was put beside the scores.
    """

    dims: Dims
    left: Operand
    right: Operand
    sides: tuple[Run, Run]
    changes: tuple[Change, ...] = ()
    sinks: Operand | None = None

    def then(self, change: Change) -> Scores:
        """With one more change."""
        return replace(self, changes=(*self.changes, change))


@dataclass(frozen=True, eq=False)
class Weights:
    """The softmax of scores.

    Args:
        dims: what its axes are now; that of the keys is one longer while it holds a sink.
        scores: what it is of.
        keys: the axis it goes over.
        transposed: whether the left factor of the scores is the one with the keys.
        changes: since the softmax.
    """

    dims: Dims
    scores: Scores
    keys: Run
    transposed: bool
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    def then(self, change: Change) -> Weights:
        """With one more change."""
        return replace(self, changes=(*self.changes, change))


@dataclass(frozen=True, eq=False)
class Outcome:
    """The weighted sums of a record, until the heads are put side by side.

    Args:
        dims: what its axes are now.
        record: whose output it is.
        features: the axis of the values' features.
    """

    dims: Dims
    record: Record
    features: Run


Trail = Scores | Weights | Outcome
