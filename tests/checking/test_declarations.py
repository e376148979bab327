"""What the words of a document declare."""

from decimal import Decimal

import pytest

from outlines import read
from pellucid.checking.declarations import declarations_of


def declared(text, file_format="markdown"):
    return declarations_of(read(text, file_format))


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("softmax(QK^T / √d_k) V", "1/sqrt(d_k)"),
        ("$\\mathrm{softmax}\\left(\\frac{QK^T}{\\sqrt{d_k}}\\right)V$", "1/sqrt(d_k)"),
        ("We divide the scores by the square root of d_k.", "1/sqrt(d_k)"),
        ("scores / np.sqrt(d_k)", "1/sqrt(d_k)"),
        ("scores / d_k ** 0.5", "1/sqrt(d_k)"),
        ("We divide by d_k.", "1/d_k"),
        ("scores / d_k", "1/d_k"),
        ("We divide all scores by 8.", "1/8"),
        ("There is no scaling.", "none"),
        ("We do not scale.", "none"),
        ("The scores are left unscaled: without scaling.", "none"),
        ("softmax(QK^T) V", "none"),
        ("softmax(Q @ K.T)", "none"),
        ("wir teilen durch √d_k", "1/sqrt(d_k)"),
        ("Nothing is said.", ""),
        ("In 2017 they had 8 heads.", ""),
    ],
)
def test_scales(text, scale):
    assert declared(text).scales[:1] == ([scale] if scale else [])


def test_every_scale_that_is_spoken_of():
    found = declared("The paper divides by √d_k. Some divide by d_k.\n\nWe do not scale.")
    assert set(found.scales) == {"1/sqrt(d_k)", "1/d_k", "none"}


@pytest.mark.parametrize(
    ("text", "causal"),
    [
        ("We use a causal mask.", True),
        ("Each token may only attend to itself and earlier tokens.", True),
        ("a lower-triangular mask", True),
        ("mask = torch.tril(ones)", True),
        ("There is no mask.", False),
        ("without a causal mask", False),
        ("Bidirectional attention.", False),
        ("Attention weights.", None),
    ],
)
def test_masks(text, causal):
    assert declared(text).causal is causal


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ('The sentence is "The dog sat".', ["The", "dog", "sat"]),
        ('Consider the input "Hello, world!".', ["Hello", ",", "world", "!"]),
        ('tokens = ["red", "fox"]', ["red", "fox"]),
        ("tokens: red, fox, ran", ["red", "fox", "ran"]),
        ("Der Satz „Hunde bellen laut“ ist kurz.", ["Hunde", "bellen", "laut"]),
        ("No tokens here.", []),
        ('He said "yes".', []),
    ],
)
def test_tokens(text, tokens):
    assert declared(text).tokens == tokens


def test_tokens_of_two_sides():
    found = declared('query_tokens = ["ich", "gehe"]\n\nkey_tokens = ["I", "am", "going"]')
    assert (found.query_tokens, found.key_tokens) == (["ich", "gehe"], ["I", "am", "going"])


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Tokens are columns.", True),
        ("Each column stands for a token.", True),
        ("We compute K^T Q.", True),
        ("Each row is a token.", False),
        ("The table has three columns.", False),
    ],
)
def test_columns(text, columns):
    assert declared(text).columns is columns


@pytest.mark.parametrize(
    ("text", "heads"),
    [("num_heads = 4", 4), ("n_heads: 8", 8), ("with two heads", 2), ("3 attention heads", 3), ("one", 0)],
)
def test_heads(text, heads):
    assert declared(text).num_heads == heads


def test_d_k():
    assert declared("Here d_k = 64 and so on.").names["d_k"] == Decimal(64)
    assert declared("Here $d_k = 3$.").names["d_k"] == Decimal(3)
    assert "d_k" not in declared("d_k is unknown").names


def test_a_formula_that_leaves_the_values_out():
    text = "Attention(Q, K) = softmax(QK^T/√d_k)V"
    found = declared(text)
    assert text[found.formula.span.start : found.formula.span.end] == "Attention(Q, K)"
    assert declared("Attention(Q, K, V) = softmax(QK^T/√d_k)V").formula is None
