"""The examples that ship, and how a name or a path becomes an example."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pellucid.errors import ExampleError, nearest
from pellucid.examples.example import Example
from pellucid.examples.reader import parse_example, read_example

DEFAULT_EXAMPLE = "dog-on-the-mat"

_ORDER = (
    DEFAULT_EXAMPLE,
    "complete-sentence",
    "self-and-cross",
    "text-generation",
    "translation",
    "multi-head",
    "grouped-query",
    "fully-masked-row",
)


@dataclass(frozen=True)
class Shipped:
    """A shipped example: its name, its title and what it teaches."""

    name: str
    title: str
    purpose: str


def shipped_examples() -> list[Shipped]:
    """The examples that ship, in the order in which they are best read."""
    return [Shipped(name, example.title, example.purpose) for name in _ORDER for example in (_shipped(name),)]


def load_example(name: str | Path) -> Example:
    """The shipped example of that name, or the example in the file at that path.

    Raises:
        ExampleError: there is neither, or the file is no example.
    """
    if name in _ORDER:
        return _shipped(str(name))
    path = Path(name)
    if path.suffix or len(path.parts) > 1 or _exists(path):
        return read_example(path)
    raise ExampleError(
        f"{str(name)!r} is neither a shipped example{nearest(str(name), list(_ORDER))} nor a file; "
        f"the shipped examples are {', '.join(_ORDER)}."
    )


def example_source(name: str) -> str:
    """The file of a shipped example, as text to start one's own from."""
    return (resources.files("pellucid.examples") / "shipped" / f"{name}.yaml").read_text(encoding="utf-8")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name longer than the file system allows
        return False


def _shipped(name: str) -> Example:
    return parse_example(example_source(name).encode(), default_title=name)
