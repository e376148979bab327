"""The schema of an example file."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pellucid.errors import ExampleError, nearest

Rows = list[Any]
"""Nested lists of numbers and texts; `pellucid.examples.entries` says what each entry may be."""


class Claim(msgspec.Struct, forbid_unknown_fields=True):
    """What a document prints for one step.

    Args:
        step: its name.
        at: positions from 0 or tokens; none for the whole step.
        printed: the text as printed, or nested lists of texts with null for what is not printed.
    """

    step: str
    printed: str | list[Any]
    at: list[int | str] = []


class ExampleFile(msgspec.Struct, forbid_unknown_fields=True):
    """The fields of an example file; `Example` explains them. Every scalar of a file arrives as text."""

    title: str = ""
    purpose: str = ""
    tokens: list[str] | str | None = None
    query_tokens: list[str] | str | None = None
    key_tokens: list[str] | str | None = None
    query: Rows | None = None
    key: Rows | None = None
    value: Rows | None = None
    embeddings: Rows | None = None
    memory: Rows | None = None
    positions: Rows | str | None = None
    weights: dict[str, Any] = {}
    biases: dict[str, Any] = {}
    scores: Rows | None = None
    num_heads: int = 1
    num_key_value_heads: int | None = None
    scale: str | None = "1/sqrt(d_k)"
    mask: str | dict[str, Any] | Rows | None = "none"
    layout: str = "rows"
    focus: str | None = None
    claims: list[Claim] = []
    beside: dict[str, Any] | None = None


_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.*?)`(?: - at `\$\.?(?P<place>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<key>.*?)`(?: - at `\$\.?(?P<place>.*)`)?", re.DOTALL)
_TYPE = re.compile(r"Expected `(?P<needed>.*?)`, got `(?P<got>.*?)`(?: - at `\$\.?(?P<place>.*)`)?", re.DOTALL)
_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "null": "nothing",
    "object": "keys with values",
    "str": "a text",
}


def check_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that are given, checked against the schema and converted.

    Raises:
        ExampleError: the first thing that is wrong, as a sentence.
    """
    try:
        file = msgspec.convert(fields, ExampleFile, strict=False)
    except msgspec.ValidationError as error:
        raise ExampleError(_sentence(str(error))) from None
    return {name: getattr(file, name) for name in fields}


def _sentence(message: str) -> str:
    if unknown := _UNKNOWN.fullmatch(message):
        known = list((Claim if unknown["place"] else ExampleFile).__struct_fields__)
        where = ".".join(part for part in (unknown["place"], unknown["key"]) if part)
        guess = nearest(unknown["key"], known)
        return f"{where!r} is not a key of an example file{guess}; the keys are {', '.join(known)}."
    if missing := _MISSING.fullmatch(message):
        return f"{missing['place']} has no {missing['key']!r}; give it."
    if wrong := _TYPE.fullmatch(message):
        needed = [_WORDS.get(kind, kind) for kind in wrong["needed"].split(" | ") if kind != "null"]
        got = _WORDS.get(wrong["got"], wrong["got"])
        return f"{wrong['place'] or 'the file'} is {got}; it needs to be {' or '.join(needed)}."
    return f"{message[0].lower()}{message[1:]}."
