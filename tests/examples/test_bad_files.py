"""Files that cannot be read: one error, one sentence."""

import pytest

from pellucid import read_example
from pellucid.errors import ExampleError
from pellucid.examples.library import load_example
from pellucid.examples.reader import MOST_BYTES, parse_example
from sentences import assert_one_sentence

GOOD = b"query: [[1]]\nkey: [[1]]\nvalue: [[1]]\n"


def refusal(data, *, json_only=False):
    with pytest.raises(ExampleError) as caught:
        parse_example(data, json_only=json_only)
    assert_one_sentence(str(caught.value))
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the file is empty; an example needs at least query, key and value."),
        (b"\n  \n# only a comment\n", "the file is empty"),
        (b"---\n", "the file is empty"),
        (b"\x00\x01", "the file is binary; an example file is text, YAML or JSON."),
        (b"PK\x03\x04\x00\x00", "the file is binary"),
        ("query: [[1]]".encode("utf-16"), "the file is UTF-16 text; save it as UTF-8."),
        ("query: [[1]]".encode("utf-16-be"), "the file is binary"),
        ("title: Grüße".encode("latin-1"), "the file is not UTF-8 text; save it as UTF-8."),
        (b"- 1\n- 2\n", "the file holds a list; an example file holds keys with values, such as `query: [[…]]`."),
        (b"hello", "the file holds a single text; an example file holds keys with values"),
        (GOOD + b"key: [[2]]\n", "line 4: the key 'key' stands there twice; keep one of them."),
        (b"weights:\n  query: [[1]]\n  query: [[2]]\n", "line 3: the key 'query' stands there twice"),
        (b"!tag {query: [[1]], query: [[2]]}", "line 1: the key 'query' stands there twice"),
        (b"? [a, b]\n: 1\n", "line 1: a key needs to be a single word."),
        (b"query: &q [[1]]\nkey: *q\n", "the YAML alias *q is not read; write its value out."),
        (b"a: &a [x]\nb: &b [*a, *a]\n", "the YAML alias *a is not read"),
        (b"query: [[1]\nkey: [[1]]\n", "this is not YAML: while parsing a flow sequence"),
        (b"query: [[1]]\n\tkey: 1\n", "this is not YAML"),
        (b"query: \x01\n", "this is not YAML"),
        (b'title: "\\ud800"\n', "this is not YAML"),
        (GOOD + b"---\n" + GOOD, "line 4, column 1: this is not YAML: expected a single document in the stream"),
        (b"query: " + b"[" * 10_000 + b"]" * 10_000, "the file is nested more than 12 deep."),
        (b"a: " * 14 + b"1", "this is not YAML"),
    ],
)
def test_yaml(data, sentence):
    assert sentence in refusal(data)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"null", "the file is empty"),
        (b"[1]", "the file holds a list"),
        (b"true", "the file holds a single text"),
        (b'{"query": [[1]],}', "line 1 is not JSON: "),
        (b'{\n"query": [[1]]\n"key": [[1]]}', "line 3 is not JSON: expecting ',' delimiter at column 1."),
        (GOOD, "line 1 is not JSON"),
        (b'{"query": [[1]], "query": [[2]]}', "the key 'query' stands there twice; keep one of them."),
        (b'{"weights": {"key": 1, "key": 2}}', "the key 'key' stands there twice"),
        (b'{"query": ' + b"[" * 15 + b"]" * 15 + b"}", "the file is nested more than 12 deep."),
        (b'{"query": ' + b"[" * 900 + b"]" * 900 + b"}", "the file is nested more than 12 deep."),
        (b'{"query": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "the file is nested more than 12 deep."),
        (b'{"tokens": ["\\ud800"]}', "'\\ud800' holds half a surrogate pair, which is no character"),
        (b'{"\\udfff": 1}', "'\\udfff' holds half a surrogate pair"),
    ],
)
def test_json(data, sentence):
    assert sentence in refusal(data, json_only=True)


def test_a_whole_surrogate_pair_is_a_character():
    example = parse_example(b'{"tokens": ["\\ud83d\\ude00"], "scores": [[1]], "scale": "none"}', json_only=True)
    assert example.query_tokens == ("😀",)


@pytest.mark.parametrize("excess", [0, 1])
def test_a_large_file_is_refused_by_its_size(excess):
    padded = GOOD + b"#" * (MOST_BYTES - len(GOOD) + excess)
    if excess:
        assert "the file is larger than 5 MB" in refusal(padded)
    else:
        assert parse_example(padded).rows == (1, 1)


class TestPaths:
    def refusal(self, path):
        with pytest.raises(ExampleError) as caught:
            read_example(path)
        return str(caught.value)

    def test_a_missing_file(self, tmp_path):
        path = tmp_path / "absent.yaml"
        assert self.refusal(path) == f"{path}: No such file or directory; give the path of an example file."

    def test_a_directory(self, tmp_path):
        assert self.refusal(tmp_path) == f"{tmp_path}: Is a directory; give the path of an example file."

    def test_a_file_without_permission(self, tmp_path, monkeypatch):
        path = tmp_path / "secret.yaml"
        path.write_bytes(GOOD)
        path.chmod(0)
        monkeypatch.setattr("pathlib.Path.open", _forbidden)  # root may read everything
        assert self.refusal(path) == f"{path}: Permission denied; give the path of an example file."

    def test_a_null_character(self):
        assert "give the path of an example file." in self.refusal("a\0b")

    def test_a_name_that_is_too_long(self):
        assert "give the path of an example file." in self.refusal("a" * 5_000)

    def test_a_10_mb_file(self, tmp_path):
        path = tmp_path / "large.yaml"
        path.write_bytes(GOOD + b"#" * 10_000_000)
        assert self.refusal(path).startswith(
            f"{path}: the file is larger than 5 MB, the most an example file can have;"
        )

    def test_what_is_wrong_inside_begins_with_the_name(self, tmp_path):
        path = tmp_path / "wrong.yaml"
        path.write_bytes(GOOD.replace(b"value", b"velue"))
        assert self.refusal(path).startswith(f"{path}: 'velue' is not a key of an example file (did you mean 'value'?)")


def _forbidden(*args, **kwargs):
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("name", ["dog-on-the-mad", "x" * 5_000, "a\0b"])
def test_a_name_that_is_neither_shipped_nor_a_file(name):
    with pytest.raises(ExampleError, match="is neither a shipped example"):
        load_example(name)


def test_a_shipped_name_misspelt_suggests_the_nearest():
    with pytest.raises(ExampleError, match=r"did you mean 'dog-on-the-mat'\?"):
        load_example("dog-on-the-mad")
