"""pellucid: a Transformer behind glass."""

from __future__ import annotations

from pellucid.derivation import Derivation, install_presenter
from pellucid.errors import PellucidError
from pellucid.examples import Example, explain, read_example, shipped_examples
from pellucid.rendering import present

install_presenter(present)

__version__ = "0.1.0"

__all__ = [
    "Derivation",
    "Example",
    "PellucidError",
    "explain",
    "read_example",
    "shipped_examples",
]
