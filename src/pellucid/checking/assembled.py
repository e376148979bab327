"""A worked example that has been put together: its problem, and how the document was read to get there."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from pellucid.arrays import Array
from pellucid.checking.judge import Verdicts, judge
from pellucid.checking.placing import Placing
from pellucid.checking.problem import Problem
from pellucid.checking.scopes import Scope
from pellucid.derivation import Derivation
from pellucid.examples import Example


@dataclass(eq=False)
class Assembled:
    """A worked example, put together.

    Args:
        problem: with its claims.
        scope: the mentions it was put together from.
        example: the same as an example, where it has all that one needs.
        derivation: of that example.
        reading: sentences that say what was taken for what.
        conventions: consistent choices that the document does not declare, as sentences.
        missing: sentences about what is not there.
        trees: the inputs as they are printed, by role.
        scale, causal: the setting that was taken: the factor of the scores, and whether the mask is causal.
        placing: how results are placed in it.
        follows: where numbers stand that say again what stands elsewhere, and where that is, as places in the source.
    """

    problem: Problem
    scope: Scope
    example: Example | None = None
    derivation: Derivation | None = None
    reading: list[str] = field(default_factory=list)
    conventions: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    trees: dict[str, Array] = field(default_factory=dict)
    scale: str = "1/sqrt(d_k)"
    causal: bool = False
    follows: dict[int, int] = field(default_factory=dict)
    placing: Placing = field(default_factory=lambda: Placing({}, (), (), False, 0, {}))

    @cached_property
    def verdicts(self) -> Verdicts:
        """What is said of its claims: several ask, and there may be tens of thousands."""
        return judge(self.problem)
