"""`pellucid generate`"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pellucid.cli import options
from pellucid.cli.complaint import remark
from pellucid.cli.explain_production import Wanted, explain_production
from pellucid.cli.output import asked_format, print_data
from pellucid.cli.sentences import read_prompt
from pellucid.errors import InputError

if TYPE_CHECKING:
    from pellucid.search import Piece, Sampling


@click.command()
@click.argument("prompt", required=False)
@click.option(
    "--model",
    default="stories260k",
    show_default=True,
    metavar="MODEL",
    help=f"What writes, smollm2 for example: {options.MODEL}.",
)
@click.option("--max-tokens", type=click.IntRange(min=1), default=256, show_default=True, help="New tokens at most.")
@click.option(
    "--temperature",
    type=float,
    metavar="T",
    help="Evens out probabilities above 1, sharpens them below; 0 takes the likeliest token."
    "  [default: 0; 1 with an option that needs chance]",
)
@click.option("--top-k", type=int, metavar="K", help="Draw from the K likeliest tokens.")
@click.option("--top-p", type=float, metavar="P", help="Draw from the likeliest that together have probability P.")
@click.option("--min-p", type=float, metavar="P", help="Draw from those at least P times as likely as the likeliest.")
@click.option("--seed", type=int, metavar="S", help="Draw the same text each time.")
@click.option(
    "--repetition-penalty",
    type=float,
    default=1.0,
    show_default=True,
    metavar="R",
    help="Above 1: what is in the text already becomes less likely.",
)
@click.option("--stop", multiple=True, metavar="TEXT", help="End before TEXT; may be repeated.")
@click.option(
    "--bos/--no-bos",
    default=None,
    help="Begin with <bos>; --no-bos for a model of windows of one text.  [default: as the model was trained]",
)
@click.option(
    "--chat", is_flag=True, help="PROMPT is a question to a model that was trained to answer, as smollm2 was."
)
@click.option("--json", "as_json", is_flag=True, help="For programs: one line, when the text is complete.")
@options.explain
@options.step
@options.layer
@options.head
@options.query
@options.to
@options.output
@options.fragment
def generate(
    prompt: str | None,
    model: str,
    max_tokens: int,
    temperature: float | None,
    top_k: int | None,
    top_p: float | None,
    min_p: float | None,
    seed: int | None,
    repetition_penalty: float,
    stop: tuple[str, ...],
    bos: bool | None,
    chat: bool,
    as_json: bool,
    explain: bool,
    step: str | None,
    layer: int | None,
    head: int | None,
    query: str | None,
    file_format: str | None,
    output: Path | None,
    fragment: bool,
) -> int:
    """Continue a text: PROMPT, or what is piped in.

    The prompt is printed and then, token by token, how it goes on. Without more said, the likeliest token is taken each
    time; with --top-k, --top-p, --min-p or --seed, or a --temperature above 0, tokens are drawn. Standard error says
    why the text ends. --json prints {"prompt", "text", "tokens"}, text being what was added. With --chat the prompt
    is a question, and only the answer is printed.

    --explain shows how each token came about; with --to or -o in every format of `pellucid explain`.

    \b
    pellucid generate "Once upon a time"
    pellucid generate "Once upon a time" --temperature 0.8 --top-p 0.9 --seed 7
    pellucid generate --model by-hand-generator "The dog saw the cat."
    pellucid generate "Once upon a time" --max-tokens 12 --explain
    pellucid generate --model smollm2 --chat "Why is the sky blue?"
    """
    settings = _sampling(temperature, top_k, top_p, min_p, seed, repetition_penalty)
    wanted = Wanted(step, layer, head, query, asked_format(explain and as_json, file_format), output, fragment)
    if not explain:
        wanted.refuse_without_explain()
        if output is not None:
            raise InputError("-o is for an explanation; give --explain with it, or let > write the text to a file.")
    file_format = wanted.check() if explain else ""
    text = read_prompt(prompt)
    from pellucid.pretrained import open_model  # once the options are known to be right

    opened = open_model(model)
    if explain:
        from pellucid.production import Producer

        production = Producer(opened).generate(
            text, max_tokens=max_tokens, settings=settings, seed=seed, stop=stop, bos=bos, chat=chat
        )
        explain_production(production, wanted, file_format)
        return 0
    generator = opened.generator()
    beginning = opened.beginning(text, bos=bos, chat=chat)
    room = generator.room(beginning)
    pieces = generator.stream(beginning, max_length=min(max_tokens, room), settings=settings, seed=seed, stop=stop)
    written = list(pieces) if as_json else _streamed("" if chat else text, pieces)
    ids = [piece.token for piece in written if piece.ending != "eos"]
    if as_json:
        import msgspec

        added = "".join(piece.text for piece in written)
        values = {"prompt": text, "text": added, "tokens": opened.tokenizer.tokens(ids)}
        print_data(msgspec.json.encode(values).decode() + "\n")
    reason = _reason(written[-1].ending, max_tokens, room, opened.config.max_length)
    remark(f"{len(ids):,} {'token' if len(ids) == 1 else 'tokens'}; {reason}.")
    return 0


def _sampling(
    temperature: float | None,
    top_k: int | None,
    top_p: float | None,
    min_p: float | None,
    seed: int | None,
    repetition_penalty: float,
) -> Sampling:
    """The settings, with the temperature that they stand for."""
    from pellucid.search import Sampling

    needing = {"--top-k": top_k, "--top-p": top_p, "--min-p": min_p, "--seed": seed}
    given = [name for name, value in needing.items() if value is not None]
    if temperature == 0 and given:
        raise InputError(
            f"--temperature 0 takes the likeliest token and leaves nothing for {given[0]}; leave one of them out."
        )
    return Sampling(
        temperature=(1.0 if given else 0.0) if temperature is None else temperature,
        top_k=top_k or 0,
        top_p=1.0 if top_p is None else top_p,
        min_p=min_p or 0.0,
        repetition_penalty=repetition_penalty,
    )


def _streamed(prompt: str, pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces, printed as they come."""
    written = []
    print_data(_shown(prompt))
    for piece in pieces:
        written.append(piece)
        print_data(_shown(piece.text))
    print_data("\n")
    return written


def _shown(text: str) -> str:
    """A text without signs that command a terminal; lines stay."""
    return "".join(character if character.isprintable() or character in "\n\t" else " " for character in text)


def _reason(ending: str | None, max_tokens: int, room: int, context: int) -> str:
    """Why a text ends."""
    if ending == "eos":
        return "the model ended the text"
    if ending == "stop":
        return "the text of --stop came"
    if room <= max_tokens:
        return f"the model's context of {context:,} tokens is full"
    return "--max-tokens allows no more"
