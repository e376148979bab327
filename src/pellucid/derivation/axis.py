"""Labelled axes: which token, head or feature a position stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pellucid.errors import PositionError, nearest, no_such

_NTH = re.compile(r"(?P<label>.+)#(?P<n>[1-9]\d{0,8})", re.DOTALL)


@dataclass(frozen=True)
class Axis:
    """One axis of a step.

    Args:
        name: "head", "query", "key", "token", or the size it has: "d_k", "d_v", "d_model".
        size: number of positions.
        labels: the tokens, one a position; `None` where positions are only counted.
    """

    name: str
    size: int
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        assert self.labels is None or len(self.labels) == self.size

    def renamed(self, name: str) -> Axis:
        """The same positions under another name."""
        return Axis(name, self.size, self.labels)

    def label(self, position: int) -> str:
        """The token at `position`, with `#2` for its second occurrence; the number where there are no tokens."""
        if self.labels is None:
            return str(position)
        label = self.labels[position]
        earlier = self.labels[:position].count(label)
        return f"{label}#{earlier + 1}" if earlier else label

    def word(self, position: int) -> str:
        """The label without the space that begins a word, as `position` takes it too."""
        label = self.label(position)
        return label.strip(" ") or label

    def position(self, where: int | str) -> int:
        """The position that `where` names: a number from 0, a token, or `The#2` for its second occurrence.

        A token that is there with a space around it, as tokens that begin a word are, may be named without.

        Raises:
            PositionError: there is no such position.
        """
        if isinstance(where, int):
            if not 0 <= where < self.size:
                raise no_such(self.name, where, self.size)
            return where
        if self.labels is not None:
            for labels in (self.labels, tuple(label.strip() for label in self.labels)):
                found = _position(labels, where)
                if found is not None:
                    return found
        if where.isascii() and where.isdigit():
            return self.position(int(where.lstrip("0")[:9] or 0))
        if self.labels is None:
            raise PositionError(f"{self.name} {where!r} is not a number; there are {self.size}, counted from 0.")
        shown = ", ".join(self.labels[:20]) + (", …" if self.size > 20 else "")
        guess = nearest(where, list(self.labels))
        kind = "token" if self.name == "token" else f"{self.name} token"
        raise PositionError(f"no {kind} is {where!r}{guess}; the tokens are {shown}.")


def _position(labels: tuple[str, ...], where: str) -> int | None:
    if where in labels:
        return labels.index(where)
    nth = _NTH.fullmatch(where)
    if not nth or nth["label"] not in labels:
        return None
    places = [place for place, label in enumerate(labels) if label == nth["label"]]
    if int(nth["n"]) <= len(places):
        return places[int(nth["n"]) - 1]
    raise PositionError(f"{where!r} does not exist: {nth['label']!r} occurs {_times(len(places))}.")


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
