import pytest

from pellucid.errors import InputError
from pellucid.examples import explain
from pellucid.exercises import Sentence
from pellucid.exercises.sentence import split_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The dog is sitting", ["The", "dog", "is", "sitting"]),
        ("Don't sit, dog!", ["Don't", "sit", ",", "dog", "!"]),
        ("(well-known) …", ["(", "well-known", ")", "…"]),
        ("नमस्ते दुनिया।", ["नमस्ते", "दुनिया", "।"]),
        ("x = 3.5", ["x", "=", "3.5"]),
    ],
)
def test_punctuation_at_the_ends_of_words_is_split_off(text: str, tokens: list[str]):
    assert split_tokens(text) == tokens


def test_a_sentence_has_the_sizes_asked_for():
    derivation = explain(Sentence("a b c", d_k=5, d_v=2, num_heads=6, num_key_value_heads=3).structure())
    assert derivation["query"].shape == (6, 3, 5)
    assert derivation["key"].shape == (3, 3, 5)
    assert derivation["value"].shape == (3, 3, 2)


def test_with_d_model_it_starts_from_embeddings():
    derivation = explain(Sentence("a b c", d_model=7, d_k=5, d_v=2, num_heads=4).structure())
    assert derivation["embeddings"].shape == (3, 7)
    assert derivation["query_weight"].shape == (7, 20)
    assert derivation["output_weight"].shape == (8, 7)
    assert derivation["output"].shape == (3, 7)


def test_keys_may_come_from_another_sentence():
    derivation = explain(Sentence("a b c", key_text="x y", d_model=7).structure())
    assert derivation["memory"].shape == (2, 7)
    assert derivation.tokens == {"query": ["a", "b", "c"], "key": ["x", "y"]}
    assert explain(Sentence("a b c", key_text="x y").structure())["weights"].shape == (3, 2)


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        (Sentence("  "), "the sentence is empty; give at least one word."),
        (Sentence("a", key_text=""), "the sentence is empty; give at least one word."),
        (Sentence("a " * 513), "the sentence has 513 tokens; a worksheet has room for 512."),
        (Sentence(d_k=0), "d_k is 0; it needs to be 1 or more."),
        (Sentence(d_model=-1), "d_model is -1; it needs to be 1 or more."),
        (Sentence(num_heads=0), "num_heads is 0; it needs to be a whole number, 1 or more."),
        (Sentence(num_heads=3, num_key_value_heads=2), "the query heads must divide into equal groups"),
        (Sentence(d_k=10**9), "8,000,000,012 inputs that lead to 16 scores, and there is room for 2,000,000 in all"),
        (Sentence("a " * 512, num_heads=8), "lead to 2,097,152 scores"),
        (Sentence(d_model=10**9), "and there is room for 2,000,000 in all; use smaller sizes."),
        (Sentence(mask="casual"), "did you mean 'causal'?"),
        (Sentence(key_text="x y", mask="causal"), "give a matrix of 4×2 instead"),
        (Sentence(scale="1/sqrt(dk)"), "scale is '1/sqrt(dk)', which contains 'dk'"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(sentence: Sentence, message: str):
    with pytest.raises(InputError) as error:
        sentence.structure()
    assert message in str(error.value)
