"""Where results go: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.errors import InputError, OutputError
from pellucid.files import write_atomically
from pellucid.rendering import FORMATS, Appearance, format_of, render

if TYPE_CHECKING:
    from pellucid.rendering.document import Document

__all__ = ["appearance", "asked_format", "choose_format", "deliver", "print_data", "write_atomically"]

_WIDEST = 120  # longer lines are hard to read


def choose_format(name: str | None, path: Path | None) -> str:
    """The format asked for, else the one a file's suffix stands for, else the terminal's.

    Raises:
        OutputError: there is no such format.
    """
    if name is not None:
        return name
    return "terminal" if path is None else format_of(path)


def asked_format(as_json: bool, name: str | None) -> str | None:
    """What --json and --to ask for together.

    Raises:
        InputError: two formats.
    """
    if as_json and name not in (None, "json"):
        raise InputError(f"--json and --to {name} ask for two formats; leave one of them out.")
    return "json" if as_json else name


def deliver(document: Document, file_format: str, path: Path | None, *, fragment: bool = False) -> None:
    """Show or write a document.

    Args:
        document: what.
        file_format: in which format.
        path: the file; `None` for standard output.
        fragment: without the frame of a whole document.

    Raises:
        OutputError: the file cannot be written, or a binary format would go to a terminal.
    """
    if path is None and _is_terminal() and file_format in FORMATS and FORMATS[file_format].binary:
        suffix = FORMATS[file_format].suffixes[0]
        raise OutputError(f"{file_format} is binary; write it to a file with -o NAME{suffix}.")
    data = render(document, file_format, appearance(path, fragment))
    if path is None:
        print_data(data)
    else:
        write_atomically(path, data)


def appearance(path: Path | None, fragment: bool) -> Appearance:
    """With colours and as wide as the terminal when it goes to one, else plain and 80 columns wide."""
    if path is not None or not _is_terminal():
        return Appearance(fragment=fragment)
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Appearance(fragment=fragment, colour=colour, width=min(_WIDEST, shutil.get_terminal_size().columns))


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def print_data(data: str | bytes) -> None:
    """To standard output, as UTF-8 whatever the locale says.

    Raises:
        OutputError: it is closed, or cannot be written.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed; write to a file with -o NAME.")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data.encode() if isinstance(data, str) else data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise  # whoever read it has had enough
    except OSError as error:
        sys.stdout = None  # so that the interpreter does not try again at its end
        raise OutputError(f"standard output cannot be written: {error.strerror or error}.") from None
