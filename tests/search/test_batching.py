"""Batches of about equally many tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import InputError
from pellucid.search.batching import batches


@given(lengths=st.lists(st.integers(1, 30), max_size=30), room=st.integers(1, 100))
def test_batches_hold_everything_once_and_no_more_than_their_room(lengths, room):
    found = list(batches(lengths, room))
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= room


def test_batches_without_room():
    with pytest.raises(InputError, match="at least 1 token"):
        list(batches([3], 0))
