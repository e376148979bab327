"""What a trace keeps of a search, against the tree drawn by hand and the model's own probabilities."""

import contextlib
import math

import numpy as np
import pytest

from pellucid.errors import InputError
from pellucid.search import Beams, Hypothesis, Trace, beam_search
from pellucid.search.rows import NUMPY_ROWS

A, B, EOS = 0, 1, 2
PROBABILITIES = {  # of the next token after what is written
    (): (0.6, 0.3, 0.1),
    (A,): (0.1, 0.5, 0.4),
    (B,): (0.05, 0.05, 0.9),
    (A, A): (0.3, 0.3, 0.4),
    (A, B): (0.2, 0.2, 0.6),
}


class Language:
    """Three tokens with the probabilities above."""

    def __init__(self):
        self.maths, self._rows = NUMPY_ROWS, [()]
        self._read()

    def _read(self):
        self.logits = np.log([PROBABILITIES.get(row, (0.25, 0.25, 0.5)) for row in self._rows])

    def computing(self):
        return contextlib.nullcontext()

    def advance(self, tokens):
        self._rows = [(*row, token) for row, token in zip(self._rows, tokens, strict=True)]
        self._read()

    def expand(self, beams):
        self._rows = [row for row in self._rows for _ in range(beams)]

    def select(self, rows, sources=None):
        self._rows = [self._rows[row] for row in rows]


@pytest.fixture
def traced():
    trace = Trace()
    beams = Beams(2, 0.0, n_best=2)
    (found,) = beam_search(trace.of(Language()), [3], beams, EOS, watches=[trace.watch])
    return trace, found


def test_the_tree_has_every_candidate_and_what_became_of_it(traced):
    trace, _ = traced
    first, second = trace.tree[:2]
    assert [(each.token, each.origin, each.beam, each.score) for each in first] == [
        (A, 0, 0, None),
        (B, 0, 1, None),
        (EOS, 0, None, None),  # third of two beams: it is neither followed nor a hypothesis
    ]
    assert [math.exp(each.log_probability) for each in first] == pytest.approx([0.6, 0.3, 0.1])
    # a b 0.30, b eos 0.27, a eos 0.24, a a 0.06
    assert [(each.token, each.origin, each.beam) for each in second] == [
        (B, 0, 0),
        (EOS, 1, None),
        (EOS, 0, None),
        (A, 0, 1),
    ]
    assert [math.exp(each.log_probability) for each in second] == pytest.approx([0.3, 0.27, 0.24, 0.06])
    assert second[1].score == pytest.approx(math.log(0.27))
    assert [each.score for each in second if each is not second[1]] == [None, None, None]


def test_each_hypothesis_knows_the_rows_it_was_chosen_from(traced):
    trace, found = traced
    assert [each.ids for each in found] == [(B,), (A, B)]
    assert trace.rows(found[0]) == [0, 1]
    for hypothesis in found:
        ids = [*hypothesis.ids, EOS]
        rows = trace.rows(hypothesis)
        assert len(rows) == len(ids)
        for number, (id_, row) in enumerate(zip(ids, rows, strict=True)):
            probabilities = np.exp(trace.logits[number][row])
            assert probabilities == pytest.approx(PROBABILITIES[tuple(ids[:number])])
            assert probabilities[id_] > 0
    with pytest.raises(InputError, match="none that the search has found"):
        trace.rows(Hypothesis((B, A), 0.0, 0.0, "eos"))


def test_to_watch_changes_nothing(traced):
    (plain,) = beam_search(Language(), [3], Beams(2, 0.0, n_best=2), EOS)
    assert plain == traced[1]
