"""`--explain` of `pellucid translate` and `pellucid generate`: how a text was written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.cli.output import choose_format, deliver
from pellucid.errors import InputError
from pellucid.files import check_writable

if TYPE_CHECKING:
    from pellucid.production import Production

_FURTHER = (
    ("--step {word}", "one word: ten candidates, one head whole; --query: a row"),
    ("--layer, --head", "another layer or head"),
    ("-o page.html", "step through word by word; click any number; all beams"),
    ("-o book.xlsx", "live formulas, a sheet for each word"),
)


@dataclass(frozen=True)
class Wanted:
    """What of an explanation is wanted.

    Args:
        step: one step alone, by its word or number.
        layer: of the decoder.
        head: of it.
        query: of one step, the token whose row is spelled out.
        file_format: asked for with --to or --json.
        output: the file.
        fragment: without the frame of a whole document.
    """

    step: str | None
    layer: int | None
    head: int | None
    query: str | None
    file_format: str | None
    output: Path | None
    fragment: bool

    def refuse_without_explain(self) -> None:
        """Raises:
        InputError: something is asked for that --explain alone can do.
        """
        given = {"--step": self.step, "--layer": self.layer, "--head": self.head, "--query": self.query}
        given |= {"--to": self.file_format, "--fragment": self.fragment or None}
        for name, value in given.items():
            if value is not None:
                raise InputError(f"{name} is about an explanation; give --explain with it, or leave it out.")

    def check(self) -> str:
        """The format, before the long work.

        Raises:
            InputError: options contradict each other.
            OutputError: the file cannot be written, or has no suffix of a known format.
        """
        if self.query is not None and self.step is None:
            raise InputError("--query chooses a row of one step; say which with --step.")
        if self.output is not None:
            check_writable(self.output)
        return choose_format(self.file_format, self.output)


def explain_production(production: Production, wanted: Wanted, file_format: str) -> None:
    """Shows or writes how a text was written.

    Args:
        production: the text.
        wanted: what of it.
        file_format: from `Wanted.check`.

    Raises:
        PositionError: a chosen step, token, head or layer does not exist.
        OutputError: there is no such format, or it cannot be written.
    """
    from pellucid.rendering import production_document

    further: tuple[tuple[str, str], ...] = ()
    if file_format == "terminal":
        word = production.step(production.most_telling(wanted.layer, wanted.head)[0]).token.strip()
        further = tuple((option.format(word=word), what) for option, what in _FURTHER)
    document = production_document(
        production,
        file_format,
        layer=wanted.layer,
        head=wanted.head,
        step=wanted.step,
        query=wanted.query,
        further=further,
    )
    deliver(document, file_format, wanted.output, fragment=wanted.fragment)
