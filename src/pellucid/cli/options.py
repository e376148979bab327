"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from pellucid.rendering import FORMATS

MODEL = (
    "the name of a model that came with pellucid or a package, a folder of pellucid or transformers, a GGUF file, or "
    "the id of a model on the Hugging Face hub"
)
"""What a model may be: `pellucid.pretrained.names.KINDS`, which takes long to import. Docstrings say it as well."""

to = click.option(
    "-t", "--to", "file_format", metavar="FORMAT", help=f"{', '.join(FORMATS)}. Default: by the file's suffix."
)
output = click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to a file.")
json = click.option("--json", "as_json", is_flag=True, help="The same as --to json.")
explain = click.option(
    "--explain", is_flag=True, help="Show how each word came about; -o page.html is a page to step through."
)
step = click.option(
    "--step", metavar="STEP", help="With --explain: one step alone, by its word, der#2, or its number from 0."
)
layer = click.option("--layer", type=int, metavar="L", help="With --explain: the layer to show, from 0.")
head = click.option("--head", type=int, metavar="H", help="With --explain: the head to show, from 0.")
query = click.option(
    "-q", "--query", metavar="TOKEN", help="With --explain --step: the row to spell out, by its token or its number."
)
fragment = click.option(
    "--fragment", is_flag=True, help="LaTeX or HTML without its frame, for use in another document."
)
