import numpy as np
import pytest

from pellucid.data.windows import Windows
from pellucid.errors import CorpusError


def test_windows_are_runs_of_the_text_and_reach_its_ends():
    windows = Windows(np.arange(10), context=3, seed=1)
    starts = set()
    for index in range(60):
        for row in windows.batch(index, 5):
            assert row.tolist() == list(range(row[0], row[0] + 4))
            starts.add(int(row[0]))
    assert starts == set(range(7))


def test_a_batch_follows_from_seed_and_index_and_is_shared_by_processes():
    windows, again = (Windows(np.arange(500), context=7, seed=2) for _ in range(2))
    windows.batch(3, 4)
    both = windows.batch(9, 5)
    assert both.tolist() == again.batch(9, 5).tolist()
    assert both.tolist() != again.batch(8, 5).tolist()
    assert both.tolist() != Windows(np.arange(500), context=7, seed=3).batch(9, 5).tolist()
    assert windows.batch(9, 5, 1, 2).tolist() == both[1::2].tolist()


def test_in_order_every_token_is_predicted_once():
    windows = Windows(np.arange(12), context=3, seed=1)
    assert [rows.tolist() for rows in windows.in_order(2)] == [[[0, 1, 2, 3], [3, 4, 5, 6]], [[6, 7, 8, 9]]]


def test_a_text_shorter_than_a_window_is_refused():
    with pytest.raises(CorpusError, match="window of 8"):
        Windows(np.arange(8), context=8, seed=1)
