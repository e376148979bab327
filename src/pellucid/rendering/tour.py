"""The tour: from a sentence to a weighted sum, and where to go from there."""

from __future__ import annotations

from pellucid.examples import explain
from pellucid.examples.library import DEFAULT_EXAMPLE
from pellucid.rendering.document import Document, Grid, Grids, Section, Table
from pellucid.rendering.explanation import explain_attention

_NEXT_STEPS = (
    ("pellucid explain", "the same with every matrix, row by row"),
    ("pellucid explain --list", "more examples, a line each"),
    ("pellucid explain self-and-cross", "the two kinds of attention, side by side"),
    ("pellucid explain -o dog.html", "a page: click any number"),
    ("pellucid explain -o dog.xlsx", "live formulas: change any input"),
    ("pellucid explain --source > my.yaml", "a file to start your own from"),
    ("pellucid exercise", "a worksheet and its answer key"),
)


def tour() -> Document:
    """The first example, one row of it in words and numbers without its matrices, and the commands to try next."""
    document = explain_attention(explain(DEFAULT_EXAMPLE))
    sections = [_without_matrices(section) for section in document.sections[1:]]
    sections.insert(0, document.sections[0])
    sections.append(Section("Where to go from here", (Table(("command", "what it shows"), _NEXT_STEPS),)))
    return Document(
        "pellucid: a Transformer behind glass",
        "What does “sitting” take from the words around it? One row of attention, from dot products to the output.",
        tuple(sections),
        document.notation,
        document.derivations,
    )


def _without_matrices(section: Section) -> Section:
    return Section(section.title, tuple(block for block in section.blocks if not isinstance(block, Grid | Grids)))
