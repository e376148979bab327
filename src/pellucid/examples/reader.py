"""Reading example files, YAML or JSON.

Every scalar is read as the text it is: `0.30` keeps its digits for exact mode, and the token `on` stays a word
(YAML 1.1 would make it a boolean).
"""

from __future__ import annotations

import codecs
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
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise ExampleError(f"{path}: {reason}; give the path of an example file.") from None
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
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ExampleError("the file is UTF-16 text; save it as UTF-8.")
    if b"\0" in data:
        raise ExampleError("the file is binary; an example file is text, YAML or JSON.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ExampleError("the file is not UTF-8 text; save it as UTF-8.") from None
    fields = _load_json(text) if json_only else _load_yaml(text)
    _check_text(fields)
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
        raise _too_deep() from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise ExampleError(f"the key {key!r} stands there twice; keep one of them.")
        fields[key] = value
    return fields


_BaseLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_BaseLoader):  # type: ignore[misc]  # the C loader where PyYAML has it
    """Scalars as text; duplicate keys are errors."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ExampleError(f"line {line}: a key needs to be a single word.")
            key = key_node.value
            if key in fields:
                raise ExampleError(f"line {line}: the key {key!r} stands there twice; keep one of them.")
            fields[key] = self.construct_object(value_node, deep=True)
        return fields


def _load_yaml(text: str) -> Any:
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):
                raise ExampleError(f"the YAML alias *{event.anchor} is not read; write its value out.")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _MOST_DEPTH:
                    raise _too_deep()
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        reason = ", ".join(part for part in (error.context, error.problem) if part)
        if "maximum nesting depth" in reason:  # newer parsers stop by themselves
            raise _too_deep() from None
        raise ExampleError(f"{place}this is not YAML: {reason}.") from None
    except yaml.YAMLError as error:
        raise ExampleError(f"this is not YAML: {' '.join(str(error).split())}.") from None


def _check_text(value: Any, depth: int = 0) -> None:
    """Whether what was read is nested within reason and all its text can be written again.

    JSON can spell half a surrogate pair, which is no character.
    """
    if depth > _MOST_DEPTH:
        raise _too_deep()
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise ExampleError(f"{value!r} holds half a surrogate pair, which is no character; write the whole pair.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check_text(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_text(item, depth + 1)


def _too_deep() -> ExampleError:
    return ExampleError(f"the file is nested more than {_MOST_DEPTH} deep.")


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a single text"
