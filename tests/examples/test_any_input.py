"""Whatever a file holds: an example that can be explained, or one error of one sentence."""

import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import explain
from pellucid.errors import ExampleError, InputError
from pellucid.examples.reader import parse_example
from sentences import assert_one_sentence

VALID = [
    {
        "title": "Cross",
        "query": [[1, 2], [3, 4]],
        "key": [[1, 2]],
        "value": [["1/3", 2, 3]],
        "query_tokens": ["a", "b"],
        "key_tokens": ["c"],
        "mask": [[1], [0]],
        "focus": "b",
        "claims": [{"step": "scores", "at": [0], "printed": ["1"]}],
    },
    {
        "embeddings": [[1, 2], [3, 4], [5, 6]],
        "tokens": "a b c",
        "positions": "sinusoidal",
        "weights": {
            "query": [[1, 2], [3, 4]],
            "key": [[1, 2], [3, 4]],
            "value": [[1, 2], [3, 4]],
            "output": [[1], [2]],
        },
        "biases": {"key": [1, 2], "output": [0]},
        "num_heads": 2,
        "num_key_value_heads": 2,
        "mask": {"window": 2},
        "beside": {"memory": [[1, 2]], "mask": "none"},
    },
    {"scores": [[1, "-inf"], [0, 2]], "scale": "1/sqrt(64)", "mask": "causal", "value": [[1], [2]], "layout": "rows"},
]
FIELDS = sorted({name for fields in VALID for name in fields} | {"memory", "scale", "layout", "x", "str"})

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5),
    st.floats(),
    st.sampled_from(["", "0", "1", "1/3", "1/0", "-inf", "inf", "nan", "√2", "²", "d_k", "1e999", "~"]),
    st.sampled_from(["none", "causal", "columns", "rows", "sinusoidal", "a b"]),
    st.text(max_size=5),
)
structures = st.recursive(
    scalars,
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from([*FIELDS, "window", "output", "step"]), children, max_size=2)
    ),
    max_leaves=8,
)


@st.composite
def mutated(draw):
    """A valid example in which one to three things have been replaced, added or left out, at any depth."""
    fields = json.loads(json.dumps(draw(st.sampled_from(VALID))))
    for _ in range(draw(st.integers(1, 3))):
        place = fields
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if place is fields:
                keys += FIELDS
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            inner = place[key] if isinstance(place, list) or key in place else None
            if isinstance(inner, list | dict) and draw(st.booleans()):
                place = inner
                continue
            if draw(st.booleans()) and not (isinstance(place, dict) and key not in place):
                del place[key]
            else:
                place[key] = draw(structures)
            break
    return fields


def assert_example_or_sentence(data, *, json_only):
    try:
        example = parse_example(data, json_only=json_only)
    except ExampleError as error:
        assert_one_sentence(str(error))
        return
    try:
        explain(example)
    except InputError as error:
        assert_one_sentence(str(error))


@given(fields=mutated(), as_json=st.booleans())
@settings(max_examples=150)
def test_a_mutated_example(fields, as_json):
    text = json.dumps(fields) if as_json else yaml.safe_dump(fields)
    assert_example_or_sentence(text.encode(), json_only=as_json)


@given(structure=structures, as_json=st.booleans())
def test_any_structure(structure, as_json):
    text = json.dumps(structure) if as_json else yaml.safe_dump(structure)
    assert_example_or_sentence(text.encode(), json_only=as_json)


@given(data=st.binary(max_size=60), as_json=st.booleans())
def test_any_bytes(data, as_json):
    assert_example_or_sentence(data, json_only=as_json)


@given(text=st.text("query:{}[]\"',&*!|>%@`#?- \n\t01é\u2028", max_size=60), as_json=st.booleans())
def test_any_text_of_yaml_and_json_signs(text, as_json):
    assert_example_or_sentence(text.encode(), json_only=as_json)


@given(cut=st.integers(0, 400), data=st.data())
def test_any_cut_of_a_valid_file(cut, data):
    fields = data.draw(st.sampled_from(VALID))
    as_json = data.draw(st.booleans())
    text = json.dumps(fields) if as_json else yaml.safe_dump(fields)
    assert_example_or_sentence(text[:cut].encode(), json_only=as_json)
