"""`pellucid explain --model`: a forward pass, whole."""

from __future__ import annotations

from pathlib import Path

from pellucid.cli.output import deliver
from pellucid.cli.sentences import checked_text
from pellucid.errors import InputError
from pellucid.numbers import NumberType
from pellucid.rendering import FORMATS
from pellucid.rendering.focus import Selection
from pellucid.rendering.pass_overview import overview
from pellucid.rendering.training_step import explain_training_step
from pellucid.rendering.whole_pass import explain_pass

_WITH_GIST = ("terminal", "markdown", "latex")
_FURTHER = (
    ("--whole", "every number, here"),
    ("-o pass.html", "a page: click any number"),
    ("-o pass.xlsx", "live formulas: change a word or a weight"),
    ("--query, --head, --layer", "another token, head or layer"),
)


def explain_model(
    model: str,
    text: str | None,
    target: str | None,
    *,
    query: str | None,
    head: int | None,
    layer: int | None,
    numbers: NumberType,
    digits: int,
    file_format: str,
    output: Path | None,
    whole: bool | None,
    fragment: bool,
    train_step: bool,
    rate: float | None,
) -> None:
    """Show or write the pass for the next word: in the terminal its gist, elsewhere all of it.

    Args:
        model: what it is called.
        text: what a translator reads, or what a language model goes on from.
        target: what the translator has written so far.
        query: the token that is spelled out.
        head: the head.
        layer: the layer.
        numbers: to compute in.
        digits: places after the point.
        file_format: in which format.
        output: the file; `None` for standard output.
        whole: whether all of it is shown, or its gist; `None` for what suits the format.
        fragment: without the frame of a whole document.
        train_step: whether one step of training is explained in place of the pass.
        rate: of learning; `None` for the usual one.

    Raises:
        InputError: something does not exist, or the text cannot be read by the model.
        MissingExtraError: the library that reads tokenizers is not installed.
    """
    if text is None:
        raise InputError(f"give a text for {model} to read, in quotes.")
    checked_text(text, "text")
    checked_text(target or "", "target")
    if whole is False and file_format in FORMATS and file_format not in _WITH_GIST:
        raise InputError(f"--gist is for {', '.join(_WITH_GIST)}; {file_format} shows the whole pass.")
    from pellucid.pretrained import open_model

    if train_step:
        from pellucid.pretrained.passes import LEARNING_RATE

        rate = LEARNING_RATE if rate is None else rate
        step = open_model(model).passes.train(text, target, layer=layer, head=head or 0, rate=rate, digits=digits)
        deliver(explain_training_step(step, Selection(query)), file_format, output, fragment=fragment)
        return
    derivation = open_model(model).passes.explain(text, target, numbers=numbers, digits=digits)
    every_head = file_format in FORMATS and FORMATS[file_format].shows_every_head
    selection = Selection(query, None, head, all_heads=every_head)
    if whole is False or (whole is None and file_format == "terminal"):
        document = overview(derivation, selection, layer, _FURTHER if file_format == "terminal" else ())
    else:
        document = explain_pass(derivation, selection, layer)
    deliver(document, file_format, output, fragment=fragment)
