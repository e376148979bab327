"""How the command line speaks to its user beside its results: a sentence on standard error."""

from __future__ import annotations

import os

import click


def complain(sentence: str) -> None:
    """Say what is wrong, after the program's name in red."""
    _say(sentence, "red")


def remark(sentence: str) -> None:
    """Say what has been done, after the program's name in green."""
    _say(sentence, "green")


def _say(sentence: str, colour: str) -> None:
    name = click.style("pellucid:", fg=colour, bold=True)
    click.echo(f"{name} {' '.join(sentence.split())}", err=True, color=False if os.environ.get("NO_COLOR") else None)
