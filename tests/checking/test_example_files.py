"""What is taken for an example file."""

import pytest

from pellucid.checking.example_files import holds_example, is_example_file


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.YAML", b"", True),
        ("a.md", b"query: [[1]]\nkey: [[1]]", False),
        ("<stdin>", b"title: A\nquery: [[1]]", True),
        ("<stdin>", b"\xef\xbb\xbfscores: [[1]]", True),
        ("<stdin>", b"value: [[1]]\nquery: [[1]]", True),
        ("<stdin>", b'{"title": "a",\n "claims": []}', True),
        ("/dev/fd/63", b"tokens: [a]\nembeddings: [[1]]", True),
        ("<stdin>", b"title: A page\n\nThe query is 1.", False),
        ("<stdin>", b"# Title\nquery: [[1]]", False),
        ("<stdin>", b'{"cells": [],\n"query": 1}', False),
    ],
)
def test_what_the_user_means(name, data, expected):
    assert is_example_file(name, data) == expected


@pytest.mark.parametrize(
    ("suffix", "data", "expected"),
    [
        (".yaml", b"query:\n  - [1]\nkey:\n- - 1\n", True),
        (".yaml", b"query: [[1]\nkey: [[1]]\n", True),
        (".yaml", b"query: [[1]]\nvalue: [[1]]\n", False),
        (".yml", b"claims:\n  - at: [1]\n    step: scores\n", True),
        (".yml", b"claims: none\n", False),
        (".json", b'{"query": [[1]], "key": [[1]], }', True),
        (".json", b'{"query": [1], "key": [1]}', False),
        (".json", b'[{"claims": [{"step": "scores"}]}]', False),
        (".yaml", b"query: [[1]]\nkey: [[1]]\n" + b"#" * 5_000_000, False),
    ],
)
def test_what_lies_in_a_folder(suffix, data, expected):
    assert holds_example(suffix, data) == expected
