from pellucid.data.corpora import Pair
from pellucid.data.joining import join_pairs

PAIRS = [Pair(f"s{i}", (f"t{i}", "other")) for i in range(20)]


def test_joined_pairs_are_two_or_three_others_side_by_side():
    joined = join_pairs(PAIRS, 0.5, seed=4)
    assert len(joined) == 10
    for pair in joined:
        sources, targets = pair.source.split(" "), pair.references[0].split(" ")
        assert len(sources) in (2, 3)
        assert targets == [source.replace("s", "t") for source in sources]
    assert {len(pair.source.split(" ")) for pair in joined} == {2, 3}


def test_the_choice_follows_from_the_seed():
    assert join_pairs(PAIRS, 0.5, seed=4) == join_pairs(PAIRS, 0.5, seed=4)
    assert join_pairs(PAIRS, 0.5, seed=4) != join_pairs(PAIRS, 0.5, seed=5)
    assert join_pairs(PAIRS, 0.0, seed=4) == []
