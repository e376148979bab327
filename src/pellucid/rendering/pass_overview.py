"""A whole forward pass on a screen or two: one token's way through the model, where it looks, and the next word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.derivation import Axis, Derivation, Step
from pellucid.operations import Given
from pellucid.rendering.document import Document, Grid, Grids, Paragraph, Section, Table
from pellucid.rendering.focus import EVERYTHING, Selection
from pellucid.rendering.in_brief import READS, in_brief
from pellucid.rendering.whole_pass import WholePass

_SUBLAYERS = (
    ("self_attention", "self-att.", "after self"),
    ("cross_attention", "cross-att.", "after cross"),
    ("feed_forward", "feed-forw.", "after feed"),
)
_MOST_KEYS = 5


def overview(
    derivation: Derivation,
    selection: Selection = EVERYTHING,
    layer: int | None = None,
    further: Sequence[tuple[str, str]] = (),
) -> Document:
    """The document that shows the gist of a whole pass.

    Args:
        derivation: a whole pass that ends with a choice, from `Transformer.derive`.
        selection: the token whose row is followed, and the head that is spelled out.
        layer: which layer is looked at; the last by default.
        further: options that show more, each with what it shows.

    Raises:
        PositionError: a token, head or layer of the selection does not exist.
    """
    whole = WholePass(derivation, selection, layer)
    sections = [whole.words(), _way(whole), _looks(whole), *_head(whole), _end(whole), *whole.every_digit()]
    if further:
        sections.append(Section("More", (Table(("option", "what it shows"), tuple(further)),)))
    return Document(
        derivation.title,
        f"The gist of the pass that chooses “{whole.chosen}”.",
        tuple(sections),
        derivation.notation,
        (derivation,),
    )


def _way(whole: WholePass) -> Section:
    """The row of the token that is followed, after every sub-layer of the layer that is looked at."""
    derivation, row = whole.derivation, whole.rows["decoder"]
    layer = whole.attention("self_attention").removesuffix(".self_attention")
    first = [f"decoder.embedding.{name}" for name in ("scaled_embeddings", "embeddings")]
    found = [("embedding", next(derivation[name] for name in first if name in derivation))]
    if "decoder.embedding.x" in derivation:
        found.append(("+ position", derivation["decoder.embedding.x"]))
    for name, output, after in _SUBLAYERS:
        if f"{layer}.{name}.output" in derivation:
            summed = f"{layer}.{name}_sum"
            normed = next((step.name for step in derivation if _norms(step, summed)), summed)
            found += [(output, derivation[f"{layer}.{name}.output"]), (after, derivation[normed])]
    values = np.stack([step.value[row] for _, step in found])
    axes = (Axis("stage", len(found), tuple(label for label, _ in found)), found[0][1].axes[-1])
    token = whole.tokens["decoder"].word(row)
    grid = Grid(Step("way", Given(values), (), axes, values, derivation.notation), f"the numbers of {token}")
    words = "A token is a row of numbers, and every sub-layer changes it. “after”: what came in is added"
    words += ", and the sum is normed." if normed != summed else "."
    return Section(f"The way of “{token}”", (Paragraph((words,)), grid))


def _norms(step: Step, summed: str) -> bool:
    """Whether a step is what the norm behind a sum makes of it."""
    place = f"{summed.removesuffix('_sum')}_norm"
    return step.name == f"{place}.output" and any(
        operand.name == summed for made in _chain(step, place) for operand in made.operands
    )


def _chain(step: Step, place: str) -> list[Step]:
    """A step and those of the same place that it comes from."""
    return [step, *(found for operand in step.operands if operand.place == place for found in _chain(operand, place))]


def _looks(whole: WholePass) -> Section:
    """The weights of the attentions, whole."""
    grids: list[Grid] = []
    for kind, _, _ in _SUBLAYERS[:-1]:
        if any(place.endswith(f".{kind}") and place.startswith("decoder.") for place in whole.places):
            focus = whole.focus(whole.attention(kind), whole.rows["decoder"])
            (grid,) = focus.grids(focus.weights, heat=True)
            grids.append(Grid(grid.step, f"{_WORDS[kind]}, head {focus.head}", grid.head, grid.marked_row, heat=True))
    words = "How much each token (a row) takes from each token (a column); rows add up to 1."
    return Section("Where it looks", (Paragraph((words,)), Grids(tuple(grids))))


_WORDS = {"self_attention": "self-attention", "cross_attention": "cross-attention"}


def _head(whole: WholePass) -> list[Section]:
    """One head of the attention that tells most, number by number."""
    crosses = any(place.endswith(".cross_attention") for place in whole.places)
    kind = "cross_attention" if crosses else "self_attention"
    focus = whole.focus(whole.attention(kind), whole.rows["decoder"], _MOST_KEYS)
    title = f"“{focus.query_label}” in head {focus.head} of {_WORDS[kind]}"
    return [Section(title, (Paragraph((f"{READS}:",)), in_brief(focus)))]


def _end(whole: WholePass) -> Section:
    return Section("The next word", tuple(whole.candidates()))
