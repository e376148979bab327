"""Reading example files, YAML or JSON.

Every scalar is read as the text it is: `0.30` keeps its digits for exact mode, and the token `on` stays a word
(YAML 1.1 would make it a boolean).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from pellucid.errors import ExampleError, InputError
from pellucid.examples.example import Example
from pellucid.examples.schema import check_fields

MOST_BYTES = 5_000_000
_MOST_DEPTH = 12


def read_example(path: str | Path) -> Example:
    """The example in a file; `.json` is read as JSON, anything else as YAML (of which JSON is a part).

    Raises:
        ExampleError: the file cannot be read or is no example; one sentence that begins with its name.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ExampleError(f"{path}: {error.strerror or error}; give the path of an example file.") from None
    try:
        return parse_example(data, json_only=path.suffix.lower() == ".json", default_title=path.stem)
    except InputError as error:
        raise ExampleError(f"{path}: {error}") from None


def parse_example(data: bytes, *, json_only: bool = False, default_title: str = "Attention") -> Example:
    """The example in the contents of a file.

    Raises:
        ExampleError: it is too large, not text, not YAML or JSON, or no example.
    """
    if len(data) > MOST_BYTES:
        raise ExampleError(
            f"the file is larger than {MOST_BYTES // 1_000_000} MB, the most an example file can have; "
            "for larger inputs give NumPy arrays to pellucid.Example in Python."
        )
    if b"\0" in data:
        raise ExampleError("the file is binary; an example file is text, YAML or JSON.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ExampleError("the file is not UTF-8 text; save it as UTF-8.") from None
    fields = _load_json(text) if json_only else _load_yaml(text)
    if fields is None or fields == "":
        raise ExampleError("the file is empty; an example needs at least query, key and value.")
    if not isinstance(fields, dict):
        raise ExampleError(
            f"the file holds {_kind(fields)}; an example file holds keys with values, such as `query: [[…]]`."
        )
    return _build(fields, default_title)


def _build(fields: dict[str, Any], default_title: str) -> Example:
    """The example that fields describe; the one beside it has the same fields but for those it gives itself."""
    given = check_fields(fields)
    given.setdefault("title", default_title)
    beside = given.pop("beside", None)
    example = Example(**given)
    if beside is None:
        return example
    if "beside" in beside:
        raise ExampleError("beside holds another beside; two examples can be read side by side, not three.")
    inherited = {name: value for name, value in given.items() if name not in ("claims", "purpose")}
    if "memory" in beside or "key_tokens" in beside:
        inherited.pop("key_tokens", None)
    try:
        example.beside = Example(**{**inherited, **check_fields(beside)})
    except ExampleError as error:
        raise ExampleError(f"beside: {error}") from None
    return example


def _load_json(text: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise ExampleError(
            f"line {error.lineno} is not JSON: {error.msg[0].lower()}{error.msg[1:]} at column {error.colno}."
        ) from None
    except RecursionError:
        raise ExampleError(f"the file is nested more than {_MOST_DEPTH} deep.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise ExampleError(f"the key {key!r} stands there twice; keep one of them.")
        fields[key] = value
    return fields


_BaseLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_BaseLoader):  # type: ignore[misc]  # the C loader where PyYAML has it
    """Scalars as text; duplicate keys, aliases and deep nesting are errors."""


def _construct_mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise ExampleError(f"line {line}: a key needs to be a single word.")
        key = key_node.value
        if key in fields:
            raise ExampleError(f"line {line}: the key {key!r} stands there twice; keep one of them.")
        fields[key] = loader.construct_object(value_node, deep=True)
    return fields


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def _load_yaml(text: str) -> Any:
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):
                raise ExampleError(f"the YAML alias *{event.anchor} is not read; write its value out.")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _MOST_DEPTH:
                    raise ExampleError(f"the file is nested more than {_MOST_DEPTH} deep.")
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ExampleError(f"{place}this is not YAML: {error.problem or error.context}.") from None
    except yaml.YAMLError as error:
        raise ExampleError(f"this is not YAML: {' '.join(str(error).split())}.") from None


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a single text"
