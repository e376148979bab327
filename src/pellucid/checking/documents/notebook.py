"""Jupyter notebooks: the texts in the JSON of the file, each located where it stands in it.

The strings of a JSON file are, in order, its matches of one expression; so are the strings met while walking through
what `json` makes of it with its objects as lists of pairs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pellucid.checking.documents.code import language_of, read_code
from pellucid.checking.documents.formulas import passage
from pellucid.checking.documents.markdown import read_markdown
from pellucid.checking.documents.mathematics import in_a_line
from pellucid.checking.mapped_text import Builder, MappedText
from pellucid.checking.passages import Part, Passage, Table
from pellucid.checking.source import Source
from pellucid.errors import InputError

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": " ", "f": " "}
_FORMATTING = re.compile(r"\x1b\[[0-9;]{0,20}m")


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON, its pairs in order."""


class _String:
    """A string of the file: what it says, and where it stands without its quotation marks."""

    def __init__(self, text: str, place: tuple[int, int]) -> None:
        self.text = text
        self.place = place


def read(source: Source) -> list[Part]:
    """The passages and tables of a notebook, its cells in order, each followed by its outputs.

    Raises:
        InputError: it is not JSON, or not a notebook.
    """
    try:
        loaded = json.loads(source.text, object_pairs_hook=_Pairs)
        notebook = _located(loaded, _places(source.text), 0)
    except json.JSONDecodeError as error:
        raise InputError(
            f"line {error.lineno}, column {error.colno} is not JSON: {error.msg[0].lower()}{error.msg[1:]}; "
            "a notebook is a JSON file."
        ) from None
    except (RecursionError, ValueError):  # ValueError: an integer of thousands of digits
        raise InputError("the JSON of the notebook is nested too deeply or holds too long a number.") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise InputError("the file is JSON and no notebook, which has a list of cells; give one of format 4.")
    reader = _Reader(MappedText.whole(source.text), _language(notebook))
    return [part for cell in cells if isinstance(cell, dict) for part in reader.cell(cell)]


def _places(text: str) -> Iterator[tuple[int, int]]:
    for found in _STRING.finditer(text):
        yield found.start() + 1, found.end() - 1


def _located(value: Any, places: Iterator[tuple[int, int]], depth: int) -> Any:
    """The same with every string located; objects are dictionaries again."""
    if depth > 200:
        raise RecursionError
    if isinstance(value, _Pairs):
        found = {}
        for key, inside in value:
            next(places)
            found[key] = _located(inside, places, depth + 1)
        return found
    if isinstance(value, list):
        return [_located(inside, places, depth + 1) for inside in value]
    return _String(value, next(places)) if isinstance(value, str) else value


def _language(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    for key in ("language_info", "kernelspec"):
        entry = metadata.get(key) if isinstance(metadata, dict) else None
        name = entry.get("name" if key == "language_info" else "language") if isinstance(entry, dict) else None
        if isinstance(name, _String):
            return language_of(name.text) or "python"
    return "python"


def _text(value: Any) -> str:
    return value.text if isinstance(value, _String) else ""


class _Reader:
    def __init__(self, mapped: MappedText, language: str) -> None:
        self.mapped = mapped
        self.language = language

    def joined(self, value: Any) -> MappedText:
        """The text of a string or of a list of them, its escapes resolved."""
        builder = Builder(self.mapped)
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, _String):
                self.write(builder, *entry.place)
        return builder.build()

    def write(self, builder: Builder, start: int, end: int) -> None:
        position = start
        if self.mapped.text.find("\\", start, end) < 0:
            builder.keep(start, end)
            return
        for found in _ESCAPE.finditer(self.mapped.text, start, end):
            builder.keep(position, found.start())
            builder.put(_unescaped(found.group()), *found.span())
            position = found.end()
        builder.keep(position, end)

    def cell(self, cell: dict[str, Any]) -> Iterator[Part]:
        kind, text = _text(cell.get("cell_type")), self.joined(cell.get("source"))
        if kind == "markdown":
            yield from read_markdown(text)
        elif kind == "code":
            yield from read_code(text, self.language)
            outputs = cell.get("outputs")
            for output in outputs if isinstance(outputs, list) else []:
                if isinstance(output, dict):
                    yield from self.output(output)
        elif text.text.strip():
            yield Passage("verbatim", text)

    def output(self, output: dict[str, Any]) -> Iterable[Part]:
        kind = _text(output.get("output_type"))
        if kind == "stream":
            return self.printed(output.get("text"))
        data = output.get("data")
        if not isinstance(data, dict):
            return []
        plain, html = data.get("text/plain"), data.get("text/html")
        if "text/markdown" in data:
            return read_markdown(self.joined(data["text/markdown"]))
        if html is not None:
            from pellucid.checking.documents.html import read_html

            parts = read_html(self.joined(html))
            if plain is None or any(isinstance(part, Table) for part in parts):
                return parts
        if plain is not None:
            return self.printed(plain)
        return passage(in_a_line(_without_dollars(self.joined(data.get("text/latex")))), "mathematics")

    def printed(self, value: Any) -> Iterator[Part]:
        text = self.joined(value)
        if "\x1b" in text.text:
            builder = Builder(text)
            position = 0
            for found in _FORMATTING.finditer(text.text):
                builder.keep(position, found.start())
                position = found.end()
            builder.keep(position, len(text))
            text = builder.build()
        if text.text.strip():
            start = len(text.text) - len(text.text.lstrip("\r\n"))
            yield Passage("output", text[start : max(start, len(text.text.rstrip()))])


def _unescaped(written: str) -> str:
    if written[1] != "u":
        return _ESCAPES.get(written[1], written[1])
    high = int(written[2:6], 16)
    if not 0xD800 <= high <= 0xDFFF:
        return chr(high)
    return chr(0x10000 + ((high - 0xD800) << 10) + int(written[8:], 16) - 0xDC00) if len(written) > 6 else "�"


def _without_dollars(text: MappedText) -> MappedText:
    stripped = text.stripped()
    while len(stripped) > 1 and stripped.text[0] == stripped.text[-1] == "$":
        stripped = stripped[1 : len(stripped) - 1]
    return stripped
