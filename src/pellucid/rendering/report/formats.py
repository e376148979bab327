"""The formats of reports by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from pellucid.checking.report import Report
from pellucid.errors import OutputError, nearest
from pellucid.rendering.formats import Appearance

REPORT_FORMATS = {
    "terminal": (".txt",),
    "json": (".json",),
    "github": (),
    "markdown": (".md", ".markdown"),
    "html": (".html", ".htm"),
}
"""What `--format` and `--to` take, and the suffixes of files that hold it."""

ONE_DOCUMENT = ("markdown", "html")
"""Formats that show one checked file, as a document."""

_PLAIN = Appearance()


def format_of_report(path: Path) -> str:
    """The name of the format that a file's suffix stands for.

    Raises:
        OutputError: no format has that suffix.
    """
    for name, suffixes in REPORT_FORMATS.items():
        if path.suffix.lower() in suffixes:
            return name
    known = ", ".join(suffix for suffixes in REPORT_FORMATS.values() for suffix in suffixes)
    raise OutputError(f"{path} has no suffix of a known format ({known}); name the file so, or give the format.")


def render_reports(reports: Sequence[Report], file_format: str, appearance: Appearance = _PLAIN) -> str:
    """Reports in a format, in their order.

    Raises:
        OutputError: there is no such format, or it shows one file and there are several.
    """
    if file_format not in REPORT_FORMATS:
        known = ", ".join(REPORT_FORMATS)
        raise OutputError(
            f"{file_format!r} is no format of a report{nearest(file_format, list(REPORT_FORMATS))}; there are {known}."
        )
    if file_format == "json":
        return json.dumps([report.as_json() for report in reports], indent=2, ensure_ascii=False) + "\n"
    if file_format in ONE_DOCUMENT and len(reports) != 1:
        raise OutputError(f"{file_format} shows one file with its corrections; there are {len(reports)} files.")
    module = import_module(f"pellucid.rendering.report.{file_format}")
    rendered: str = module.render(reports, appearance)
    return rendered
