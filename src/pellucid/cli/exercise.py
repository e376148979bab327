"""`pellucid exercise`"""

from __future__ import annotations

import click


@click.command()
def exercise() -> None:
    """Write a worksheet with blanks, and its answer key."""
