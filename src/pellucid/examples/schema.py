"""The schema of an example file."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pellucid.errors import ExampleError, nearest

Rows = list[Any]
"""Nested lists of numbers and texts; `pellucid.examples.entries` says what each entry may be."""


class Claim(BaseModel):
    """What a document prints for one step."""

    model_config = ConfigDict(extra="forbid")

    step: str
    at: list[int | str] = Field(default_factory=list)
    printed: str | list[Any]


class ExampleFile(BaseModel):
    """An example file: `Example` explains the fields. Every scalar of a file arrives as text."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = None
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
    weights: dict[str, Rows] = Field(default_factory=dict)
    biases: dict[str, Rows] = Field(default_factory=dict)
    scores: Rows | None = None
    num_heads: int = 1
    num_key_value_heads: int | None = None
    scale: str | None = "1/sqrt(d_k)"
    mask: str | dict[str, Any] | Rows | None = "none"
    layout: str = "rows"
    focus: str | None = None
    claims: list[Claim] = Field(default_factory=list)
    beside: dict[str, Any] | None = None


def check_fields(fields: dict[str, Any]) -> ExampleFile:
    """The fields of a file, checked against the schema.

    Raises:
        ExampleError: the first thing that is wrong, as a sentence.
    """
    try:
        return ExampleFile.model_validate(fields)
    except ValidationError as error:
        raise ExampleError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    problems = error.errors()
    # An unknown key explains more than what is missing because of it.
    problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    place = [part for part in problem["loc"] if isinstance(part, int) or not part.startswith(("list[", "dict[", "str"))]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    if problem["type"] == "extra_forbidden":
        known = list((Claim if place[0] == "claims" else ExampleFile).model_fields)
        return (
            f"{where} is not a key of an example file{nearest(str(place[-1]), known)}; the keys are {', '.join(known)}."
        )
    if problem["type"] == "missing":
        return f"{where} is missing; give it."
    needed = {
        "string_type": "a text",
        "list_type": "a list",
        "dict_type": "keys with values",
        "int_parsing": "a whole number",
        "int_type": "a whole number",
    }.get(problem["type"], problem["msg"][0].lower() + problem["msg"][1:])
    shown = repr(problem["input"])
    return f"{where} is {shown if len(shown) <= 40 else shown[:40] + '…'}; it needs to be {needed}."
