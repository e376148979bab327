"""Which files a command line means, and what is in them."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pellucid.errors import InputError

STANDARD_INPUT = "<stdin>"
CORRECTED = ".corrected"
"""Stands before the suffix of the file that `--fix` writes."""

_WRITING = (".md", ".markdown", ".html", ".htm", ".tex", ".ipynb", ".rst", ".txt")
_PROGRAMS = (".py", ".c", ".h", ".cpp", ".rs")
_TABLES = (".csv", ".tsv", ".xlsx")
_EXAMPLES = (".yaml", ".yml", ".json")
_SUFFIXES = frozenset((*_WRITING, *_PROGRAMS, *_TABLES, *_EXAMPLES))
_DATA = frozenset((".yaml", ".yml", ".json", ".csv", ".tsv", ".txt"))  # most of these hold something else
_SKIPPED_FOLDERS = frozenset(("__pycache__", "node_modules", "build", "dist"))
_TELLING_KEYS = ("query", "scores", "embeddings", "claims")
_TELLING_LINE = re.compile(rb"""^["']?(?:query|scores|embeddings|claims)["']?[ \t]*:""", re.MULTILINE)


@dataclass(frozen=True)
class CheckedFile:
    """A file to be checked.

    Args:
        path: where it is; `None` for standard input.
        is_named: whether the user named it, rather than a folder it lies in.
    """

    path: Path | None
    is_named: bool = True

    @property
    def name(self) -> str:
        """As the user gave it, in characters that can be printed."""
        return STANDARD_INPUT if self.path is None else str(self.path).encode("utf-8", "replace").decode()

    @property
    def may_be_anything(self) -> bool:
        """Whether it was come across, and is of a kind that usually holds something else than worked examples."""
        return not self.is_named and self.path is not None and self.path.suffix.lower() in _DATA

    def content(self) -> bytes:
        """What is in it.

        Raises:
            OSError: it cannot be read.
        """
        if self.path is None:
            return sys.stdin.buffer.read()
        if self.path.exists() and not self.path.is_file():
            raise OSError("it is no regular file")  # a pipe or a device may never end
        return self.path.read_bytes()


def checked_files(arguments: Sequence[str]) -> list[CheckedFile]:
    """The files that arguments mean: files, `-` for standard input, and what lies in folders; each once.

    Raises:
        InputError: an argument is empty.
    """
    found: dict[Path | None, CheckedFile] = {}
    for argument in arguments:
        if not argument:
            raise InputError("a file name is empty; name a file, a folder, or - for standard input.")
        path = Path(argument)
        if argument == "-":
            found.setdefault(None, CheckedFile(None))
        elif path.is_dir():
            for inner in _walk(path):
                found.setdefault(inner.resolve(), CheckedFile(inner, is_named=False))
        else:
            found[path.resolve()] = CheckedFile(path)
    return list(found.values())


def is_example(path: Path, data: bytes) -> bool:
    """Whether a YAML or JSON file that was come across looks like an example file; others always do."""
    suffix = path.suffix.lower()
    if suffix == ".json":
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            return False
        return isinstance(document, dict) and any(key in document for key in _TELLING_KEYS)
    return suffix not in (".yaml", ".yml") or _TELLING_LINE.search(data) is not None


def corrected_path(path: Path) -> Path:
    """Where `--fix` writes: `article.corrected.md` beside `article.md`."""
    return path.with_name(f"{path.stem}{CORRECTED}{path.suffix}")


def _walk(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED_FOLDERS)
        for name in sorted(names):
            path = Path(where, name)
            if path.suffix.lower() in _SUFFIXES and not name.startswith(".") and not _is_corrected(path):
                yield path


def _is_corrected(path: Path) -> bool:
    """Whether `--fix` has written it."""
    original = path.stem.removesuffix(CORRECTED)
    return original != path.stem and path.with_name(f"{original}{path.suffix}").exists()
