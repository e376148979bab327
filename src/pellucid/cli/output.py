"""Where results go: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from pellucid.errors import OutputError
from pellucid.rendering import FORMATS, Appearance, format_of, render
from pellucid.rendering.document import Document

_WIDEST = 120  # longer lines are hard to read


def choose_format(name: str | None, path: Path | None) -> str:
    """The format asked for, else the one a file's suffix stands for, else the terminal's.

    Raises:
        OutputError: there is no such format.
    """
    if name is not None:
        return name
    return "terminal" if path is None else format_of(path)


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


def write_atomically(path: Path, data: str | bytes) -> None:
    """Write a file by renaming a finished one, so that no reader ever sees half of it and no failure loses the old.

    Raises:
        OutputError: with the reason of the system.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file in it.")
    if path.exists() and not path.is_file():  # a device or a pipe stays one
        try:
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        except BrokenPipeError:
            raise  # whoever read it has had enough
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from None
        return
    target = Path(os.path.realpath(path))  # a link keeps pointing where it points
    if target.exists() and not (target.stat().st_mode & 0o222 and os.access(target, os.W_OK)):
        raise OutputError(f"{path} cannot be written: it is write-protected.")
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:50]}.", suffix=".part")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~umask)
        Path(temporary).replace(target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from None
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
