"""What labels name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.checking.naming import BEYOND, IGNORED, Quantity, quantity

TOKENS = ("The", "dog", "sat")


@pytest.mark.parametrize(
    ("label", "step", "indices"),
    [
        ("Q", "query", ()),
        ("K =", "key", ()),
        ("q_2", "query", ("2",)),
        ("k_{dog}", "key", ("dog",)),
        ("v_dog", "value", ("dog",)),
        ("v(dog)", "value", ("dog",)),
        ("Query of “dog”", "query", ("dog",)),
        ("The keys are", "key", ()),
        ("X", "embeddings", ()),
        ("Embeddings", "embeddings", ()),
        ("W_Q", "weights.query", ()),
        ("W^K", "weights.key", ()),
        ("W_O", "weights.output", ()),
        ("The value weight matrix", "weights.value", ()),
        ("Q K^T", "scores", ()),
        ("QK^T", "scores", ()),
        ("q_1 · k_2", "scores", ("1", "2")),
        ("q_dog · k_The", "scores", ("dog", "The")),
        ("dog · The", "scores", ("dog", "The")),
        ("sat · dog", "scores", ("sat", "dog")),
        ("attention scores", "scores", ()),
        ("Scaled scores", "scaled_scores", ()),
        ("QK^T / √d_k", "scaled_scores", ()),
        ("Geteilt durch √3", "scaled_scores", ()),
        ("Divisés par √3", "scaled_scores", ()),
        ("Divididos por √3", "scaled_scores", ()),
        ("Masked scores", "masked_scores", ()),
        ("softmax(QK^T/√d_k)", "weights", ()),
        ("Attention weights", "weights", ()),
        ("A", "weights", ()),
        ("a_{12}", "weights", ("1", "2")),
        ("α_12", "weights", ("1", "2")),
        ("softmax(QK^T/√d_k) V", "output", ()),
        ("Output", "output", ()),
        ("Projected by W_O the output is", "output", ()),
        ("With W_Q we get", "query", ()),
        ("With W_O =", "weights.output", ()),
        ("With W_O, the output projection matrix", "weights.output", ()),
        ("context vector", "output", ()),
        ("weighted average", "output", ()),
        ("Gewichte", "weights", ()),
        ("Ausgabe", "output", ()),
        ("consulta", "query", ()),
    ],
)
def test_steps(label, step, indices):
    named = quantity(label, TOKENS)
    assert (named.step, tuple(filter(None, named.indices))) == (step, indices)


@pytest.mark.parametrize("label", ["e^0.5", "The sum of exponentials", "The maximum", "shape", "the loss"])
def test_what_is_no_step(label):
    assert quantity(label) == Quantity(IGNORED)


@pytest.mark.parametrize(
    "label", ["", " ", "In 2017", "the price", "learning rate", "cats and dogs", "=", "loss weights"]
)
def test_what_names_nothing(label):
    assert quantity(label) is None


@pytest.mark.parametrize(("label", "head"), [("Head 2 weights", 2), ("scores of head 1", 1), ("scores", None)])
def test_heads(label, head):
    assert quantity(label).head == head


def test_a_token_is_known_only_where_the_document_has_it():
    assert quantity("dog · cat", TOKENS) is None
    assert quantity("dog · sat", ()) is None


@given(label=st.text('QKV qkv_{}()·×/√^T=12dogsoftmax"', max_size=40))
def test_any_label_names_something_or_nothing(label):
    named = quantity(label, TOKENS)
    assert named is None or (named.step and all(isinstance(index, str) for index in named.indices))


@pytest.mark.parametrize(
    ("label", "step"),
    [
        ("Residual: X + Output", BEYOND),
        ("attn_output + x", BEYOND),
        ("x + attention output", BEYOND),
        ("With the residual connection the output becomes", BEYOND),
        ("Output of the feed-forward network", BEYOND),
        ("Final output (after ReLU)", BEYOND),
        ("FFN output", BEYOND),
        ("The output before the residual connection", "output"),
        ("The output, without the residual connection", "output"),
        ("The residual comes later. Output", "output"),
        ("Output of the attention", "output"),
        ("Output of head 1", "output"),
    ],
)
def test_an_output_of_more_than_attention_is_none_of_attention(label, step):
    named = quantity(label, TOKENS)
    assert named is not None
    assert named.step == step


@pytest.mark.parametrize(("label", "named"), [("Residual: X + Z", BEYOND), ("O + X", BEYOND), ("S + K", None)])
def test_a_sum_is_none_of_its_terms(label, named):
    found = quantity(label, TOKENS)
    assert named == (found and found.step)
