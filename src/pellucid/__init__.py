"""pellucid: a Transformer behind glass."""

from __future__ import annotations

from pellucid.derivation import Derivation
from pellucid.errors import PellucidError
from pellucid.examples import Example, explain, read_example, shipped_examples

__version__ = "0.1.0"

__all__ = [
    "Derivation",
    "Example",
    "PellucidError",
    "explain",
    "read_example",
    "shipped_examples",
]
