from collections import Counter

from pellucid.data.corpora import Pair
from pellucid.data.rare_words import repeat_rare


def pairs(*sources):
    return [Pair(source, (f"<{source}>",)) for source in sources]


def times(sources, least):
    return [Counter(pair.source for pair in repeat_rare(pairs(*sources), least))[source] for source in sources]


def test_a_pair_is_given_until_its_rarest_word_stands_in_enough():
    # "the" stands in four pairs, "dog" in three, "mat" in two, "Yoga" in one.
    sources = ["the dog", "The dog, the dog", "dog, the mat", "the yoga mat"]
    assert times(sources, 4) == [2, 2, 2, 4]  # 4/3 rounded up, 4/2, 4/1
    assert times(sources, 2) == [1, 1, 1, 2]


def test_nothing_is_given_more_than_eight_times_or_lost():
    assert times(["a b", "c"], 100) == [8, 8]
    assert times(["a b", "c", "..."], 0) == [1, 1, 1]
    assert times(["...", "…"], 5) == [1, 1]  # no word, so none is rare


def test_the_order_stays():
    given = repeat_rare(pairs("x", "y y", "x z"), 2)
    assert [pair.source for pair in given] == ["x", "y y", "y y", "x z", "x z"]
    assert given[1].references == ("<y y>",)
