"""`pellucid diff`"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import click

from pellucid.cli.output import appearance, print_data
from pellucid.cli.sentences import checked_text
from pellucid.derivation import Derivation
from pellucid.errors import InputError, nearest
from pellucid.examples import explain as derive
from pellucid.examples import shipped_examples
from pellucid.examples.explain import number_type
from pellucid.rendering import render
from pellucid.transformer.gguf_file import is_gguf

_SAME, _PARTED = 0, 1
_TWICE = {
    "model": "B, or --text, --target or --dtype twice",
    "example": "B, or --dtype twice",
    "recording": "B",
}
"""What makes another run of the same."""
_PRECISIONS = ("float64", "float32", "exact")


@click.command()
@click.argument("a")
@click.argument("b", required=False)
@click.option("--text", "texts", multiple=True, metavar="TEXT", help="What models read; twice for A's and B's.")
@click.option(
    "--target", "targets", multiple=True, metavar="TEXT", help="What translators have written so far; twice likewise."
)
@click.option(
    "--dtype",
    "precisions",
    multiple=True,
    type=click.Choice(_PRECISIONS),
    help="What to compute in; twice likewise.  [default: float64]",
)
@click.option(
    "--tolerance",
    type=float,
    metavar="T",
    help="The largest difference that does not count, as a share of a step's largest number (or of 1, where all are "
    "smaller); 0 for none.  [default: 1e-9; with float32 1e-5]",
)
@click.option("-d", "--digits", type=click.IntRange(0, 6), default=4, show_default=True, help="Places after the point.")
@click.option("--json", "as_json", is_flag=True, help="For programs: every step with its largest difference.")
def diff(
    a: str,
    b: str | None,
    texts: tuple[str, ...],
    targets: tuple[str, ...],
    precisions: tuple[str, ...],
    tolerance: float | None,
    digits: int,
    as_json: bool,
) -> int:
    """Show where two runs part: the first step at which their numbers differ, by how much, and in which element.

    A and B are each a model (with --text, what it reads), an example, or the JSON file of a run that `pellucid explain
    --to json` wrote. Without B, A is run twice, with two texts, targets or precisions. The exit code is 0 when the runs
    are the same, 1 when they part, and 2 when one cannot be read.

    A model is the name of a model that came with pellucid or a package, a folder of pellucid or
    transformers, a GGUF file, or the id of a model on the Hugging Face hub.

    \b
    pellucid diff dog-on-the-mat mine.yaml
    pellucid diff runs/monday runs/tuesday --text "The dog is sitting on the mat."
    pellucid diff by-hand-generator --text "The dog saw the cat." --text "The dog heard the cat."
    pellucid diff by-hand-generator --text "The dog saw the cat." --dtype float64 --dtype float32
    pellucid diff before.json after.json
    """
    pairs = _pair("--text", texts), _pair("--target", targets), _pair("--dtype", precisions)
    if b is None and all(one == other for one, other in pairs):
        raise InputError(f"{a} is the same as itself; give {_TWICE[_Side(a, None, None, None).kind]}.")
    sides = [_Side(what, *(pair[n] for pair in pairs)) for n, what in enumerate((a, a if b is None else b))]
    _refuse_unused(sides)
    one, other = (side.run(digits) for side in sides)
    from pellucid.derivation.comparison import compare

    comparison = compare(one, other, tolerance)
    names = _names(sides)
    from pellucid.rendering.comparison import comparison_json, explain_comparison

    if as_json:
        print_data(comparison_json(comparison, names))
    else:
        print_data(render(explain_comparison(comparison, names), "terminal", appearance(None, fragment=False)))
    return _SAME if comparison.same else _PARTED


def _pair(option: str, given: tuple[str, ...]) -> tuple[str | None, str | None]:
    """What is given for A and for B: once, for both."""
    if len(given) > 2:
        raise InputError(f"{option} is given {len(given)} times; give it once for both runs, or twice for A and B.")
    return (given[0], given[-1]) if given else (None, None)


@dataclass(frozen=True)
class _Side:
    """A or B: what it is and how it is run."""

    what: str
    text: str | None
    target: str | None
    precision: str | None

    @cached_property
    def kind(self) -> str:
        """Whether it is a "recording", an "example" or a "model"."""
        path = Path(self.what)
        if path.is_file():
            if path.suffix.lower() == ".safetensors":
                raise InputError(
                    f"{self.what} holds what a model's attention computed, or weights; two that `pellucid inspect"
                    " --save` wrote are put side by side by `pellucid inspect A --compare model=B`."
                )
            return "recording" if _is_recording(path) else "model" if is_gguf(path) else "example"
        examples = [example.name for example in shipped_examples()]
        if self.what in examples and not path.exists():
            return "example"
        from pellucid.pretrained import find_model

        try:
            find_model(self.what)
        except InputError as error:
            raise InputError(
                f"{self.what!r} is no file and none of the examples{nearest(self.what, examples)}, which are "
                f"{', '.join(examples)}; and {error}"
            ) from None
        return "model"

    def run(self, digits: int) -> Derivation:
        """The run, computed or read.

        Raises:
            InputError: it cannot be.
        """
        kind = self.kind
        if kind == "recording":
            from pellucid.derivation.written import read_derivation

            return read_derivation(self.what)
        exact = self.precision == "exact"
        dtype: Literal["float64", "float32"] = "float32" if self.precision == "float32" else "float64"
        if kind == "example":
            return derive(self.what, exact=exact, dtype=dtype, digits=digits)
        if self.text is None:
            raise InputError(f"{self.what} is a model; give what it reads with --text, in quotes.")
        checked_text(self.text, "text")
        checked_text(self.target or "", "target")
        from pellucid.pretrained import open_model

        numbers = number_type(exact, dtype, digits)
        return open_model(self.what).passes.explain(self.text, self.target, numbers=numbers, digits=digits)

    def name(self, other: _Side) -> str:
        """What the run is called beside the other."""
        parts = [self.what]
        for mine, theirs, quotes in (
            (self.text, other.text, True),
            (self.target, other.target, True),
            (self.precision or _PRECISIONS[0], other.precision or _PRECISIONS[0], False),
        ):
            if mine is not None and mine != theirs:
                parts.append(f"“{mine}”" if quotes else mine)
        return ", ".join(parts)


def _is_recording(path: Path) -> bool:
    if path.suffix.lower() != ".json":
        return False
    from pellucid.derivation.written import is_written

    return is_written(path)


def _refuse_unused(sides: list[_Side]) -> None:
    kinds = {side.kind for side in sides}
    if "model" not in kinds:
        for option, given in (("--text", sides[0].text), ("--target", sides[0].target)):
            if given is not None:
                raise InputError(f"{option} is for models, but neither A nor B is one; leave it out.")
    if kinds == {"recording"} and sides[0].precision is not None:
        raise InputError(
            "--dtype says what to compute in, but recordings have been computed; leave it out, and give B."
        )


def _names(sides: list[_Side]) -> tuple[str, str]:
    a, b = sides
    return a.name(b), b.name(a)
