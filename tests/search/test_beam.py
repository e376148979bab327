"""Beam search against exhaustive search, with rows in both libraries."""

import contextlib
import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.decoding.rows import TorchRows
from pellucid.search import Beams, State, beam_search, length_penalty
from pellucid.search.rows import NUMPY_ROWS

EOS = 2
MATHS = st.sampled_from([NUMPY_ROWS, TorchRows(torch.device("cpu"))])


class TableState:
    """A language whose next token depends on all tokens before: logits from a table of random numbers."""

    def __init__(self, seeds, vocabulary, maths=NUMPY_ROWS):
        self._vocabulary, self.maths = vocabulary, maths
        self._rows = [(seed, ()) for seed in seeds]
        self._read()

    def log_probabilities(self, seed, prefix):
        logits = 2 * np.random.default_rng([seed, *(token + 1 for token in prefix)]).standard_normal(self._vocabulary)
        return logits - np.log(np.exp(logits).sum())

    def _read(self):
        logits = np.stack([self.log_probabilities(*row) + 3 for row in self._rows])
        self.logits = logits if self.maths is NUMPY_ROWS else torch.from_numpy(logits)

    def computing(self):
        return contextlib.nullcontext()

    def advance(self, tokens):
        self._rows = [(seed, (*prefix, t)) for (seed, prefix), t in zip(self._rows, tokens, strict=True)]
        self._read()

    def expand(self, beams):
        self._rows = [row for row in self._rows for _ in range(beams)]
        self._read()

    def select(self, rows, sources=None):
        self._rows = [self._rows[row] for row in rows]
        self._read()


def exhaustive(seed, vocabulary, max_length, beams, min_length=0):
    """All sequences that end with eos, or are as long as is allowed, best first."""
    table, found = TableState([seed], vocabulary), []
    for length in range(1, max_length + 1):
        for tokens in itertools.product(range(vocabulary), repeat=length):
            if EOS in tokens[:-1] or (tokens[-1] != EOS and length < max_length):
                continue
            if tokens[-1] == EOS and length <= min_length:
                continue
            total = 0.0
            for i, token in enumerate(tokens):
                step = table.log_probabilities(seed, tokens[:i])
                if i < min_length:  # what may not be chosen has no probability, and the others have it all
                    rest = math.log(1 - math.exp(step[EOS]))
                    step = [-math.inf if token == EOS else value - rest for token, value in enumerate(step)]
                total += float(step[token])
            ids = tokens[:-1] if tokens[-1] == EOS else tokens
            found.append((beams.score(total, length), ids))
    return sorted(found, reverse=True)


@settings(max_examples=40)
@given(
    seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=3),
    vocabulary=st.integers(3, 4),
    max_length=st.integers(1, 4),
    min_length=st.integers(0, 2),
    alpha=st.sampled_from([0.0, 0.6, 2.0]),
    early_stopping=st.booleans(),
    maths=MATHS,
)
def test_with_a_beam_for_every_prefix_it_finds_the_best_of_all(
    seeds, vocabulary, max_length, min_length, alpha, early_stopping, maths
):
    prefixes = vocabulary**max_length
    beams = Beams(num_beams=prefixes, alpha=alpha, n_best=min(3, prefixes), early_stopping=early_stopping)
    found = beam_search(TableState(seeds, vocabulary, maths), [max_length] * len(seeds), beams, EOS, min_length)
    for seed, hypotheses in zip(seeds, found, strict=True):
        best = exhaustive(seed, vocabulary, max_length, beams, min_length)[: beams.n_best]
        assert [hypothesis.ids for hypothesis in hypotheses] == [ids for _, ids in best]
        assert [hypothesis.score for hypothesis in hypotheses] == pytest.approx([score for score, _ in best])


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), num_beams=st.integers(1, 5))
def test_without_early_stopping_nothing_better_is_left_in_the_beam(seed, num_beams):
    """Going on to the end, whatever is finished, finds nothing better than stopping where that is proven."""
    proven = Beams(num_beams=num_beams, early_stopping=False)
    to_the_end = Beams(num_beams=num_beams, early_stopping=False, n_best=num_beams)
    one = beam_search(TableState([seed], 6), [7], proven, EOS)[0]
    several = beam_search(TableState([seed], 6), [7], to_the_end, EOS)[0]
    assert one[0].score == pytest.approx(several[0].score)


def test_each_sequence_may_have_a_limit_of_its_own():
    beams = Beams(num_beams=3)
    together = beam_search(TableState([4, 5, 6], 7), [2, 6, 4], beams, EOS)
    alone = [beam_search(TableState([seed], 7), [limit], beams, EOS)[0] for seed, limit in ((4, 2), (5, 6), (6, 4))]
    assert together == alone


@pytest.mark.parametrize(("length", "alpha", "expected"), [(1, 0.6, 1.0), (7, 1.0, 2.0), (13, 2.0, 9.0), (9, 0.0, 1.0)])
def test_the_length_penalty_of_the_paper(length, alpha, expected):
    assert length_penalty.wu(length, alpha) == pytest.approx(expected)


def test_a_state_is_known_by_what_it_has():
    assert isinstance(TableState([1], 3), State)
