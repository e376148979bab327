"""What was written as JSON is read again, number for number."""

import json
from decimal import Decimal

import numpy as np
import pytest

import pellucid
from pellucid.derivation.comparison import compare
from pellucid.derivation.written import is_written, parse_derivation, read_derivation
from pellucid.errors import InputError
from pellucid.examples import shipped_examples
from pellucid.numbers import FLOAT32, FLOAT64, Exact
from pellucid.pretrained import open_model
from small_transformers import OPTIONS, small_pass

WITH_INFINITY = ("fully-masked-row", "dog-on-the-mat")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *((example.name, {}) for example in shipped_examples()),
        *((name, {kind: value}) for name in WITH_INFINITY for kind, value in (("dtype", "float32"), ("exact", True))),
    ],
)
def test_every_example_reads_back_the_same(name, options):
    derivation = pellucid.explain(name, **options)
    read = parse_derivation(derivation.to_json().encode(), "x.json")
    assert list(read.steps) == list(derivation.steps)
    found = compare(derivation, read, 0.0)
    assert found.same, found.first
    assert (read.title, type(read.numbers)) == (derivation.title, type(derivation.numbers))
    if not options.get("exact"):
        assert read.numbers is derivation.numbers
    for step in derivation:
        assert [axis.name for axis in read[step.name].axes] == [axis.name for axis in step.axes]
        tokens = [axis.labels for axis in step.axes if axis.name in ("query", "key")]
        assert [axis.labels for axis in read[step.name].axes if axis.name in ("query", "key")] == tokens


@pytest.mark.parametrize("name", OPTIONS)
def test_a_whole_pass_reads_back_the_same(name):
    derivation = small_pass(name)
    assert compare(derivation, parse_derivation(derivation.to_json().encode(), "x.json"), 0.0).same


def test_tokens_of_a_translator_stand_where_they_stood():
    """Source and target have 9 and 2 tokens; a file lists each once."""
    derivation = open_model("by-hand-translator").passes.explain("The dog is sitting on the mat.", "Der")
    read = parse_derivation(derivation.to_json().encode(), "x.json")
    for step in derivation:
        for mine, written in zip(step.axes, read[step.name].axes, strict=True):
            if mine.name in ("query", "key", "token"):
                assert written.labels == mine.labels or step.short_name == "mask", step.name


def recording(values, shape=(2,), axes=("query",), **changes):
    step = {"name": "scores", "axes": list(axes), "shape": list(shape), "values": values}
    return {"title": "t", "tokens": ["a", "b"], "steps": [step], **changes}


def parse(document):
    return parse_derivation(json.dumps(document).encode(), "x.json")


@pytest.mark.parametrize(
    ("values", "numbers", "expected"),
    [
        ([0.1, "-inf"], FLOAT32, [0.1, -np.inf]),
        ([0.1000000001, "-inf"], FLOAT64, [0.1000000001, -np.inf]),
        (["0.1", "-inf"], Exact, [Decimal("0.1"), Decimal("-Infinity")]),
        ([True, False], FLOAT64, [True, False]),
        ([3, 4], FLOAT64, [3, 4]),
    ],
)
def test_numbers_come_in_the_type_they_were_written_in(values, numbers, expected):
    read = parse(recording(values))
    assert read["scores"].value.tolist() == expected
    assert isinstance(read.numbers, numbers) if numbers is Exact else read.numbers is numbers
    assert read["scores"].axes[0].labels == ("a", "b")


def test_what_was_left_blank_is_left_out():
    document = recording([1.0, 2.0])
    document["steps"].append({"name": "weights", "axes": ["query"], "shape": [2], "values": None})
    assert list(parse(document).steps) == ["scores"]


@pytest.mark.parametrize(
    ("document", "part"),
    [
        ([], "is no recording"),
        ({"title": "t", "tokens": []}, "missing required field `steps`"),
        (recording([1.0, 2.0], steps=[]), "holds no step"),
        (recording([1.0, 2.0, 3.0]), r"scores are no numbers of shape \(2,\) with axes query"),
        (recording([1.0, 2.0], axes=()), "axes none"),
        (recording([[1.0], [2.0, 3.0]], (2, 2), ("query", "key")), "no numbers of shape"),
        (recording(["one", "two"]), "no numbers"),
        (recording([None, 1.0]), "no numbers"),
        (recording({"a": 1}), "no numbers"),
        (recording([1.0, 2.0], (-2,)), "no numbers"),
        (recording(0, steps=[*recording([1.0, 2.0])["steps"] * 2]), "has the step 'scores' twice"),
    ],
)
def test_what_is_no_recording_is_one_sentence(document, part):
    with pytest.raises(InputError, match=part) as error:
        parse(document)
    assert str(error.value).startswith("x.json")


def test_files(tmp_path):
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        read_derivation(tmp_path / "none.json")
    for name, content, written in (
        ("a.json", json.dumps(recording([1.0, 2.0])), True),
        ("b.json", '{"tokens": ["a"], "scores": [[1]]}', False),
        ("c.json", "\udcff{".encode("utf-8", "surrogateescape").decode("latin-1"), False),
    ):
        (tmp_path / name).write_text(content, encoding="latin-1")
        assert is_written(tmp_path / name) is written
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is no recording"):
        read_derivation(tmp_path / "a.json")
