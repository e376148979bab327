"""The beams of a search as a tree: which hypotheses were followed, and with what score."""

from __future__ import annotations

from collections.abc import Iterator

from pellucid.numbers import Notation
from pellucid.production import Production
from pellucid.rendering.document import Branch, Tree

_Place = tuple[int, int]
"""A step and one of its candidates, both from 0."""


def beam_tree(production: Production, notation: Notation) -> Tree:
    """The hypotheses that the search followed; runs without a fork are one branch.

    Args:
        production: of a beam search.
        notation: how scores are printed.
    """
    return Tree(tuple(_Growing(production, notation).branches()))


def completed_tree(production: Production, notation: Notation) -> tuple[Tree, int]:
    """Only the hypotheses that were completed, with the one that was taken, and how many others there were.

    Args:
        production: of a beam search.
        notation: how scores are printed.
    """
    growing = _Growing(production, notation)
    dropped = growing.prune()
    return Tree(tuple(growing.branches())), dropped


class _Growing:
    """Grows the branches from the candidates of every step."""

    def __init__(self, production: Production, notation: Notation) -> None:
        self.production, self.notation = production, notation
        tree = production.tree
        self.next: dict[_Place, list[_Place]] = {}  # what continues a candidate
        self.before: dict[_Place, _Place | None] = {}  # what a candidate continues
        beams: dict[int, _Place] = {}
        self.first: list[_Place] = []
        for step, candidates in enumerate(tree):
            followed: dict[int, _Place] = {}
            for number, each in enumerate(candidates):
                if each.beam is None and each.score is None:
                    continue
                place = (step, number)
                self.before[place] = beams[each.origin] if step else None
                self.next.setdefault(beams[each.origin], []).append(place) if step else self.first.append(place)
                if each.beam is not None:
                    followed[each.beam] = place
            beams = followed
        self.chosen = set(self._way(self.first, [step.id for step in production.steps]))

    def _way(self, places: list[_Place], ids: list[int]) -> Iterator[_Place]:
        """The places of what was chosen."""
        for place in places:
            step, number = place
            candidate = self.production.tree[step][number]
            if candidate.token == ids[step]:
                yield place
                if step + 1 < len(ids):
                    yield from self._way(self.next.get(place, []), ids)
                return

    def prune(self) -> int:
        """Leaves only what led to a complete hypothesis or to the one that was taken; how many ended otherwise."""
        kept = set(self.chosen)
        for place in self.before:
            step, number = place
            if self.production.tree[step][number].score is not None:
                way: _Place | None = place
                while way is not None and way not in kept:
                    kept.add(way)
                    way = self.before[way]
        dropped = sum(place not in kept and place not in self.next for place in self.before)
        self.first = [place for place in self.first if place in kept]
        self.next = {place: [each for each in following if each in kept] for place, following in self.next.items()}
        return dropped

    def branches(self) -> Iterator[Branch]:
        for place in self.first:
            yield self.branch(place)

    def branch(self, place: _Place) -> Branch:
        """The run from a place to where it forks or ends, and what grows from there."""
        run = [place]
        while len(following := self.next.get(run[-1], [])) == 1 and self._is_chosen(following[0]) == self._is_chosen(
            place
        ):
            run += following
        step, number = run[-1]
        last = self.production.tree[step][number]
        tokens = [self.production.vocabulary[self.production.tree[at][which].token] for at, which in run]
        note = f"{self.notation.text(last.log_probability)}"
        if last.score is not None:
            note += f", score {self.notation.text(last.score)}" + ", taken" * self._is_chosen(place)
        elif not following and step + 1 < len(self.production.tree):
            note += f", dropped after step {step}"
        return Branch(self._joined(tokens), note, self._is_chosen(place), tuple(map(self.branch, following)))

    def _joined(self, tokens: list[str]) -> str:
        """The text of tokens: those that begin a word bring their space, unless the vocabulary has words alone."""
        has_spaces = any(token.startswith(" ") for token in self.production.vocabulary.values())
        return ("" if has_spaces else " ").join(tokens).strip()

    def _is_chosen(self, place: _Place) -> bool:
        return place in self.chosen
