"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from pellucid.rendering import FORMATS

to = click.option(
    "-t", "--to", "file_format", metavar="FORMAT", help=f"{', '.join(FORMATS)}. Default: by the file's suffix."
)
output = click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to a file.")
json = click.option("--json", "as_json", is_flag=True, help="The same as --to json.")
fragment = click.option(
    "--fragment", is_flag=True, help="LaTeX or HTML without its frame, for use in another document."
)
