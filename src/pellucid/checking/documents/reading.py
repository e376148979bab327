"""Which reader reads which file."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import PurePath

from pellucid.checking.documents.aligned import with_tables
from pellucid.checking.documents.plain_numbers import with_plain_numbers
from pellucid.checking.passages import Part
from pellucid.checking.source import Source
from pellucid.errors import InputError, nearest

FORMATS = {
    "markdown": (".md", ".markdown", ".mdown", ".mkd", ".mdx", ".qmd", ".rmd"),
    "html": (".html", ".htm", ".xhtml"),
    "latex": (".tex", ".latex", ".ltx"),
    "notebook": (".ipynb",),
    "rst": (".rst", ".rest"),
    "python": (".py", ".pyi"),
    "c": (".c", ".h", ".cpp", ".cc", ".cxx", ".hpp", ".cu", ".cuh", ".rs", ".js", ".mjs", ".ts", ".java", ".go", ".cs",
          ".swift", ".kt", ".scala", ".jl", ".r", ".m"),
    "csv": (".csv", ".tsv"),
    "xlsx": (".xlsx",),
    "text": (".txt", ""),
}  # fmt: skip
"""Every format, with the suffixes of its files."""

_BY_SUFFIX = {suffix: file_format for file_format, suffixes in FORMATS.items() for suffix in suffixes}
_NAMELESS = re.compile(r"<stdin>|/dev/(?:stdin|fd/\d+)|/proc/(?:self|\d+)/fd/\d+")
_HTML = re.compile(r"\s*<(?:!doctype|html|\?xml)", re.IGNORECASE)
_NOTEBOOK = re.compile(r"\s*\{")
_LATEX = re.compile(r"\\documentclass|\\begin\{document\}")


def is_nameless(name: str) -> bool:
    """Whether a name says nothing about what is in the file: that of standard input or of a pipe."""
    return _NAMELESS.fullmatch(name) is not None


def format_of(name: str, text: str | None) -> str:
    """The format of a file, by the suffix of its name; of standard input and of pipes, by its text."""
    if not is_nameless(name):
        return _BY_SUFFIX.get(PurePath(name).suffix.lower(), "text")
    text = text or ""
    if _HTML.match(text):
        return "html"
    if _NOTEBOOK.match(text) and '"cells"' in text:
        return "notebook"
    return "latex" if _LATEX.search(text) else "markdown"


def read_document(source: Source, file_format: str) -> list[Part]:
    """Its passages and tables, in reading order.

    Raises:
        InputError: there is no such format, or the file is not what its format asks for.
    """
    if file_format not in FORMATS:
        raise InputError(
            f"there is no format {file_format!r}{nearest(file_format, list(FORMATS))}; "
            f"the formats are {', '.join(FORMATS)}."
        )
    room = {"python": "code", "c": "code"}.get(file_format, file_format)
    read: Callable[[Source], list[Part]] = import_module(f"{__package__}.{room}").read
    return with_tables(with_plain_numbers(read(source), source))
