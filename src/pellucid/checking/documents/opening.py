"""From the bytes of a file to its text."""

from __future__ import annotations

import codecs
from pathlib import PurePath

from pellucid.checking.source import Source
from pellucid.errors import InputError

MOST_BYTES = 20_000_000

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def open_source(name: str, data: bytes) -> Source:
    """The text of a file; of a spreadsheet, the texts of its cells.

    Raises:
        InputError: it is too large or no text.
    """
    if len(data) > MOST_BYTES:
        raise InputError(
            f"the file has {len(data) / 1e6:.1f} MB, and at most {MOST_BYTES // 1_000_000} MB are read; "
            "cut out the part to be checked."
        )
    if PurePath(name).suffix.lower() == ".xlsx":
        from pellucid.checking.documents.workbook import Workbook

        return Workbook(name, data)
    mark, encoding = next(((mark, encoding) for mark, encoding in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        if mark and encoding != "utf-8":
            reason = f"it begins as UTF-16 and is not from byte {error.start + len(mark)} on"
        elif data.startswith(b"PK\3\4"):
            reason = "it is a zip archive or an office document"
        elif data.startswith(b"%PDF"):
            reason = "it is a PDF"
        else:
            reason = f"byte {error.start + len(mark)} is no part of UTF-8"
        raise InputError(f"the file is not text ({reason}); save it as UTF-8 text.") from None
    if "\0" in text:
        raise InputError(f"the file is binary (a null stands at {text.index(chr(0))}); give a text file in UTF-8.")
    return Source(name, text, encoding, mark)
