"""Files are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pellucid.errors import InputError, OutputError


def write_atomically(path: Path, data: str | bytes) -> None:
    """Write a file by renaming a finished one, so that no reader ever sees half of it and no failure loses the old.

    Raises:
        OutputError: with the reason of the system.
    """
    _refuse(path)
    if path.exists() and not path.is_file():  # a device or a pipe stays one
        try:
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        except BrokenPipeError:
            raise  # whoever read it has had enough
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from None
        return
    target = Path(os.path.realpath(path))  # a link keeps pointing where it points
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
        _flush_folder(target.parent)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from None
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def check_writable(path: Path) -> None:
    """Find out before long work whether its result can be written; nothing is changed.

    Raises:
        OutputError: it cannot.
    """
    _refuse(path)
    folder = Path(os.path.realpath(path)).parent
    if not path.exists() and not folder.is_dir():
        raise OutputError(f"{path} cannot be written: there is no folder {folder}.")
    if not path.exists() and not os.access(folder, os.W_OK):
        raise OutputError(f"{path} cannot be written: the folder {folder} is write-protected.")


def check_apart(output: Path | None, *read: str | Path | None) -> None:
    """Refuse to write over a file that the same command reads.

    Args:
        output: what is to be written; `None` for no file.
        read: what is read, some of which may be names of something else, or nothing.

    Raises:
        InputError: the file is one of those that are read, under whatever name.
    """
    if output is None or not output.is_file():
        return
    for path in (Path(name) for name in read if name):
        if path.is_file() and path.samefile(output):
            raise InputError(
                f"{output} would be written over {path}, the same file, which is read here and would be lost; name"
                " another for the output."
            )


def _refuse(path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file in it.")
    if path.exists() and not (path.stat().st_mode & 0o222 and os.access(path, os.W_OK)):
        raise OutputError(f"{path} cannot be written: it is write-protected.")


def _flush_folder(folder: Path) -> None:
    """Have the renaming on the disk too, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
