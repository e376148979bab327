"""Worked examples: the file format, its reader, and the ones that ship."""

from pellucid.examples.example import Example
from pellucid.examples.explain import explain
from pellucid.examples.library import Shipped, load_example, shipped_examples
from pellucid.examples.reader import read_example

__all__ = ["Example", "Shipped", "explain", "load_example", "read_example", "shipped_examples"]
