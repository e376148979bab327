"""From a derivation of attention to the document that explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pellucid.derivation import Derivation
from pellucid.rendering.blanks import with_repetitions
from pellucid.rendering.document import Beside, Document, Section, Table
from pellucid.rendering.focus import EVERYTHING, Focus, Selection
from pellucid.rendering.stages import Stages

__all__ = ["Selection", "explain_attention"]


def explain_attention(derivation: Derivation, selection: Selection = EVERYTHING) -> Document:
    """The document that leads a reader through a derivation of attention.

    Raises:
        PositionError: a token or head of the selection does not exist.
    """
    derivations = (derivation,) if derivation.beside is None else (derivation, derivation.beside)
    selection = replace(selection, blanks=with_repetitions(selection.blanks, derivations))
    explained = [Stages(Focus(one, selection)).sections() for one in derivations]
    sections = explained[0]
    if len(explained) == 2:
        sections = [*_beside(derivations, explained), _difference(derivations, selection)]
    return Document(
        " and ".join(one.title for one in derivations) + (", side by side" if derivation.beside else ""),
        derivation.subject.purpose,
        tuple(sections),
        derivation.notation,
        derivations,
        selection.blanks,
    )


def _beside(derivations: tuple[Derivation, ...], explained: list[list[Section]]) -> list[Section]:
    """Stage by stage, the two derivations in two columns; a stage that only one has stands alone."""
    left, right = explained
    headings = (derivations[0].title, derivations[1].title)
    others = {section.title: section for section in right}
    sections = []
    for section in left:
        other = others.pop(section.title, None)
        sections.append(Section(section.title, (Beside(headings, section.blocks, other.blocks if other else ()),)))
    sections.extend(Section(title, (Beside(headings, (), other.blocks),)) for title, other in others.items())
    return sections


def _difference(derivations: Sequence[Derivation], selection: Selection) -> Section:
    """What sets two derivations apart, in numbers."""
    foci = [Focus(derivation, selection) for derivation in derivations]
    rows: list[tuple[str, ...]] = []
    for name, words in (("weights", "weights of “{}”"), ("output", "output of “{}”")):
        if name not in selection.blanks and all(name in derivation for derivation in derivations):
            rows.append(
                (words.format(foci[0].query_label), *(focus.row_text(focus.derivation[name]) for focus in foci))
            )
    sources = [", ".join(derivation["weights"].axes[-1].labels or ("",)) for derivation in derivations]
    shapes = ["×".join(map(str, derivation["weights"].shape)) for derivation in derivations]
    return Section(
        "The difference",
        (
            Table(
                ("", *(derivation.title for derivation in derivations)),
                (("keys and values from", *sources), ("shape of the weights", *shapes), *rows),
            ),
        ),
    )
