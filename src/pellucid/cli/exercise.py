"""`pellucid exercise`"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from pellucid.cli import options
from pellucid.cli.output import appearance, asked_format, choose_format, deliver, print_data
from pellucid.errors import InputError, OutputError
from pellucid.exercises import Exercise, Sentence, make_exercise, variants
from pellucid.files import check_apart
from pellucid.rendering import render
from pellucid.rendering.document import Document

_PRINTED_TOGETHER = ("terminal", "markdown")  # formats in which two documents in a row are still one


@click.command()
@click.argument("example", required=False)
@click.option("-s", "--sentence", metavar="TEXT", help="A sentence of your own, with numbers made for it.")
@click.option("--key-sentence", metavar="TEXT", help="Cross-attention: the sentence that keys and values come from.")
@click.option("--seed", type=int, metavar="S", help="Fresh numbers, the same for the same seed.")
@click.option(
    "-b",
    "--blanks",
    default="medium",
    show_default=True,
    metavar="easy|medium|hard|STEPS",
    help="What is to be filled in; or names of steps, separated by commas.",
)
@click.option("-d", "--digits", type=int, default=2, show_default=True, metavar="N", help="Places of the results.")
@click.option("--d-k", type=int, metavar="N", help="With --sentence: numbers of a query or key.")
@click.option("--d-v", type=int, metavar="N", help="With --sentence: numbers of a value.")
@click.option("--d-model", type=int, metavar="N", help="With --sentence: start from embeddings and weight matrices.")
@click.option("--heads", "num_heads", type=int, metavar="N", help="With --sentence: number of heads.")
@click.option(
    "--key-value-heads", "num_key_value_heads", type=int, metavar="N", help="With --sentence: fewer of these."
)
@click.option("--mask", metavar="none|causal", help="With --sentence: the mask.")
@click.option("--variants", "count", type=int, metavar="N", help="N pairs of files, for the seeds from S on.")
@click.option(
    "--part",
    type=click.Choice(["both", "worksheet", "answers"]),
    default="both",
    show_default=True,
    help="What is printed when there is no file.",
)
@options.to
@options.output
@options.json
@options.fragment
def exercise(
    example: str | None,
    sentence: str | None,
    seed: int | None,
    blanks: str,
    digits: int,
    count: int | None,
    part: str,
    file_format: str | None,
    output: Path | None,
    as_json: bool,
    fragment: bool,
    key_sentence: str | None,
    **sizes: Any,
) -> None:
    """Write a worksheet with blanks, and its answer key.

    EXAMPLE is a shipped example or a file: with its own numbers, or with --seed of the same structure with fresh
    ones. Without it, the numbers are made for a sentence: small inputs whose results are readable at two or three
    places. With -o sheet.tex the answer key is written beside it, as sheet-answers.tex.
    """
    file_format = choose_format(asked_format(as_json, file_format), output)
    given: dict[str, Any] = {
        name: size for name, size in {**sizes, "key_text": key_sentence}.items() if size is not None
    }
    if example is not None and given:
        raise InputError("sizes and masks are those of the example; give --sentence in its place to choose them.")
    if example is not None and sentence is not None:
        raise InputError(f"the example {example!r} and a sentence are both given; give one of them.")
    given |= {} if sentence is None else {"text": sentence}
    own = None if example is not None else Sentence(**given)
    made = make_exercise(example, sentence=own, seed=seed, blanks=blanks, digits=digits)
    if output is None:
        if count is not None:
            raise OutputError("--variants writes files; name one with -o, such as -o sheet.html.")
        _print(made, part, file_format, fragment)
        return
    sheets = [made] if count is None else variants(made, count)
    files = list(_pairs(sheets, output, count))
    for _, path in files:
        check_apart(path, example)
    with click.progressbar(
        files,
        label="Writing",
        file=sys.stderr,
        hidden=count is None or not sys.stderr.isatty(),
    ) as pairs:
        for document, path in pairs:
            deliver(document, file_format, path, fragment=fragment)


def _pairs(sheets: list[Exercise], output: Path, count: int | None) -> Iterator[tuple[Document, Path]]:
    for sheet in sheets:
        number = "" if count is None else f"-seed{sheet.seed}"
        yield sheet.worksheet(), output.with_name(f"{output.stem}{number}{output.suffix}")
        yield sheet.answers(), output.with_name(f"{output.stem}{number}-answers{output.suffix}")


def _print(made: Exercise, part: str, file_format: str, fragment: bool) -> None:
    if part != "both":
        deliver(made.worksheet() if part == "worksheet" else made.answers(), file_format, None, fragment=fragment)
    elif file_format == "json":
        documents = {"worksheet": made.worksheet(), "answers": made.answers()}
        loaded = {name: json.loads(render(document, "json")) for name, document in documents.items()}
        print_data(json.dumps(loaded, ensure_ascii=False) + "\n")
    elif file_format in _PRINTED_TOGETHER:
        look = appearance(None, fragment)
        print_data("\n".join(str(render(each, file_format, look)) for each in (made.worksheet(), made.answers())))
    else:
        raise OutputError(
            f"worksheet and answer key are two documents in {file_format}; write them to files with -o NAME, "
            "or choose one with --part."
        )
