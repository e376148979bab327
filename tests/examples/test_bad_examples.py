"""Every way an example can be wrong: one error, one sentence, with the field, the shapes and the remedy."""

import json

import pytest
import yaml

from pellucid.errors import ExampleError
from pellucid.examples.reader import parse_example
from sentences import assert_one_sentence

GIVEN = {"query": [[1, 2]], "key": [[3, 4], [5, 6], [7, 8]], "value": [[9], [8], [7]]}
SQUARE = {"query": [[1], [2]], "key": [[3], [4]], "value": [[5], [6]]}
SCORES = {"scores": [[1, 2, 3]], "scale": "none"}
EMBEDDED = {
    "embeddings": [[1, 2], [3, 4], [5, 6]],
    "weights": {"query": [[1], [2]], "key": [[3], [4]], "value": [[1, 2, 3, 4], [5, 6, 7, 8]]},
}


def without(fields, *names):
    return {name: value for name, value in fields.items() if name not in names}


def weights(**changes):
    return EMBEDDED | {"weights": EMBEDDED["weights"] | changes}


BAD = {
    # Numbers
    "nan": (GIVEN | {"query": [[1, "nan"]]}, "query[0][1] is NaN; every entry needs to be a finite number."),
    "yaml nan": (GIVEN | {"query": [[".nan", 1]]}, "query[0][0] is NaN"),
    "infinity": (
        GIVEN | {"key": [[1, 2], ["inf", 1], [1, 1]]},
        "key[1][0] is inf; only masks and scores may hold -inf.",
    ),
    "minus infinity": (
        GIVEN | {"value": [[1], ["-inf"], [1]]},
        "value[1][0] is -inf; only masks and scores may hold -inf.",
    ),
    "infinity in scores": (SCORES | {"scores": [[1, "inf"]]}, "scores[0][1] is inf; only -inf has a meaning here."),
    "nan in scores": (SCORES | {"scores": [["nan"]]}, "scores[0][0] is NaN"),
    "infinity in the mask": (
        SQUARE | {"mask": [[0, "inf"], [0, 0]]},
        "mask[0][1] is inf; only -inf has a meaning here.",
    ),
    "too large": (GIVEN | {"query": [["1e309", 1]]}, "query[0][0] is beyond 1e308; use smaller numbers."),
    "too large a result": (GIVEN | {"query": [["9e300*9e300", 1]]}, "query[0][0]: a result is too large"),
    "thousands of digits": (
        GIVEN | {"query": [["1" * 20_000, 1]]},
        "query[0][0]: an expression has 20000 characters",
    ),
    "division by zero": (GIVEN | {"query": [["1/0", 1]]}, "query[0][0]: an expression divides by zero."),
    "root of a negative number": (
        GIVEN | {"query": [["sqrt(-1)", 1]]},
        "query[0][0]: an expression takes the square root",
    ),
    "name": (
        GIVEN | {"query": [["d_k", 1]]},
        "query[0][0] contains 'd_k'; it needs a number such as 0.3, 1/3 or sqrt(2).",
    ),
    "word": (GIVEN | {"query": [["abc", 1]]}, "query[0][0] contains 'abc'; it needs a number"),
    "comma": (GIVEN | {"query": [["0,3", 1]]}, "query[0][0]: '0,3' is not a number or an expression such as 0.3"),
    "nothing": (GIVEN | {"query": [["", 1]]}, "query[0][0]: '' is not a number"),
    "dict as a number": (
        GIVEN | {"query": [[{"a": 1}, 1]]},
        "query[0][0] is {'a': '1'}; it needs a number such as 0.3 or 1/3.",
    ),
    # Shapes
    "ragged": (
        GIVEN | {"query": [[1, 2], [3]]},
        "query is ragged: row 1 has 1 numbers and row 0 has 2; give every row the same length.",
    ),
    "ragged head": (
        SQUARE | {"num_heads": 2, "query": [[[1], [2]], [[1], [2, 3]]]},
        "query[1] is ragged: row 1 has 2 numbers and row 0 has 1",
    ),
    "a number among rows": (
        GIVEN | {"key": [[1, 2], 3]},
        "key[1] is a single value and key[0] is a list of numbers; give them all the same shape.",
    ),
    "heads of two shapes": (
        SQUARE | {"num_heads": 2, "key": [[[1]], [[1], [2]]]},
        "key[1] is a list of rows and key[0] is a list of rows of another shape (2×1, not 1×1); give them all the",
    ),
    "a list in place of rows": (GIVEN | {"query": [1, 2]}, "query is a list of numbers; it needs a list of rows."),
    "heads without num_heads": (GIVEN | {"query": [[[1, 2]]]}, "query is a list of matrices; it needs a list of rows."),
    "nested too deeply": (
        GIVEN | {"query": [[[[1]]]]},
        "query[0][0][0] is a list; at most 3 levels (heads, rows, numbers) have a meaning.",
    ),
    "empty": (GIVEN | {"query": []}, "query is a list of numbers; it needs a list of rows."),
    "empty rows": (GIVEN | {"query": [[], []]}, "query is empty; give at least one row with one number."),
    "d_k": (
        GIVEN | {"query": [[1, 2, 3]]},
        "query has 3 numbers a row and key has 2 (for each head); a dot product needs the same d_k on both sides.",
    ),
    "values": (GIVEN | {"value": [[1], [2]]}, "value has 2 rows and there are 3 keys; give one value a key."),
    "values for scores": (SCORES | {"value": [[1], [2]]}, "value has 2 rows and there are 3 keys"),
    # Heads
    "no heads": (GIVEN | {"num_heads": 0}, "num_heads is 0; it needs to be a whole number, 1 or more."),
    "negative heads": (GIVEN | {"num_key_value_heads": -1}, "num_key_value_heads is -1; it needs to be a whole number"),
    "half a head": (GIVEN | {"num_heads": 2.5}, "num_heads is a text; it needs to be a whole number."),
    "heads as a word": (GIVEN | {"num_heads": "two"}, "num_heads is a text; it needs to be a whole number."),
    "unequal groups": (
        GIVEN | {"num_heads": 3, "num_key_value_heads": 2},
        "num_heads is 3 and num_key_value_heads is 2; the query heads must divide into equal groups",
    ),
    "columns no heads can share": (
        GIVEN | {"num_heads": 3},
        "query has 2 columns, which 3 heads cannot share equally; change the number of heads or of columns.",
    ),
    "projected columns no heads can share": (
        EMBEDDED | {"num_heads": 2},
        "query has 1 columns, which 2 heads cannot share equally",
    ),
    "matrices for other heads": (
        {"num_heads": 3, **{name: [[[1]], [[1]]] for name in GIVEN}},
        "query has 2 matrices and there are 3 heads; make them equal.",
    ),
    "scores for other heads": (
        {"num_heads": 3, "scores": [[[1]], [[1]]], "scale": "none"},
        "scores has 2 matrices, but num_heads is 3; make them equal.",
    ),
    # Tokens
    "tokens": (
        GIVEN | {"tokens": ["a", "b"]},
        "tokens has 2 tokens, but there is 1 query row; give query_tokens and key_tokens, or as many rows as tokens.",
    ),
    "too few tokens": (
        SQUARE | {"tokens": ["a"]},
        "tokens has 1 tokens, but there are 2 query rows; give one token a row.",
    ),
    "query tokens": (
        GIVEN | {"query_tokens": ["a", "b"]},
        "query_tokens has 2 tokens, but there is 1 query row; give one token a row.",
    ),
    "key tokens": (
        GIVEN | {"key_tokens": ["a"]},
        "key_tokens has 1 tokens, but there are 3 key rows; give one token a row.",
    ),
    "no tokens": (GIVEN | {"tokens": []}, "tokens is empty; give at least one token, or leave it out."),
    "no words": (GIVEN | {"tokens": "  "}, "tokens is empty"),
    "dict as a token": (
        GIVEN | {"query_tokens": [{"a": "b"}]},
        "query_tokens[0] is keys with values; it needs to be a text.",
    ),
    "list as a token": (GIVEN | {"query_tokens": [["a"]]}, "query_tokens[0] is a list; it needs to be a text."),
    # Where it starts
    "nothing to compute": (
        {"title": "Nothing"},
        "there is nothing to compute from; give query, key and value, or embeddings",
    ),
    "two starts": (GIVEN | {"embeddings": [[1]]}, "query and embeddings are both given; start from one of them."),
    "scores beside a query": (GIVEN | {"scores": [[1]]}, "query and scores are both given; start from one of them."),
    "no value": (without(GIVEN, "value"), "value is missing; query needs key and value beside it."),
    "no key": (without(GIVEN, "key", "value"), "key is missing; query needs key and value beside it."),
    "key beside embeddings": (
        EMBEDDED | {"key": [[1]]},
        "key has no meaning when the example starts from embeddings; leave it out.",
    ),
    "memory beside a query": (
        GIVEN | {"memory": [[1]]},
        "memory has no meaning when the example starts from query; leave it out.",
    ),
    "positions beside scores": (
        SCORES | {"positions": "sinusoidal"},
        "positions has no meaning when the example starts from scores",
    ),
    # Projections
    "weights beside a query": (
        GIVEN | {"weights": {"query": [[1]]}},
        "weights.query projects embeddings, but the example starts from query; give embeddings, or leave the",
    ),
    "unknown weights": (
        weights(quary=[[1]]),
        "weights.quary is unknown (did you mean 'query'?); there are query, key, value, output.",
    ),
    "missing weights": (
        {"embeddings": [[1]], "weights": {"query": [[1]]}},
        "weights.key is missing; give query, key and value weights",
    ),
    "weights of other rows": (
        weights(query=[[1], [2], [3]]),
        "weights.query is 3×1 and embeddings has 2 numbers a row; x @ W needs a matrix of 2 rows.",
    ),
    "weights for the memory": (
        EMBEDDED | {"memory": [[1, 2, 3]]},
        "weights.key is 2×1 and memory has 3 numbers a row; x @ W needs a matrix of 3 rows.",
    ),
    "projected d_k": (weights(key=[[1, 2], [3, 4]]), "query has 1 numbers a row and key has 2 (for each head)"),
    "output of other rows": (
        weights(output=[[1], [2]]),
        "weights.output is 2×1 and the heads together have 4 columns; it needs 4 rows.",
    ),
    "output without value": (
        SCORES | {"weights": {"output": [[1]]}},
        "weights.output projects the weighted sum, which needs value; give value.",
    ),
    "weights as a word": (weights(query="abc"), "weights.query is a single value; it needs a list of rows."),
    "weights as a list": (EMBEDDED | {"weights": [[1]]}, "weights is a list; it needs to be keys with values."),
    "bias of another length": (
        EMBEDDED | {"biases": {"value": [1, 2]}},
        "biases.value has 2 numbers and weights.value has 4 columns; they must be equal.",
    ),
    "bias as rows": (
        EMBEDDED | {"biases": {"value": [[1, 2, 3, 4]]}},
        "biases.value is a list of rows; it needs a list of numbers.",
    ),
    "bias without weights": (
        EMBEDDED | {"biases": {"output": [1]}},
        "biases.output is given without weights.output; give both or leave it out.",
    ),
    "positions of another shape": (
        EMBEDDED | {"positions": [[1, 2]]},
        "positions is 1×2 and embeddings is 3×2; they are added, so the shapes must be equal.",
    ),
    "positions as a word": (
        EMBEDDED | {"positions": "rotary"},
        "positions is 'rotary'; it can be 'sinusoidal' or a matrix",
    ),
    # Scale
    "scale of zero": (GIVEN | {"scale": 0}, "scale is '0'; it needs to be a finite number other than 0."),
    "scale that comes to zero": (
        GIVEN | {"scale": "d_k - 2"},
        "scale is 'd_k - 2'; it needs to be a finite number other than 0 with d_k = 2.",
    ),
    "scale that divides by zero": (
        GIVEN | {"scale": "1/(d_k-2)"},
        "needs to be a finite number other than 0 with d_k = 2.",
    ),
    "infinite scale": (GIVEN | {"scale": "inf"}, "scale is 'inf'; it needs to be a finite number other than 0."),
    "scale as a word": (
        GIVEN | {"scale": "abc"},
        "scale is 'abc', which contains 'abc'; it can be 1/sqrt(d_k), 1/d_k, none or a number.",
    ),
    "scale misspelt": (GIVEN | {"scale": "1/sqrt(dk)"}, "contains 'dk' (did you mean 'd_k'?)"),
    "scale as no expression": (
        GIVEN | {"scale": "1/"},
        "scale is '1/'; it can be 1/sqrt(d_k), 1/d_k, none or a number.",
    ),
    "scale as a list": (GIVEN | {"scale": [1]}, "scale is a list; it needs to be a text."),
    "scores without a scale": (
        {"scores": [[1]]},
        "scale is 1/sqrt(d_k) unless you say otherwise, and d_k is unknown when the example starts from scores;",
    ),
    # Masks
    "mask of another shape": (GIVEN | {"mask": [[1, 0]]}, "mask is 1×2; it needs 1 rows (queries) of 3 (keys)."),
    "half a mask": (SQUARE | {"mask": [[1, 0.5], [1, 1]]}, "mask[0][1] is 0.5; it needs to be 1 (may attend) or 0."),
    "mask of ones and -inf": (
        SQUARE | {"mask": [["-inf", 1], [0, 0]]},
        "mask[0][1] is 1; it needs to be 0 (may attend) or -inf.",
    ),
    "mask as a word": (
        SQUARE | {"mask": "casual"},
        "mask is 'casual' (did you mean 'causal'?); it can be none, causal, {window: 2} or a matrix",
    ),
    "mask as a list": (SQUARE | {"mask": [1, 0]}, "mask is a list of numbers; it needs a list of rows."),
    "causal cross-attention": (
        GIVEN | {"mask": "causal"},
        "mask is 'causal', which compares positions of the same tokens, but there are 1 queries and 3 keys of "
        "different sequences; give a matrix of 1×3 instead.",
    ),
    "causal mask with a memory of equal length": (
        EMBEDDED | {"memory": [[1, 2], [3, 4], [5, 6]], "mask": "causal"},
        "mask is 'causal', which compares positions of the same tokens",
    ),
    "window across sequences": (
        GIVEN | {"mask": {"window": 2}},
        "mask is {window: 2}, which compares positions of the same tokens",
    ),
    "window of nothing": (
        SQUARE | {"mask": {"window": 0}},
        "mask.window is 0; it needs to be a whole number, 1 or more.",
    ),
    "window as a superscript": (
        SQUARE | {"mask": {"window": "²"}},
        "mask.window is '²'; it needs to be a whole number",
    ),
    "window misspelt": (
        SQUARE | {"mask": {"windw": 2}},
        "mask.windw is unknown (did you mean 'window'?); write {window: 2}.",
    ),
    "window neither way": (
        SQUARE | {"mask": {"window": 1, "causal": "perhaps"}},
        "mask.causal is 'perhaps'; it needs to be true or false.",
    ),
    # The rest
    "layout": (GIVEN | {"layout": "cols"}, "layout is 'cols'; it can be 'rows' or 'columns' (tokens are columns)."),
    "focus on no token": (
        SQUARE | {"tokens": "dog cat", "focus": "dgo"},
        "focus: no query token is 'dgo' (did you mean 'dog'?); the tokens are dog, cat.",
    ),
    "focus on no row": (GIVEN | {"focus": 1}, "focus: query 1 does not exist; there is one, number 0."),
    "unknown key": (
        GIVEN | {"quiry": [[1]]},
        "'quiry' is not a key of an example file (did you mean 'query'?); the keys are title,",
    ),
    "unknown key like a type": (GIVEN | {"str": 1}, "'str' is not a key of an example file"),
    "title as a list": (GIVEN | {"title": ["a"]}, "title is a list; it needs to be a text."),
    "unknown key in a claim": (
        GIVEN | {"claims": [{"stp": "a"}]},
        "'claims[0].stp' is not a key of an example file (did you mean 'step'?); the keys are step,",
    ),
    "claim without a number": (GIVEN | {"claims": [{"step": "scores"}]}, "claims[0] has no 'printed'; give it."),
    "claims as a word": (GIVEN | {"claims": "none"}, "claims is a text; it needs to be a list."),
    "wrong beside": (SQUARE | {"beside": {"key": [[1, 2], [3, 4]]}}, "beside: query has 1 numbers a row and key has 2"),
    "unknown key beside": (
        SQUARE | {"beside": {"kay": [[1]]}},
        "beside: 'kay' is not a key of an example file (did you mean 'key'?)",
    ),
    "three side by side": (
        SQUARE | {"beside": {"beside": {}}},
        "beside holds another beside; two examples can be read side by side, not three.",
    ),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("json_only", [False, True], ids=["yaml", "json"])
def test_it_is_one_sentence_with_the_field_and_the_remedy(bad, json_only):
    fields, sentence = BAD[bad]
    text = json.dumps(fields) if json_only else yaml.safe_dump(fields)
    with pytest.raises(ExampleError) as caught:
        parse_example(text.encode(), json_only=json_only)
    assert sentence in str(caught.value)
    assert_one_sentence(str(caught.value))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (GIVEN | {"query": [[True, 1]]}, "query[0][0] is True; it needs a number such as 0.3 or 1/3."),
        (GIVEN | {"query": [[None, 1]]}, "query[0][0] is None; it needs a number"),
        (GIVEN | {"query": True}, "query is true or false; it needs to be a list."),
        (GIVEN | {"title": None}, "title is nothing; it needs to be a text."),
        (GIVEN | {"num_heads": True}, "num_heads is true or false; it needs to be a whole number."),
        (GIVEN | {"query_tokens": [True]}, "query_tokens[0] is true or false; it needs to be a text."),
        (SQUARE | {"mask": [[True, False], [True, True]]}, "mask[0][0] is True; it needs a number"),
        (SQUARE | {"mask": {"window": True}}, "mask.window is True; it needs to be a whole number"),
    ],
)
def test_json_knows_booleans_and_null(fields, sentence):
    with pytest.raises(ExampleError) as caught:
        parse_example(json.dumps(fields).encode(), json_only=True)
    assert sentence in str(caught.value)
    assert_one_sentence(str(caught.value))
