import pytest

from pellucid.derivation import Axis
from pellucid.errors import PositionError

TOKENS = ("The", "dog", "the", "dog", "7", "The#2")
tokens = Axis("key", 6, TOKENS)
heads = Axis("head", 3)


@pytest.mark.parametrize(
    ("where", "position"), [(0, 0), (5, 5), ("dog", 1), ("dog#1", 1), ("dog#2", 3), ("7", 4), ("The#2", 5), ("2", 2)]
)
def test_a_place_is_a_number_or_a_token(where, position):
    assert tokens.position(where) == position


@pytest.mark.parametrize(("where", "position"), [("a", 1), (" a", 0), ("a#2", 3), ("b", 2), (" b", 2), ("0", 0)])
def test_the_space_before_a_word_may_be_left_out(where, position):
    assert Axis("key", 4, (" a", "a", " b", "a")).position(where) == position


@pytest.mark.parametrize(("where", "position"), [(2, 2), ("2", 2), ("0", 0), ("000000000002", 2)])
def test_a_place_without_tokens_is_a_number(where, position):
    assert heads.position(where) == position


@pytest.mark.parametrize(
    ("axis", "where", "message"),
    [
        (tokens, 6, "key 6 does not exist; there are 6, counted from 0."),
        (tokens, -1, "key -1 does not exist; there are 6, counted from 0."),
        (tokens, "6", "key 6 does not exist; there are 6, counted from 0."),
        (tokens, "dgo", "no key token is 'dgo' (did you mean 'dog'?); the tokens are The, dog, the, dog, 7, The#2."),
        (tokens, "dog#3", "'dog#3' does not exist: 'dog' occurs twice."),
        (tokens, "7#2", "'7#2' does not exist: '7' occurs once."),
        (tokens, "dog#0", "no key token is 'dog#0'"),
        (heads, 3, "head 3 does not exist; there are 3, counted from 0."),
        (heads, "dog", "head 'dog' is not a number; there are 3, counted from 0."),
        (heads, "²", "head '²' is not a number; there are 3, counted from 0."),
        (heads, "99999999999999999999", "does not exist; there are 3, counted from 0."),
    ],
)
def test_a_place_that_does_not_exist_is_named(axis, where, message):
    with pytest.raises(PositionError) as caught:
        axis.position(where)
    assert message in str(caught.value)


def test_only_the_first_tokens_of_many_are_listed():
    with pytest.raises(PositionError, match=r"t0, t1, .*, t19, …\.$"):
        Axis("query", 30, tuple(f"t{i}" for i in range(30))).position("absent")


def test_labels_tell_occurrences_apart():
    assert [tokens.label(i) for i in range(6)] == ["The", "dog", "the", "dog#2", "7", "The#2"]
    assert heads.label(2) == "2"


@pytest.mark.parametrize("position", range(4))
def test_a_label_leads_back_to_its_position(position):
    assert tokens.position(tokens.label(position)) == position


def test_a_word_is_named_without_the_space_that_begins_it():
    axis = Axis("token", 4, (" dog", "s", " dog", " "))
    assert [axis.word(position) for position in range(4)] == ["dog", "s", "dog#2", " "]
    assert [axis.position(axis.word(position)) for position in range(4)] == [0, 1, 2, 3]
    assert Axis("d_k", 2).word(1) == "1"
