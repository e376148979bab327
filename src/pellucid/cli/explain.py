"""`pellucid explain`"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from pellucid.cli import options
from pellucid.cli.output import asked_format, choose_format, deliver, print_data
from pellucid.errors import InputError
from pellucid.examples import explain as derive
from pellucid.examples import shipped_examples
from pellucid.examples.explain import number_type
from pellucid.examples.library import DEFAULT_EXAMPLE, example_source
from pellucid.files import check_apart
from pellucid.numbers import EXACT_DIGITS
from pellucid.rendering import FORMATS
from pellucid.rendering.explanation import Selection, explain_attention


@click.command()
@click.argument("example", required=False)
@click.option(
    "--model",
    metavar="MODEL",
    help=f"Explain a forward pass, whole: EXAMPLE is then the text that the model reads. MODEL is {options.MODEL}.",
)
@click.option("--target", metavar="TEXT", help="With --model: what the translator has written so far.")
@click.option("--layer", type=int, metavar="L", help="With --model: the layer to show, from 0.")
@click.option(
    "--whole/--gist",
    default=None,
    help="With --model: every number, or what fits a page or two.  [default: the gist in the terminal, else whole]",
)
@click.option(
    "--train-step",
    is_flag=True,
    help="With --model: one training step; the last word of --target or of the text is learned.",
)
@click.option("--rate", type=float, metavar="R", help="With --train-step: the learning rate.  [default: 0.001]")
@click.option("-q", "--query", metavar="TOKEN", help="The row to spell out: a token, The#2, or a number from 0.")
@click.option("-k", "--key", metavar="TOKEN", help="Spell out this key only.")
@click.option("--head", type=int, metavar="H", help="The head to show, from 0.")
@click.option("-d", "--digits", type=int, default=4, show_default=True, metavar="N", help="Places after the point.")
@click.option("--exact", is_flag=True, help="Compute with decimals: every digit is the correctly rounded true one.")
@click.option("--precision", type=int, metavar="N", help=f"Significant digits of --exact.  [default: {EXACT_DIGITS}]")
@click.option(
    "--carry",
    type=click.Choice(["exact", "rounded"]),
    default="exact",
    show_default=True,
    help="rounded: compute each step from the previous one as printed, and show the drift.",
)
@click.option(
    "--dtype",
    type=click.Choice(["float64", "float32"]),
    default="float64",
    show_default=True,
    help="Floating point to compute in.",
)
@options.to
@options.output
@options.json
@options.fragment
@click.option("-l", "--list", "list_examples", is_flag=True, help="List the shipped examples.")
@click.option("--source", is_flag=True, help="Print the file of a shipped example, to start your own from.")
def explain(
    example: str | None,
    model: str | None,
    target: str | None,
    layer: int | None,
    whole: bool | None,
    train_step: bool,
    rate: float | None,
    query: str | None,
    key: str | None,
    head: int | None,
    digits: int,
    exact: bool,
    precision: int | None,
    file_format: str | None,
    output: Path | None,
    as_json: bool,
    fragment: bool,
    list_examples: bool,
    source: bool,
    **arithmetic: Any,
) -> None:
    """Spell out the complete arithmetic of EXAMPLE, from its inputs to the weighted sum.

    EXAMPLE is the name of a shipped example (see --list) or the path of an example file. With --model it is a text,
    and what is explained is how the model comes to its next word.

    \b
    pellucid explain dog-on-the-mat -o dog.html
    pellucid explain --model by-hand-translator "The dog is sitting on the mat." --target "Der Hund"
    pellucid explain --model by-hand-generator "The dog saw the cat." -o story.xlsx
    """
    check_apart(output, model, example if model is None else None)
    decimals = exact if precision is None else precision
    if model is not None:
        _refuse_with_model(key, arithmetic["carry"], list_examples, source)
        if train_step and (decimals is not False or arithmetic["dtype"] != "float64" or whole is not None):
            raise InputError(
                "--train-step is computed in float64 and shown whole; leave out --exact, --dtype and --gist."
            )
        if rate is not None and not train_step:
            raise InputError("--rate is the learning rate of --train-step; give both.")
        from pellucid.cli.explain_model import explain_model

        explain_model(
            model,
            example,
            target,
            query=query,
            head=head,
            layer=layer,
            numbers=number_type(decimals, arithmetic["dtype"], digits),
            digits=digits,
            file_format=choose_format(asked_format(as_json, file_format), output),
            output=output,
            whole=whole,
            train_step=train_step,
            rate=rate,
            fragment=fragment,
        )
        return
    needing: dict[str, object] = {"--target": target, "--layer": layer, "--whole" if whole else "--gist": whole}
    needing |= {"--train-step": train_step or None, "--rate": rate}
    for name, given in needing.items():
        if given is not None:
            raise InputError(f"{name} needs a model; give one with --model MODEL.")
    example = DEFAULT_EXAMPLE if example is None else example
    if list_examples:
        _list(as_json)
        return
    if source:
        print_data(example_source(example))
        return
    file_format = choose_format(asked_format(as_json, file_format), output)
    derivation = derive(example, exact=decimals, digits=digits, **arithmetic)
    every_head = file_format in FORMATS and FORMATS[file_format].shows_every_head
    document = explain_attention(derivation, Selection(query, key, head, all_heads=every_head))
    deliver(document, file_format, output, fragment=fragment)


def _refuse_with_model(key: str | None, carry: str, list_examples: bool, source: bool) -> None:
    refused = {"--key": key is not None, "--carry rounded": carry != "exact"}
    refused |= {"--list": list_examples, "--source": source}
    for name, given in refused.items():
        if given:
            raise InputError(f"{name} is for examples, not for a model's pass; leave it out, or leave out --model.")


def _list(as_json: bool) -> None:
    examples = shipped_examples()
    if as_json:
        print_data(json.dumps([{"name": e.name, "title": e.title, "purpose": e.purpose} for e in examples]) + "\n")
        return
    width = max(len(example.name) for example in examples)
    print_data("".join(f"{example.name:{width}}  {example.purpose}\n" for example in examples))
