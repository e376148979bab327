"""Findings with links between them: they are gathered in any order, and put in theirs at the end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pellucid.checking.report import Finding


@dataclass(eq=False)
class LinkedFindings:
    """Findings with links between them, before they are put in order."""

    entries: list[Finding] = field(default_factory=list)
    roots: list[int | None] = field(default_factory=list)  # position in `entries`

    def add(self, finding: Finding, root: int | None = None) -> int:
        self.entries.append(finding)
        self.roots.append(root)
        return len(self.entries) - 1

    def ordered(self) -> list[Finding]:
        """Errors first, in reading order; what follows from a finding stands behind it."""
        rank = {"error": 0, "last_digit": 1, "drift": 1, "convention": 2, "missing": 3}
        followers: dict[int, list[int]] = {}
        for position, root in enumerate(self.roots):
            if root is not None:
                followers.setdefault(root, []).append(position)
        roots = [position for position, root in enumerate(self.roots) if root is None]
        roots.sort(key=lambda position: (rank[self.entries[position].severity], self._place(position)))
        order: list[int] = []
        for root in roots:
            order += [root, *sorted(followers.get(root, ()), key=self._place)]
        places = {position: number for number, position in enumerate(order)}
        return [self._linked(position, places) for position in order]

    def _linked(self, position: int, places: dict[int, int]) -> Finding:
        """A finding with the place of its root among the ordered ones."""
        finding, root = self.entries[position], self.roots[position]
        place = None if root is None else places[root]
        return finding if finding.follows_from == place else replace(finding, follows_from=place)

    def _place(self, position: int) -> int:
        span = self.entries[position].span
        return 1 << 60 if span is None else span.start
