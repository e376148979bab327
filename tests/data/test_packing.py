import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.packing import PackedDocuments
from pellucid.errors import CorpusError


def pack(documents, context=4, batch_size=2, seed=5):
    return PackedDocuments(documents, context=context, batch_size=batch_size, seed=seed)


def test_documents_follow_each_other_and_nothing_is_predicted_across_a_boundary():
    packed = pack([[10, 11], [20], [30, 31, 32]])
    rows = list(packed.in_order())
    assert np.concatenate([batch.ids for batch in rows]).tolist() == [[1, 10, 11, 2], [1, 20, 2, 1], [30, 31, 32, 2]]
    assert np.concatenate([batch.targets for batch in rows]).tolist() == [
        [10, 11, 2, 0],
        [20, 2, 0, 30],
        [31, 32, 2, 0],
    ]
    assert np.concatenate([batch.documents for batch in rows]).tolist() == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]


def test_a_token_sees_itself_and_what_is_before_it_in_its_document():
    packed = pack([[10], [20, 21, 22]], context=6, batch_size=1)
    (batch,) = packed.in_order()
    assert batch.ids.tolist() == [[1, 10, 2, 1, 20, 21]]
    assert batch.mask[0].astype(int).tolist() == [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 1, 1, 0],
        [0, 0, 0, 1, 1, 1],
    ]


@given(st.lists(st.lists(st.integers(4, 50), max_size=7), min_size=3, max_size=20), st.integers(0, 3))
def test_every_document_is_in_an_epoch_but_for_a_rest_that_does_not_fill_a_row(documents, epoch):
    packed = pack(documents)
    ids = np.concatenate([packed.batch(epoch, i).ids for i in range(packed.count())])
    total = sum(len(document) + 2 for document in documents)
    assert ids.size == total // 4 * 4
    # The rows side by side are whole documents, each known, and the beginning of one more.
    left = [[1, *document, 2] for document in documents]
    stream = ids.flatten().tolist()
    while stream:
        end = stream.index(2) + 1 if 2 in stream else len(stream)
        found, stream = stream[:end], stream[end:]
        if found[-1] == 2:
            left.remove(found)
        else:
            assert not stream
            assert any(document[: len(found)] == found for document in left)
    assert sum(map(len, left)) >= total - ids.size


def test_processes_share_the_rows_of_a_batch_and_tokens_are_counted():
    packed = pack([[i, i + 1, i + 2] for i in range(10, 40, 3)], batch_size=3)
    both = packed.batch(1, 0)
    parts = [packed.batch(1, 0, rank, 2) for rank in (0, 1)]
    assert parts[0].ids.tolist() == both.ids[::2].tolist()
    assert parts[1].ids.tolist() == both.ids[1::2].tolist()
    assert packed.target_tokens(1, 0) == int((both.targets != 0).sum())


def test_an_epoch_follows_from_seed_and_number_alone():
    documents = [[i] * 3 for i in range(10, 40)]
    one, other = pack(documents), pack(documents)
    assert one.batch(0, 0).ids.tolist() != one.batch(1, 0).ids.tolist()
    assert one.batch(1, 2).ids.tolist() == other.batch(1, 2).ids.tolist()
    assert pack(documents, seed=6).batch(1, 2).ids.tolist() != other.batch(1, 2).ids.tolist()


def test_documents_that_do_not_fill_a_row_are_refused():
    with pytest.raises(CorpusError, match="5 tokens together, less than one row of 8"):
        pack([[10], []], context=8)
