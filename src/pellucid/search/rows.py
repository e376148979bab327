"""What searches compute with rows of logits, in the library that they come in.

Searches are written once. On an accelerator logits must not come to the host for it, so what looks at a whole
vocabulary is asked of `RowMath`, which every library has: here NumPy's, in `pellucid.decoding` PyTorch's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from pellucid.arrays import Array, Shaped

Rows = Any
"""A NumPy array or a PyTorch tensor; of logits (rows, vocabulary), unless it is said otherwise."""


@runtime_checkable
class RowMath(Protocol):
    """Row by row, in one library."""

    def without(self, logits: Rows, token: int) -> Rows:
        """The logits with −∞ for one token; what was given must not be used any more."""

    def log_softmax(self, logits: Rows) -> Rows:
        """Natural logarithms of the probabilities."""

    def cumulative(self, logits: Rows) -> Rows:
        """The probabilities, summed up from the left, in float64."""

    def falling(self, logits: Rows) -> Rows:
        """The largest first."""

    def largest(self, logits: Rows) -> Rows:
        """Of each row, (rows, 1)."""

    def best(self, logits: Rows, k: int) -> tuple[Rows, Rows]:
        """The k largest of each row in falling order and where they are, (rows, k) both."""

    def likeliest(self, logits: Rows) -> Rows:
        """Where the first largest of each row is, (rows,)."""

    def where(self, condition: Rows, one: Rows | float, other: Rows | float) -> Rows:
        """Element by element one or the other."""

    def taken(self, rows: Rows, places: Rows) -> Rows:
        """Of each row the elements at its places, (rows, n) both."""

    def put(self, rows: Rows, places: Rows, values: Rows) -> Rows:
        """The rows with other values at their places, (rows, n); what was given stays."""

    def integers(self, values: Sequence[Sequence[int]]) -> Rows:
        """Whole numbers where the logits are."""

    def numbers(self, values: Sequence[Sequence[float]]) -> Rows:
        """Numbers in float64 where the logits are."""

    def on_host(self, rows: Rows) -> Array:
        """As a NumPy array."""


class NumpyRows:
    """`RowMath` in NumPy."""

    def without(self, logits: Shaped[Array, "rows vocabulary"], token: int) -> Shaped[Array, "rows vocabulary"]:
        changed = logits.copy()  # a recording may hold what was given
        changed[:, token] = -np.inf
        return changed

    def log_softmax(self, logits: Shaped[Array, "rows vocabulary"]) -> Shaped[Array, "rows vocabulary"]:
        shifted = logits - logits.max(axis=1, keepdims=True)
        result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return result

    def cumulative(self, logits: Shaped[Array, "rows vocabulary"]) -> Shaped[Array, "rows vocabulary"]:
        wide = logits.astype(np.float64)
        exponentials = np.exp(wide - wide.max(axis=1, keepdims=True))
        summed: Array = (exponentials / exponentials.sum(axis=1, keepdims=True)).cumsum(axis=1)
        return summed

    def falling(self, logits: Shaped[Array, "rows vocabulary"]) -> Shaped[Array, "rows vocabulary"]:
        return np.sort(logits, axis=1)[:, ::-1]

    def largest(self, logits: Shaped[Array, "rows vocabulary"]) -> Shaped[Array, "rows 1"]:
        result: Array = logits.max(axis=1, keepdims=True)
        return result

    def best(
        self, logits: Shaped[Array, "rows vocabulary"], k: int
    ) -> tuple[Shaped[Array, "rows {k}"], Shaped[Array, "rows {k}"]]:
        found = np.argpartition(logits, logits.shape[1] - k, axis=1)[:, logits.shape[1] - k :]
        found.sort(axis=1)  # of equals the first comes first
        values = np.take_along_axis(logits, found, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        return np.take_along_axis(values, order, axis=1), np.take_along_axis(found, order, axis=1)

    def likeliest(self, logits: Shaped[Array, "rows vocabulary"]) -> Shaped[Array, " rows"]:
        result: Array = logits.argmax(axis=1)
        return result

    def where(self, condition: Array, one: Array | float, other: Array | float) -> Array:
        return np.where(condition, one, other)

    def taken(self, rows: Shaped[Array, "rows m"], places: Shaped[Array, "rows n"]) -> Shaped[Array, "rows n"]:
        return np.take_along_axis(rows, places, axis=1)

    def put(
        self, rows: Shaped[Array, "rows m"], places: Shaped[Array, "rows n"], values: Shaped[Array, "rows n"]
    ) -> Shaped[Array, "rows m"]:
        changed = rows.copy()
        np.put_along_axis(changed, places, values, axis=1)
        return changed

    def integers(self, values: Sequence[Sequence[int]]) -> Shaped[Array, "rows n"]:
        return np.array(values, dtype=np.int64)

    def numbers(self, values: Sequence[Sequence[float]]) -> Shaped[Array, "rows n"]:
        return np.array(values, dtype=np.float64)

    def on_host(self, rows: Array) -> Array:
        return rows


NUMPY_ROWS = NumpyRows()
