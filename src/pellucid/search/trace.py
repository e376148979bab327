"""What a search of one sequence has done: the logits of every step and, of a beam search, all its beams."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from pellucid.arrays import Array, Shaped
from pellucid.errors import InputError
from pellucid.search.beam import Branch
from pellucid.search.hypothesis import Hypothesis
from pellucid.search.rows import RowMath, Rows
from pellucid.search.state import State


class Trace:
    """Keeps what one search does, without changing it.

    Attributes:
        logits: of every step, as the model computed them for the search: (rows, vocabulary), a row for each beam.
        tree: of every step of a beam search its candidates, best first; empty where no beams are followed.
    """

    def __init__(self) -> None:
        self.logits: list[Shaped[Array, "rows vocabulary"]] = []
        self.tree: list[tuple[Branch, ...]] = []

    def of(self, state: State) -> State:
        """The state that is given to the search in place of `state`."""
        return _Kept(state, self.logits)

    def watch(self, branches: tuple[Branch, ...]) -> None:
        """Takes in the candidates of a step."""
        self.tree.append(branches)

    def rows(self, hypothesis: Hypothesis) -> list[int]:
        """Which row of the logits each token of a hypothesis was chosen from.

        Raises:
            InputError: the search has not found it.
        """
        if not self.tree:
            return [0] * hypothesis.num_generated
        beams: dict[int, tuple[tuple[int, ...], list[int]]] = {0: ((), [])}  # what each has written, and its rows
        for number, branches in enumerate(self.tree, start=1):
            grown: dict[int, tuple[tuple[int, ...], list[int]]] = {}
            for branch in branches:
                before, rows = beams[branch.origin]
                written, came = (*before, branch.token), [*rows, branch.origin]
                ids = before if hypothesis.ending == "eos" else written
                if branch.score is not None and number == hypothesis.num_generated and ids == hypothesis.ids:
                    return came
                if branch.beam is not None:
                    grown[branch.beam] = written, came
            beams = grown
        raise InputError("this hypothesis is none that the search has found.")


class _Kept:
    """A state that passes everything on and keeps the logits."""

    def __init__(self, state: State, kept: list[Array]) -> None:
        self._state, self._kept = state, kept
        self.maths: RowMath = state.maths
        self._keep()

    def _keep(self) -> None:
        self.logits: Rows = self._state.logits
        self._kept.append(self.maths.on_host(self.logits))

    def computing(self) -> AbstractContextManager[None]:
        return self._state.computing()

    def advance(self, tokens: Sequence[int]) -> None:
        self._state.advance(tokens)
        self._keep()

    def expand(self, beams: int) -> None:
        self._state.expand(beams)

    def select(self, rows: Sequence[int], sources: Sequence[int] | None = None) -> None:
        self._state.select(rows, sources)
