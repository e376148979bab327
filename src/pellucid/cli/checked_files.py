"""Which files a command line means, and what is in them."""

from __future__ import annotations

import itertools
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pellucid.checking.documents.reading import FORMATS
from pellucid.checking.example_files import SUFFIXES as EXAMPLE_SUFFIXES
from pellucid.checking.example_files import holds_example
from pellucid.cli.own_reports import is_own_report
from pellucid.errors import InputError

STANDARD_INPUT = "<stdin>"
CORRECTED = ".corrected"
"""Stands before the suffix of the file that `--fix` writes."""

_DATA = frozenset((*FORMATS["csv"], *FORMATS["text"]))
_SUFFIXES = frozenset((*itertools.chain.from_iterable(FORMATS.values()), *EXAMPLE_SUFFIXES)) - {""}
_SKIPPED_FOLDERS = frozenset(("__pycache__", "node_modules", "build", "dist"))
_MADE_BY_PROGRAMS = (".min.js", ".min.mjs")


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
        """Whether it was come across, and is a table or a text: data, which nobody minds when they cannot be read."""
        return not self.is_named and self._suffix in _DATA

    def is_other_data(self, data: bytes) -> bool:
        """Whether it was come across, and is a YAML or JSON file that holds no worked example."""
        return not self.is_named and self._suffix in EXAMPLE_SUFFIXES and not holds_example(self._suffix, data)

    def is_own_report(self, data: bytes) -> bool:
        """Whether it was come across, and is a report that `check` has written; an empty list may be anybody's."""
        return not self.is_named and data.strip() != b"[]" and is_own_report(self._suffix, data)

    @property
    def _suffix(self) -> str:
        return "" if self.path is None else self.path.suffix.lower()

    def content(self) -> bytes:
        """What is in it.

        Raises:
            OSError: it cannot be read.
        """
        if self.path is None:
            if sys.stdin is None:
                raise OSError("standard input is closed")
            return sys.stdin.buffer.read()
        mode = self.path.stat().st_mode
        if not (stat.S_ISREG(mode) or (self.is_named and stat.S_ISFIFO(mode))):
            raise OSError("it is no regular file")  # a device, or a pipe that was come across, may never end
        return self.path.read_bytes()


def checked_files(arguments: Sequence[str], output: Path | None = None) -> list[CheckedFile]:
    """The files that arguments mean: files, `-` for standard input, and what lies in folders; each once.

    Args:
        arguments: as the user gave them.
        output: where the report goes; an earlier one that lies in a folder is no document.

    Raises:
        InputError: an argument is empty.
    """
    found: dict[str | None, CheckedFile] = {}
    report = None if output is None else identity(output)
    for argument in arguments:
        if not argument:
            raise InputError("a file name is empty; name a file, a folder, or - for standard input.")
        path = Path(argument)
        if argument == "-":
            found.setdefault(None, CheckedFile(None))
        elif path.is_dir():
            for inner in _walk(path):
                if report is None or identity(inner) != report or not _is_report(inner):
                    found.setdefault(os.path.realpath(inner), CheckedFile(inner, is_named=False))
        else:
            place = os.path.realpath(path)
            if place not in found or not found[place].is_named:  # of several names the first that was given
                found[place] = CheckedFile(path)
    return list(found.values())


def identity(path: Path) -> tuple[int, int] | str:
    """The same for every path that names one file, through links too; of one that is not there, where it would be."""
    try:
        found = path.stat()
    except OSError:
        return os.path.realpath(path)
    return found.st_dev, found.st_ino


def corrected_path(path: Path) -> Path:
    """Where `--fix` writes: `article.corrected.md` beside `article.md`."""
    return path.with_name(f"{path.stem}{CORRECTED}{path.suffix}")


def _walk(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED_FOLDERS)
        for name in sorted(names):
            path = Path(where, name)
            is_left_out = name.startswith(".") or name.lower().endswith(_MADE_BY_PROGRAMS)
            if path.suffix.lower() in _SUFFIXES and not is_left_out and not _is_corrected(path):
                yield path


def _is_report(path: Path) -> bool:
    try:
        return is_own_report(path.suffix.lower(), path.read_bytes())
    except OSError:
        return False


def _is_corrected(path: Path) -> bool:
    """Whether `--fix` has written it."""
    original = path.stem.removesuffix(CORRECTED)
    return original != path.stem and path.with_name(f"{original}{path.suffix}").exists()
