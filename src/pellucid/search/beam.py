"""Beam search (Vaswani et al. 2017, §6.1; Wu et al. 2016, §7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.errors import InputError
from pellucid.search.hypothesis import Ending, Hypothesis
from pellucid.search.length_penalty import LengthPenalty, wu
from pellucid.search.state import State


@dataclass(slots=True)
class _Written:
    """A sequence as its last token and what was before it: beams share their beginnings."""

    token: int
    before: _Written | None


@dataclass(frozen=True)
class Beams:
    """How a beam search ranks and ends.

    Args:
        num_beams: hypotheses that are followed at a time.
        alpha: of the length penalty; 0 for none.
        penalty: from a length and α to the divisor of a log probability.
        n_best: hypotheses that are returned, best first; at most num_beams.
        early_stopping: end a sequence when num_beams hypotheses are finished, as transformers with
            `early_stopping=True`, fairseq and CTranslate2 do; else only when none that is still being followed can
            enter the n best.

    Raises:
        InputError: a number is out of its range.
    """

    num_beams: int = 4
    alpha: float = 0.6
    penalty: LengthPenalty = wu
    n_best: int = 1
    early_stopping: bool = True

    def __post_init__(self) -> None:
        if self.num_beams < 1:
            raise InputError(f"num_beams must be at least 1, not {self.num_beams}.")
        if not 1 <= self.n_best <= self.num_beams:
            raise InputError(
                f"n_best must be from 1 to num_beams ({self.num_beams}), not {self.n_best}; follow more beams for more."
            )
        if not 0 <= self.alpha < float("inf"):
            raise InputError(f"the length penalty must be a number of at least 0, not {self.alpha!r}.")

    def score(self, log_probability: float, length: int) -> float:
        """What hypotheses are ranked by."""
        return log_probability / self.penalty(length, self.alpha)


@dataclass(frozen=True)
class Branch:
    """One candidate of a step of a beam search.

    Args:
        token: what it adds.
        origin: the beam that it continues, from 0.
        log_probability: of all that is written, it included.
        beam: the beam that it is from now on; `None` when it is not followed any further.
        score: of the hypothesis that it completes; `None` when it completes none.
    """

    token: int
    origin: int
    log_probability: float
    beam: int | None
    score: float | None


Watch = Callable[[tuple[Branch, ...]], object]
"""Is told the candidates of each step, best first."""


@dataclass
class _Search:
    """One sequence's search: how long it may become, who watches it, and what is finished."""

    max_length: int
    watch: Watch | None = None
    finished: list[Hypothesis] = field(default_factory=list)

    def n_best(self, beams: Beams) -> list[Hypothesis]:
        return sorted(self.finished, key=lambda hypothesis: -hypothesis.score)[: beams.n_best]


def beam_search(
    state: State,
    max_lengths: Sequence[int],
    beams: Beams,
    eos_id: int,
    min_length: int = 0,
    watches: Sequence[Watch] | None = None,
) -> list[list[Hypothesis]]:
    """The likeliest continuations that a beam search finds, of each sequence the n best, best first.

    All candidates of a step are of one length, so the length penalty does not matter among them: it ranks what is
    finished, and decides whether going on can pay.

    Args:
        state: with one row for each sequence.
        max_lengths: new tokens at most, eos included, of each sequence.
        beams: how hypotheses are ranked.
        eos_id: ends a sequence.
        min_length: new tokens at least, eos not counted.
        watches: one for each sequence, to follow its beams; `None` when nobody does.
    """
    k = beams.num_beams
    watchers = [None] * len(max_lengths) if watches is None else watches
    searches = [_Search(*each) for each in zip(max_lengths, watchers, strict=True)]
    alive = list(searches)
    scores: Array = np.zeros((len(searches), 1))
    written: list[list[_Written | None]] = [[None] for _ in searches]  # of each alive sequence, of each of its beams
    for length in range(1, max(max_lengths) + 1):
        with state.computing():
            totals, tokens, origins = _candidates(state, scores, 2 * k, eos_id if length <= min_length else None)
        kept_sequences: list[int] = []
        kept: list[tuple[list[float], list[int], list[int]]] = []
        step = zip(alive, totals.tolist(), tokens.tolist(), origins.tolist(), strict=True)
        for place, (sequence, row_totals, row_tokens, row_origins) in enumerate(step):
            before, last = written[place], length == sequence.max_length
            going: list[int] = []  # the ranks of candidates that go on
            completed: list[int] = []  # and of those that do not
            for rank, (total, token, origin) in enumerate(zip(row_totals, row_tokens, row_origins, strict=True)):
                if total == -np.inf:
                    break
                ends = token == eos_id
                if (ends or last) and rank < k:
                    sequence.finished.append(_hypothesis(before[origin], token, total, length, beams, ends))
                    completed.append(rank)
                elif not ends and len(going) < k:
                    going.append(rank)
            over = last or not going or _is_over(sequence, row_totals[going[0]], beams)
            if sequence.watch is not None:
                found = zip(row_tokens, row_origins, row_totals, strict=True)
                sequence.watch(_branches(list(found), [] if over else going, completed, length, beams))
            if over:
                continue
            # Fewer candidates than beams, in a tiny vocabulary: the rest of the beams are impossible.
            rows = going + [going[0]] * (k - len(going))
            impossible = k - len(going)
            kept_sequences.append(place)
            kept.append(
                (
                    [row_totals[rank] for rank in going] + [-np.inf] * impossible,
                    [row_tokens[rank] for rank in rows],
                    [row_origins[rank] for rank in rows],
                )
            )
        if not kept:
            break
        width = len(written[0])
        written = [
            [_Written(token, written[place][origin]) for token, origin in zip(row_tokens, row_origins, strict=True)]
            for place, (_, row_tokens, row_origins) in zip(kept_sequences, kept, strict=True)
        ]
        ended = len(kept_sequences) < len(alive)
        alive = [alive[place] for place in kept_sequences]
        rows = [
            place * width + origin
            for place, (_, _, origins_) in zip(kept_sequences, kept, strict=True)
            for origin in origins_
        ]
        scores = np.array([row for row, _, _ in kept])
        with state.computing():
            _move(state, rows, kept_sequences if ended else None, width, k)
            state.advance([token for _, row, _ in kept for token in row])
    return [sequence.n_best(beams) for sequence in searches]


def _move(state: State, rows: list[int], sequences: list[int] | None, width: int, k: int) -> None:
    """Bring the state's rows into the order of the beams that go on."""
    if width < k:  # after the first step: one row a sequence, all beams come from it
        if sequences is not None:
            state.select(sequences, sequences)
        state.expand(k)
        return
    state.select(rows, sequences)


def _candidates(
    state: State, scores: Shaped[Array, "sequences beams"], count: int, excluded: int | None
) -> tuple[
    Shaped[Array, "sequences candidates"],
    Shaped[Array, "sequences candidates"],
    Shaped[Array, "sequences candidates"],
]:
    """The best continuations of each sequence: log probability, token, beam it continues; best first."""
    maths, logits, (sequences, width) = state.maths, state.logits, scores.shape
    if excluded is not None:
        logits = maths.without(logits, excluded)
    best, places = maths.best(maths.log_softmax(logits), min(count, logits.shape[1]))
    values, tokens = maths.on_host(best), maths.on_host(places)
    per_row = values.shape[1]
    totals = (scores[:, :, np.newaxis] + values.reshape(sequences, width, per_row)).reshape(sequences, -1)
    order = np.argsort(-totals, axis=1, kind="stable")[:, :count]
    tokens = np.take_along_axis(tokens.reshape(sequences, -1), order, axis=1)
    return np.take_along_axis(totals, order, axis=1), tokens, order // per_row


def _hypothesis(before: _Written | None, token: int, total: float, length: int, beams: Beams, ends: bool) -> Hypothesis:
    ids = [] if ends else [token]
    while before is not None:
        ids.append(before.token)
        before = before.before
    ending: Ending = "eos" if ends else "length"
    return Hypothesis(tuple(reversed(ids)), total, beams.score(total, length), ending)


def _branches(
    candidates: list[tuple[int, int, float]], going: list[int], completed: list[int], length: int, beams: Beams
) -> tuple[Branch, ...]:
    return tuple(
        Branch(
            token,
            origin,
            total,
            going.index(rank) if rank in going else None,
            beams.score(total, length) if rank in completed else None,
        )
        for rank, (token, origin, total) in enumerate(candidates)
        if total > -np.inf
    )


def _is_over(sequence: _Search, best_alive: float, beams: Beams) -> bool:
    """Whether going on is not worth it."""
    if beams.early_stopping:
        return len(sequence.finished) >= beams.num_beams
    if len(sequence.finished) < beams.n_best:
        return False
    # A log probability only falls, and no divisor is larger than that of the longest.
    return sequence.n_best(beams)[-1].score >= beams.score(best_alive, sequence.max_length)
