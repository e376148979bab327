"""Which data are an example file: by the suffix, by how standard input begins, by what a file in a folder holds."""

from __future__ import annotations

import json
import re
from pathlib import PurePath

from pellucid.checking.documents.reading import is_nameless
from pellucid.examples.reader import MOST_BYTES
from pellucid.examples.schema import ExampleFile

SUFFIXES = (".yaml", ".yml", ".json")

_MARK = b"\xef\xbb\xbf"
_FIELDS = "|".join(ExampleFile.__struct_fields__).encode()
_BEGINNING = re.compile(rb"\s*\{?\s*[\"']?(?:%s)[\"']?\s*:" % _FIELDS)
_INPUT_OR_CLAIMS = re.compile(rb"^[\s{]*[\"']?(?:query|scores|embeddings|claims)[\"']?\s*:", re.MULTILINE)

_COLON = rb"[\"']?\s*:\s*(?:\#[^\n]*\s*)*"
_CLAIM = rb"(?:\[|-)\s*\{?\s*[\"']?(?:step|at|printed)\b"
_MATRIX = rb"(?:\[\s*\[|-\s*[-\[])"
_ALONE = rb"^[\"']?%s" + _COLON + rb"%s"  # YAML: a key of the file itself begins its line
_ANYWHERE = rb"[\"']%s" + _COLON + rb"%s"


def is_example_file(name: str, data: bytes) -> bool:
    """Whether a file that the user means is to be read as an example file.

    Args:
        name: its path, or `<stdin>`; of what has no name the beginning decides.
        data: its contents.
    """
    if not is_nameless(name):
        return PurePath(name).suffix.lower() in SUFFIXES
    data = data.removeprefix(_MARK)
    is_notebook = b'"cells"' in data[:2000]
    return not is_notebook and _BEGINNING.match(data) is not None and _INPUT_OR_CLAIMS.search(data) is not None


def holds_example(suffix: str, data: bytes) -> bool:
    """Whether a YAML or JSON file that was come across, and may hold anything, is an example file, if a broken one.

    It has claims, or queries and keys, which are matrices.
    """
    if len(data) > MOST_BYTES:
        return False
    data = data.removeprefix(_MARK)
    if suffix != ".json":
        return _tells(_ALONE, data)
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return _tells(_ANYWHERE, data)
    if not isinstance(document, dict):
        return False
    claims, query, key = (document.get(field) for field in ("claims", "query", "key"))
    if isinstance(claims, list) and claims and isinstance(claims[0], dict):
        return not claims[0].keys().isdisjoint(("step", "at", "printed"))
    return all(isinstance(matrix, list) and matrix and isinstance(matrix[0], list) for matrix in (query, key))


def _tells(form: bytes, data: bytes) -> bool:
    def holds(key: bytes, value: bytes) -> bool:
        return re.search(form % (key, value), data, re.MULTILINE) is not None

    return holds(b"claims", _CLAIM) or (holds(b"query", _MATRIX) and holds(b"key", _MATRIX))
