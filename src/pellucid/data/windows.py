"""Windows at random places of one long text, for models of characters."""

from __future__ import annotations

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.errors import CorpusError


class Windows:
    """A text of ids, from which batches of windows are drawn.

    Args:
        ids: of the whole text.
        context: the tokens of a window.
        seed: of the places.

    Raises:
        CorpusError: the text is shorter than one window and the token after it.
    """

    def __init__(self, ids: Shaped[Array, " n"], *, context: int, seed: int) -> None:
        if len(ids) < context + 1:
            raise CorpusError(
                f"a window of {context} tokens and the one after it do not fit into a text of {len(ids)};"
                " shorten training.context or give more text."
            )
        self._ids, self._context, self._seed = ids, context, seed

    def batch(self, index: int, size: int, rank: int = 0, world_size: int = 1) -> Shaped[Array, "rows n"]:
        """Windows at random places, `context` + 1 tokens in each: those to read, shifted by one those to predict.

        Args:
            index: of the batch; the same index brings the same windows.
            size: the number of windows, over all processes.
            rank: which of `world_size` processes this is; it takes every `world_size`-th window.
            world_size: how many processes share the batch.
        """
        random = np.random.default_rng([self._seed, index])
        starts = random.integers(0, len(self._ids) - self._context, size=size)[rank::world_size]
        return np.asarray(self._ids[starts[:, np.newaxis] + np.arange(self._context + 1)])

    def in_order(self, size: int) -> list[Shaped[Array, "rows n"]]:
        """The whole text in windows that follow each other; a last one that is not full is left out."""
        count = (len(self._ids) - 1) // self._context
        starts = np.arange(count)[:, np.newaxis] * self._context
        windows = self._ids[starts + np.arange(self._context + 1)]
        return [windows[at : at + size] for at in range(0, count, size)]
