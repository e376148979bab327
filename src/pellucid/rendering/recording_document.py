"""A recording, or two of them compared, as a document that every format can show: a number for every head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pellucid.arrays import Array
from pellucid.capturing.comparison import Comparison
from pellucid.capturing.recording import Recording
from pellucid.capturing.summary import PATTERNS, Summary
from pellucid.derivation import Axis, Builder, Derivation, Subject, derive
from pellucid.rendering.document import Block, Document, Grid, Note, Paragraph, Section, Table
from pellucid.rendering.recording_comparison import NOT_ALIKE
from pellucid.rendering.recording_summary import PATTERN_WORDS, layer_words, percent, read_lines, verified

_DIGITS = 3
_MOST = 6
"""Heads that are named."""
_EVENNESS = (
    "How evenly each head looks: 0 at one token only, also where there is but one; 1 at all that it may look at alike."
)
_DIVERGENCE = (
    "The Jensen–Shannon divergence of the weights of each pair of heads, in bits, on average over the queries: 0 for "
    "the same weights, 1 where they share no key."
)


def summary_document(recording: Recording, summary: Summary, title: str) -> Document:
    """What `summary_text` tells, for other formats.

    Args:
        recording: what is summarised.
        summary: of its layers, or of some.
        title: one line.
    """
    derivation = _derivation(title, {"evenness": summary})
    sections = (
        Section("What was read", tuple(_about(recording, summary))),
        Section("Every head", tuple(_heads(derivation, "evenness", summary))),
    )
    return Document(title, "", sections, derivation.notation, (derivation,))


def comparison_document(
    recordings: tuple[Recording, Recording], comparison: Comparison, titles: tuple[str, str]
) -> Document:
    """What `comparison_text` tells, for other formats.

    Args:
        recordings: that are compared.
        comparison: of their layers, or of some.
        titles: one line each.
    """
    summaries = {"evenness_of_A": comparison.left, "evenness_of_B": comparison.right}
    heading = f"A: {titles[0]}"
    derivation = _derivation(heading, summaries, comparison)
    sections = [Section("How far apart they are", tuple(_distances(derivation, comparison)))]
    for letter, recording, title, (name, summary) in zip("AB", recordings, titles, summaries.items(), strict=True):
        blocks = (*_about(recording, summary), *_heads(derivation, name, summary))
        sections.append(Section(f"{letter}: {title}", blocks))
    return Document(heading, f"B: {titles[1]}", tuple(sections), derivation.notation, (derivation,))


def _derivation(title: str, summaries: dict[str, Summary], comparison: Comparison | None = None) -> Derivation:
    """The numbers of all heads as steps, which spreadsheets and pages carry whole."""

    def plan(builder: Builder) -> None:
        if comparison is not None and comparison.distances:
            for name, places, matrix in _matrices("divergence", comparison.distances):
                builder.given(name, matrix, _axes(comparison.left, places, matrix))
        for stem, summary in summaries.items():
            values = [[head.evenness or 0.0 for head in heads] for heads in summary.heads]
            for name, places, matrix in _matrices(stem, values):
                builder.given(name, matrix, _axes(summary, places, matrix))

    return derive(plan, Subject(title), digits=_DIGITS)


def _matrices(stem: str, values: Sequence[Sequence[float]]) -> Iterator[tuple[str, list[int], Array]]:
    """A matrix for all layers with as many heads: its name, which layers, and its numbers, (layers, heads)."""
    counts = list(dict.fromkeys(map(len, values)))
    for count in counts:
        places = [place for place, heads in enumerate(values) if len(heads) == count]
        name = stem if len(counts) == 1 else f"{stem}_{count}_heads"
        yield name, places, np.array([values[place] for place in places])


def _axes(summary: Summary, places: Sequence[int], matrix: Array) -> tuple[Axis, Axis]:
    words = layer_words(summary.layers)
    return Axis("layer", len(places), tuple(words[place] for place in places)), Axis("head", matrix.shape[1])


def _about(recording: Recording, summary: Summary) -> Iterator[Block]:
    """What was read, and what was verified."""
    for words in read_lines(summary):
        yield Paragraph((words,))
    for style, words in verified(recording, summary.layers):
        yield Note((words.removeprefix("! "),)) if style == "yellow" else Paragraph((words,))


def _grids(derivation: Derivation, stem: str, caption: str) -> Iterator[Grid]:
    for step in derivation:
        if step.name == stem or (step.name.startswith(f"{stem}_") and step.name.endswith("_heads")):
            yield Grid(step, caption, heat=True)


def _heads(derivation: Derivation, stem: str, summary: Summary) -> Iterator[Block]:
    """How evenly every head looks, and the heads that stand out."""
    yield Paragraph((_EVENNESS,))
    yield from _grids(derivation, stem, "evenness")
    rows = []
    for pattern in PATTERNS:
        heads = summary.strongest(pattern, _MOST)
        if heads:
            named = ", ".join(f"{head.layer}.{head.head} {percent(head.shares[pattern])}" for head in heads)
            rows.append((PATTERN_WORDS[pattern], named))
    if rows:
        yield Paragraph(("Heads that look most at something: layer.head, and the share of their weight it gets.",))
        yield Table(("", "heads"), tuple(rows))


def _distances(derivation: Derivation, comparison: Comparison) -> Iterator[Block]:
    if not comparison.distances:
        yield Paragraph((NOT_ALIKE,))
        return
    yield Paragraph((_DIVERGENCE,))
    yield from _grids(derivation, "divergence", "divergence")
    notation = derivation.notation
    rows = ((f"{layer}.{head}", notation.text(size, _DIGITS)) for layer, head, size in comparison.furthest(_MOST))
    yield Paragraph(("The heads that differ most, as layer.head:",))
    yield Table(("head", "divergence"), tuple(rows))
