import re
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pellucid.derivation import Derivation
from pellucid.errors import InputError
from pellucid.examples import Example, explain, shipped_examples
from pellucid.examples.library import load_example
from pellucid.exercises.by_hand import paper_gap
from pellucid.exercises.input_arrays import input_arrays
from pellucid.exercises.nice_numbers import with_nice_numbers
from pellucid.exercises.sentence import Sentence
from pellucid.numbers import Notation, as_decimal

WORDS = "The quick brown fox jumps over a lazy dog"


def sentence_of(tokens: int, **sizes: object) -> Example:
    return Sentence(" ".join(WORDS.split()[:tokens]), **sizes).structure()


def numbers(example: Example) -> list[float]:
    return [float(number) for array in input_arrays(example).values() for number in array.ravel()]


def places(number: float) -> int:
    """Places after the decimal point, noise apart."""
    text = f"{as_decimal(round(number, 12)).normalize():f}"
    return len(text.partition(".")[2])


def printed_rows(derivation: Derivation) -> list[list[Decimal]]:
    """The rows of weights as a reader sees them, without what is masked."""
    notation, masked = derivation.notation, derivation["masked_scores"].value
    rows = zip(
        derivation["weights"].value.reshape(-1, masked.shape[-1]), masked.reshape(-1, masked.shape[-1]), strict=True
    )
    return [
        [Decimal(notation.text(weight)) for weight, score in zip(weights, scores, strict=True) if score != -np.inf]
        for weights, scores in rows
    ]


@given(
    tokens=st.integers(1, 8),
    sizes=st.sampled_from(
        [
            {},
            {"d_k": 1, "d_v": 2},
            {"d_k": 3},
            {"d_k": 64},
            {"d_k": 5, "scale": "none"},
            {"d_k": 6, "scale": "1/d_k"},
            {"mask": "causal"},
            {"mask": {"window": 2}},
            {"d_k": 2, "num_heads": 4, "num_key_value_heads": 2},
            {"d_model": 5},
            {"d_model": 6, "num_heads": 2},
            {"d_model": 3, "key_text": "Der Hund"},
        ]
    ),
    seed=st.integers(0, 10**6),
    digits=st.sampled_from([2, 3]),
)
@settings(max_examples=40)
def test_numbers_are_nice(tokens: int, sizes: dict, seed: int, digits: int):
    example = with_nice_numbers(sentence_of(tokens, **sizes), seed, digits)
    assert max(map(places, numbers(example))) <= 1
    assert max(map(abs, numbers(example))) <= 4
    derivation = explain(example, digits=digits)
    assert max(map(places, derivation["scores"].value.ravel())) <= 2
    for row in printed_rows(derivation):
        assert min(row) > 0
        assert len(row) == 1 or max(row) >= Decimal("1.5") * min(row)
    assert paper_gap(derivation) <= 2


@given(tokens=st.integers(2, 8), d_k=st.integers(2, 4), seed=st.integers(0, 10**6), digits=st.sampled_from([2, 3]))
@settings(max_examples=20)
def test_weights_differ_where_scores_do(tokens: int, d_k: int, seed: int, digits: int):
    derivation = explain(with_nice_numbers(sentence_of(tokens, d_k=d_k), seed, digits), digits=digits)
    for row, scores in zip(printed_rows(derivation), derivation["scores"].value, strict=True):
        assert len(set(row)) == len(set(np.round(scores, 9)))


@given(tokens=st.integers(2, 8), d_k=st.integers(1, 4), seed=st.integers(0, 10**6), digits=st.sampled_from([2, 3]))
@settings(max_examples=20)
def test_without_a_gap_a_reader_who_rounds_every_step_gets_the_printed_numbers(
    tokens: int, d_k: int, seed: int, digits: int
):
    example = with_nice_numbers(sentence_of(tokens, d_k=d_k), seed, digits)
    exact, carried = explain(example, digits=digits), explain(example, digits=digits, carry="rounded")
    assume(paper_gap(exact) == 0)
    for name in ("scores", "scaled_scores", "weights", "output"):
        printed = [list(map(Notation(digits).rounded, each[name].value.ravel())) for each in (exact, carried)]
        assert printed[0] == printed[1]


@pytest.mark.parametrize("digits", [2, 3])
def test_short_sentences_nearly_never_have_a_gap(digits: int):
    drawn = [with_nice_numbers(sentence_of(tokens), seed, digits) for tokens in range(2, 7) for seed in range(6)]
    gaps = [paper_gap(explain(example, digits=digits)) for example in drawn]
    assert np.mean(np.array(gaps) == 0) > 0.95


def test_the_same_seed_draws_the_same_numbers():
    structure = sentence_of(5)
    first, again, other = (numbers(with_nice_numbers(structure, seed)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_different_seeds_draw_different_sheets():
    structure = sentence_of(4)
    sheets = {tuple(numbers(with_nice_numbers(structure, seed))) for seed in range(30)}
    assert len(sheets) == 30


def test_numbers_depend_on_the_structure_alone():
    """An example that was drawn is as good a structure as the one that it was drawn for."""
    structure = load_example("self-and-cross")
    once, twice = with_nice_numbers(structure, 4), with_nice_numbers(with_nice_numbers(structure, 3), 4)
    assert numbers(once) == numbers(twice)
    assert numbers(once.beside) == numbers(twice.beside)


@pytest.mark.parametrize("name", [shipped.name for shipped in shipped_examples()])
def test_the_structure_stays(name: str):
    old = load_example(name)
    new = with_nice_numbers(old, 1)
    before, after = explain(old), explain(new)
    assert numbers(new) != numbers(old)
    assert [(step.name, step.axes) for step in after] == [(step.name, step.axes) for step in before]
    assert new.scale == old.scale
    assert new.focus == old.focus
    assert new.num_key_value_heads == old.num_key_value_heads
    if old.mask is not None:
        np.testing.assert_array_equal(new.mask, old.mask)


def test_two_examples_side_by_side_keep_what_they_share():
    new = with_nice_numbers(load_example("self-and-cross"), 2)
    assert new.beside is not None
    np.testing.assert_array_equal(new.embeddings, new.beside.embeddings)
    np.testing.assert_array_equal(new.weights["query"], new.beside.weights["query"])
    assert new.beside.memory.any()


def test_words_have_one_embedding_wherever_they_stand():
    structure = Example(
        embeddings=np.zeros((4, 3)), memory=np.zeros((3, 3)), query_tokens="a b a c", key_tokens="x y x"
    )
    example = with_nice_numbers(structure, 1)
    np.testing.assert_array_equal(example.embeddings[0], example.embeddings[2])
    np.testing.assert_array_equal(example.memory[0], example.memory[2])
    assert not np.array_equal(example.embeddings[0], example.embeddings[1])


def test_scores_that_are_masked_stay_so():
    structure = Example(scores=[[0, "-inf", 3], [2, 1, "-inf"]], value=np.ones((3, 2)), scale="1/sqrt(64)")
    example = with_nice_numbers(structure, 1)
    np.testing.assert_array_equal(np.isneginf(example.scores), [[False, True, False], [False, False, True]])


def test_what_was_said_about_the_old_numbers_is_dropped():
    structure = Example(
        query=[[1]], key=[[1]], value=[[1]], purpose="The output is 1.", layout="columns", claims=[{"step": "output"}]
    )
    example = with_nice_numbers(structure, 1)
    assert (example.purpose, example.claims, example.layout) == ("", (), "rows")


@pytest.mark.parametrize("tokens", [16, 64])
def test_long_sentences_have_numbers_too(tokens: int):
    words = re.sub(r"\d", lambda digit: "abcdefghij"[int(digit.group())], " ".join(map(str, range(tokens))))
    derivation = explain(with_nice_numbers(Sentence(words).structure(), 1, 3), digits=3)
    assert derivation["weights"].shape == (tokens, tokens)
    assert min(min(row) for row in printed_rows(derivation)) > 0


def test_examples_that_are_too_large_are_refused_in_a_sentence():
    huge = Example(query=np.zeros((1500, 1)), key=np.zeros((1500, 1)), value=np.zeros((1500, 1)))
    with pytest.raises(InputError, match="4,500 inputs that lead to 2,250,000 scores, and there is room for 2,000,000"):
        with_nice_numbers(huge, 1)
