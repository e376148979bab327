"""Every field of an example file, in YAML and in JSON."""

import json
from decimal import Decimal

import numpy as np
import pytest
import yaml

from pellucid import explain, read_example
from pellucid.examples.reader import parse_example
from pellucid.expressions import parse

GIVEN = {"query": [[1, 2]], "key": [[3, 4], [5, 6]], "value": [[7], [8]]}
EMBEDDED = {
    "embeddings": [[1, 2], [3, 4]],
    "weights": {"query": [[1, 0], [0, 1]], "key": [[1, 2], [3, 4]], "value": [[1, 2, 3], [4, 5, 6]]},
}


def as_yaml(fields):
    return parse_example(yaml.safe_dump(fields, allow_unicode=True).encode())


def as_json(fields):
    return parse_example(json.dumps(fields).encode(), json_only=True)


@pytest.fixture(params=[as_yaml, as_json], ids=["yaml", "json"])
def read(request):
    return request.param


def test_query_key_and_value(read):
    example = read(GIVEN)
    assert example.query.tolist() == [[1, 2]]
    assert example.key.tolist() == [[3, 4], [5, 6]]
    assert example.value.tolist() == [[7], [8]]
    assert example.rows == (1, 2)


def test_words_about_the_example(read):
    example = read(GIVEN | {"title": "On", "purpose": "Off.", "focus": "0"})
    assert (example.title, example.purpose, example.focus) == ("On", "Off.", "0")
    derivation = explain(example)
    assert (derivation.subject.title, derivation.subject.purpose, derivation.subject.focus) == ("On", "Off.", "0")


def test_without_a_title_there_is_a_default(read):
    assert read(GIVEN).title == "Attention"


@pytest.mark.parametrize("tokens", [["on", "no"], "on no"])
def test_tokens_are_words_or_a_text_of_words(read, tokens):
    example = read({"query": [[1], [2]], "key": [[1], [2]], "value": [[1], [2]], "tokens": tokens})
    assert list(example.query_tokens) == list(example.key_tokens) == ["on", "no"]
    assert not example.is_cross


@pytest.mark.parametrize(
    "token", ["on", "null", "~", "1.0", "2024-01-01", "0x1F", "1e3", ":", "#", "ß", "👩‍👩‍👧", "<b>"]
)
def test_a_token_stays_the_word_it_is(read, token):
    assert read({"tokens": [token], "scores": [[1]], "scale": "none"}).query_tokens == (token,)


def test_a_bare_yaml_word_is_no_boolean():
    example = parse_example(
        b"tokens: [on, off, no, null]\nscores: [[1,1,1,1],[1,1,1,1],[1,1,1,1],[1,1,1,1]]\nscale: none"
    )
    assert example.query_tokens == ("on", "off", "no", "null")


def test_cross_attention_has_tokens_of_its_own_on_each_side(read):
    example = read(GIVEN | {"query_tokens": ["der"], "key_tokens": ["the", "dog"]})
    assert (list(example.query_tokens), list(example.key_tokens)) == (["der"], ["the", "dog"])
    assert example.is_cross


def test_keys_alone_may_have_tokens(read):
    example = read(GIVEN | {"key_tokens": ["the", "dog"]})
    assert (example.query_tokens, list(example.key_tokens)) == (None, ["the", "dog"])


def test_with_a_memory_the_tokens_are_those_of_the_queries(read):
    example = read(EMBEDDED | {"memory": [[1, 1], [2, 2]], "tokens": "a b"})
    assert (list(example.query_tokens), example.key_tokens) == (["a", "b"], None)
    assert example.is_cross


def test_key_tokens_do_not_name_the_queries_of_a_memory_of_equal_length(read):
    example = read(EMBEDDED | {"memory": [[1, 1], [2, 2]], "key_tokens": ["the", "dog"]})
    assert example.query_tokens is None


@pytest.mark.parametrize(
    ("written", "entry"),
    [
        ("1/3", parse("1/3")),
        ("sqrt(2)", parse("sqrt(2)")),
        ("√2", parse("√2")),
        ("e^-1", parse("e^-1")),
        ("2e-3", Decimal("0.002")),
        (" 0.30 ", Decimal("0.30")),
        ("+.5", Decimal("0.5")),
        ("-7.", Decimal("-7")),
        (0.1, Decimal("0.1")),
        (-0.0, Decimal("0")),
        (10**20, Decimal(10**20)),
    ],
)
def test_numbers_may_be_written_in_many_ways(read, written, entry):
    assert read(GIVEN | {"query": [[written, 2]]}).query[0, 0] == entry


def test_every_written_digit_arrives(read):
    digits = "0.12345678901234567890123456789012345678901234567890123456789"
    assert str(read(GIVEN | {"query": [[digits, f"-{digits}"]]}).query[0, 1]) == f"-{digits}"


@pytest.mark.parametrize("infinity", ["-inf", "-.inf", "-Infinity", "-∞"])
def test_scores_may_hold_minus_infinity(read, infinity):
    example = read({"scores": [[infinity, 1]], "scale": "none"})
    assert example.scores.tolist() == [[Decimal("-Infinity"), 1]]


def test_bare_infinity_of_json_and_yaml():
    for text in (b'{"scores": [[-Infinity, 1]], "scale": "none"}', b"scores: [[-.inf, 1]]\nscale: none"):
        example = parse_example(text, json_only=text.startswith(b"{"))
        assert example.scores[0, 0] == Decimal("-Infinity")


def test_embeddings_with_weights_biases_and_positions(read):
    fields = EMBEDDED | {
        "biases": {"key": [100, 200], "output": [3]},
        "weights": EMBEDDED["weights"] | {"output": [[1], [1], [1]]},
        "positions": [[10, 20], [30, 40]],
    }
    derivation = explain(read(fields))
    assert derivation["x"].value.tolist() == [[11, 22], [33, 44]]
    assert derivation["key"].value.tolist() == [[11 + 66 + 100, 22 + 88 + 200], [33 + 132 + 100, 66 + 176 + 200]]
    assert derivation["output"].shape == (2, 1)


def test_embeddings_alone_are_queries_keys_and_values(read):
    derivation = explain(read({"embeddings": [[1, 2], [3, 4]]}))
    for name in ("query", "key", "value"):
        assert derivation[name].value.tolist() == [[1, 2], [3, 4]]


def test_sinusoidal_positions(read):
    derivation = explain(read({"embeddings": [[1, 2], [3, 4]], "positions": "sinusoidal"}))
    np.testing.assert_allclose(derivation["x"].value, [[1, 3], [3 + np.sin(1), 4 + np.cos(1)]])


def test_a_memory_is_where_keys_and_values_come_from(read):
    derivation = explain(read(EMBEDDED | {"memory": [[1, 1], [2, 2], [0, 1]]}))
    assert derivation["query"].value.tolist() == [[1, 2], [3, 4]]
    assert derivation["key"].value.tolist() == [[4, 6], [8, 12], [3, 4]]


@pytest.mark.parametrize(
    ("fields", "heads"),
    [({"num_heads": 2}, (2, 2)), ({"num_heads": 4, "num_key_value_heads": 2}, (4, 2)), ({"num_heads": "2"}, (2, 2))],
)
def test_heads(read, fields, heads):
    width = int(heads[0]) * 3
    arrays = {
        "query": np.ones((1, width)).tolist(),
        "key": np.ones((2, heads[1] * 3)).tolist(),
        "value": np.ones((2, heads[1] * 5)).tolist(),
    }
    example = read(arrays | fields)
    assert (example.num_heads, example.num_key_value_heads) == heads
    derivation = explain(example)
    assert derivation["weights"].shape == (heads[0], 1, 2)
    assert derivation["output"].shape == (1, heads[0] * 5)


@pytest.mark.parametrize(
    ("scale", "factor"),
    [("none", 1), (None, 1), ("1/4", 0.25), (0.25, 0.25), ("1/sqrt(d_k)", 2**-0.5), ("1/d_k", 0.5), (-2, -2)],
)
def test_scales(read, scale, factor):
    derivation = explain(read(GIVEN | {"scale": scale}))
    np.testing.assert_allclose(derivation["scaled_scores"].value, factor * derivation["scores"].value)


@pytest.mark.parametrize(
    ("mask", "allowed"),
    [
        ("none", None),
        ("causal", [[True, False], [True, True]]),
        ({"window": 1}, [[True, False], [False, True]]),
        ({"window": "2", "causal": False}, [[True, True], [True, True]]),
        ([[1, 0], [0, 1]], [[True, False], [False, True]]),
        ([["1", "0.0"], ["1/2 + 1/2", "0"]], [[True, False], [True, False]]),
        ([[0, "-inf"], [0, 0]], [[True, False], [True, True]]),
        ([[0, 0], [0, 0]], [[False, False], [False, False]]),
    ],
)
def test_masks(read, mask, allowed):
    example = read({"scores": [[1, 2], [3, 4]], "scale": "none", "mask": mask})
    assert example.mask is None if allowed is None else example.mask.tolist() == allowed


def test_columns_are_tokens_when_the_layout_says_so(read):
    fields = {name: np.transpose(rows).tolist() for name, rows in GIVEN.items()}
    example = read(fields | {"layout": "columns"})
    assert example.key.tolist() == [[3, 4], [5, 6]]


def test_claims_are_kept(read):
    claims = [{"step": "scores", "at": ["0", "dog"], "printed": "0.13"}, {"step": "output", "printed": [["1", "2"]]}]
    first, second = read(GIVEN | {"claims": claims}).claims
    assert (first.step, first.at, first.printed) == ("scores", ["0", "dog"], "0.13")
    assert (second.step, second.at, second.printed) == ("output", [], [["1", "2"]])


def test_null_in_a_claim_is_a_number_that_is_not_printed():
    (claim,) = as_json(GIVEN | {"claims": [{"step": "weights", "at": [0], "printed": ["0.1", None]}]}).claims
    assert claim.printed == ["0.1", None]


def test_an_example_beside_has_the_same_fields_but_its_own(read):
    fields = EMBEDDED | {
        "title": "Self",
        "purpose": "One.",
        "tokens": "a b",
        "beside": {"title": "Cross", "memory": [[1, 1]], "key_tokens": ["m"]},
    }
    example = read(fields)
    assert (example.title, example.beside.title, example.beside.purpose) == ("Self", "Cross", "")
    assert (list(example.beside.query_tokens), list(example.beside.key_tokens)) == (["a", "b"], ["m"])
    derivation = explain(example)
    assert derivation["weights"].shape == (2, 2)
    assert derivation.beside["weights"].shape == (2, 1)
    assert derivation.beside.title == "Cross"


def test_a_file_that_ends_in_json_is_read_as_json(tmp_path):
    path = tmp_path / "mine.JSON"
    path.write_text(json.dumps(GIVEN), encoding="utf-8-sig")
    example = read_example(path)
    assert example.title == "mine"
    path = path.rename(tmp_path / "mine.yaml")
    assert read_example(str(path)).query.tolist() == example.query.tolist()
