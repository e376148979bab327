"""`pellucid tokenizer`"""

from __future__ import annotations

from pathlib import Path

import click

from pellucid.cli.complaint import remark
from pellucid.files import check_apart


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--kind",
    type=click.Choice(["bpe", "unigram", "characters", "words"]),
    default="bpe",
    show_default=True,
    help="Of tokens.",
)
@click.option("--vocab-size", type=int, default=8000, show_default=True, help="Entries of the vocabulary.")
@click.option("--no-byte-fallback", is_flag=True, help="Of characters: refuse those that the files do not have.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("tokenizer.json"),
    show_default=True,
    metavar="FILE",
    help="Where it goes.",
)
def tokenizer(files: tuple[Path, ...], kind: str, vocab_size: int, no_byte_fallback: bool, output: Path) -> int:
    """Learn a tokenizer from the lines of FILEs, all together.

    It gives back every text exactly: what it has not seen is spelt in bytes. Only one of words knows no others.

    \b
    pellucid tokenizer train.en train.de --vocab-size 8000 -o tokenizer.json
    pellucid tokenizer input.txt --kind characters
    """
    check_apart(output, *files)
    from pellucid.data.corpora import read_lines
    from pellucid.data.train_tokenizer import train_tokenizer

    # Line ends are characters too.
    end = "\n" if kind == "characters" else ""
    lines = [line + end for path in files for line in read_lines(path)]
    learnt = train_tokenizer(lines, kind, vocab_size, byte_fallback=not no_byte_fallback)
    learnt.save(output)
    remark(f"{output}: {learnt.vocab_size:,} tokens from {len(lines):,} lines.")
    return 0
