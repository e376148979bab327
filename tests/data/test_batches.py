import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.batches import PairBatches
from pellucid.errors import CorpusError
from sentences import assert_one_sentence

IDS = st.lists(st.integers(4, 99), max_size=9)
PAIRS = st.lists(st.tuples(IDS, IDS), min_size=1, max_size=40)


def batches(pairs, *, max_tokens=30, seed=3, max_length=64):
    return PairBatches(
        [source for source, _ in pairs],
        [target for _, target in pairs],
        max_tokens=max_tokens,
        max_length=max_length,
        seed=seed,
    )


def rows_of(made, epoch, world_size=1):
    """Every pair of an epoch, unpadded."""
    rows = []
    for index in range(made.count(epoch)):
        for rank in range(world_size):
            batch = made.batch(epoch, index, rank, world_size)
            for source, target in zip(batch.source.tolist(), batch.target.tolist(), strict=True):
                rows.append((tuple(i for i in source if i), tuple(i for i in target if i)))
    return rows


@given(PAIRS, st.integers(0, 3), st.integers(1, 3))
def test_an_epoch_holds_every_pair_once_between_all_processes(pairs, epoch, world_size):
    expected = sorted(((*source, 2), (1, *target, 2)) for source, target in pairs)
    assert sorted(rows_of(batches(pairs), epoch, world_size)) == expected


@given(PAIRS)
def test_no_batch_is_larger_than_allowed_and_its_tokens_are_counted(pairs):
    made = batches(pairs)
    for index in range(made.count(0)):
        batch = made.batch(0, index)
        assert max(batch.source.size, batch.target.size - len(batch.target)) <= 30
        assert made.target_tokens(0, index) == int((batch.target[:, 1:] != 0).sum())


@given(PAIRS, st.integers(0, 5))
def test_an_epoch_follows_from_seed_and_number_alone(pairs, epoch):
    one, other = batches(pairs), batches(pairs)
    for passed in range(epoch):
        rows_of(one, passed)
    assert rows_of(one, epoch) == rows_of(other, epoch)


def test_epochs_and_seeds_differ():
    pairs = [([5 + i] * (1 + i % 7), [6 + i] * (1 + i % 5)) for i in range(60)]
    made = batches(pairs)
    assert rows_of(made, 0) != rows_of(made, 1)
    assert rows_of(made, 0) != rows_of(batches(pairs, seed=4), 0)
    sets = [{frozenset(map(tuple, made.batch(e, i).target.tolist())) for i in range(made.count(e))} for e in (0, 1)]
    assert sets[0] != sets[1]  # other batches, not only another order of the same


def test_lengths_in_a_batch_are_alike():
    random = np.random.default_rng(0)
    lengths = random.integers(1, 40, size=2000)
    pairs = [([7] * n, [8] * n) for n in lengths]
    made = batches(pairs, max_tokens=400)
    padded = sum(made.batch(0, i).target.size for i in range(made.count(0)))
    assert padded < 1.1 * (lengths.sum() + 2 * len(lengths))


def test_validation_holds_every_pair_once():
    pairs = [([5] * n, [6, n + 10]) for n in range(12)]
    rows = [tuple(row) for batch in batches(pairs).in_order() for row in batch.target.tolist()]
    assert sorted(rows) == sorted((1, 6, n + 10, 2) for n in range(12))


@pytest.mark.parametrize(
    ("pairs", "settings", "parts"),
    [
        ([], {}, ["no pair"]),
        ([([5], [5]), ([5] * 64, [5])], {"max_tokens": 100}, ["pair 2", "65 tokens", "64"]),
        ([([5], [5] * 30)], {}, ["pair 1", "31 tokens", "30"]),
    ],
)
def test_what_cannot_be_batched_is_a_sentence(pairs, settings, parts):
    with pytest.raises(CorpusError) as caught:
        batches(pairs, **settings)
    assert_one_sentence(str(caught.value))
    for part in parts:
        assert part in str(caught.value)
