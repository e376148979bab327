"""What introduces a list: the line before it, which may say what its items are.

- Keys:
  - the: [1, 0, 0]
  - cat: [0, 1, 1]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from pellucid.checking.passages import Part, Passage


def introduction(part: Part | None) -> str:
    """The last line of a paragraph, which introduces a list that follows it; empty for anything else."""
    if not isinstance(part, Passage) or part.kind != "prose":
        return ""
    return part.text.text.rstrip().rpartition("\n")[2].strip()


def introduced(parts: Iterable[Part], lead: str) -> Iterator[Part]:
    """The parts of a list whose introduction is known; those of a list inside it keep their own."""
    for part in parts:
        yield replace(part, lead=lead) if lead and isinstance(part, Passage) and not part.lead else part
