from pellucid.data.corpora import Pair
from pellucid.data.rare_words import repeat_rare

# "the" stands in four pairs, "dog" in three, "mat" in two, "yoga" in one.
PAIRS = [Pair(source, (f"<{source}>",)) for source in ("the dog", "The dog, the dog", "dog, the mat", "The yoga mat")]


def given(below, times):
    repeated = repeat_rare(PAIRS, below, times)
    assert repeated == sorted(repeated, key=PAIRS.index)
    return [repeated.count(pair) for pair in PAIRS]


def test_pairs_with_a_word_that_stands_in_few_are_given_several_times():
    assert given(1, 7) == [1, 1, 1, 1]
    assert given(2, 7) == [1, 1, 1, 7]
    assert given(3, 7) == [1, 1, 7, 7]
    assert given(4, 2) == [2, 2, 2, 2]


def test_without_rare_words_or_repeats_nothing_changes():
    assert repeat_rare(PAIRS, 0, 7) == repeat_rare(PAIRS, 9, 1) == PAIRS
    assert repeat_rare([Pair("…", ("...",))], 5, 3) == [Pair("…", ("...",))]  # no word, so none is rare
