"""The opened Transformer while it decodes one sequence, or the beams of one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np

from pellucid.search.rows import NUMPY_ROWS, RowMath, Rows
from pellucid.search.state import beginnings, check_room
from pellucid.transformer import Transformer


class TransformerState:
    """A `State` on NumPy.

    Args:
        model: an encoder–decoder or a language model.
        source: the ids of the source, with eos, for an encoder–decoder; `None` for a language model.
        prompt: what the target begins with; see `beginnings`.
        max_new: tokens that may follow, so that room is taken once.

    Raises:
        InputError: the model and what it is given do not belong together, an id is not in its vocabulary, or numbers
            overflow.
        LengthError: the source, or the prompt with what may follow, is longer than the model's longest.
    """

    def __init__(self, model: Transformer, source: Sequence[int] | None, prompt: Sequence[int], max_new: int) -> None:
        (start,) = beginnings(model.config, None if source is None else [source], [prompt])
        check_room(model.config, len(start), max_new)
        self._model = model
        self._memory = None if source is None else model.encode(source)
        self._cache = model.new_cache(len(start) + max_new - 1)  # the last new token is not read again
        self._rows, self._alone = 1, True
        self.maths: RowMath = NUMPY_ROWS
        self.logits: Rows = model.step(start, self._cache, self._memory)[np.newaxis]

    def computing(self) -> AbstractContextManager[None]:
        # What is excluded is −∞, of which no warning is wanted.
        return np.errstate(all="ignore")

    def advance(self, tokens: Sequence[int]) -> None:
        """Take in one token a row; `logits` are then those after it."""
        if self._alone:
            self.logits = self._model.step(tokens, self._cache, self._memory)[np.newaxis]
        else:
            self.logits = self._model.steps(tokens, self._cache, self._memory)

    def expand(self, beams: int) -> None:
        """Every row becomes so many rows, one after the other."""
        self.select([row for row in range(self._rows) for _ in range(beams)])

    def select(self, rows: Sequence[int], sources: Sequence[int] | None = None) -> None:
        """Row i becomes what row `rows[i]` was; there is one source, which stays."""
        if list(rows) != list(range(self._rows)):
            self._cache.select(list(rows))
            self._alone = False
        self._rows = len(rows)
