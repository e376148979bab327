"""What a worksheet leaves open: the steps to be filled in, and those in which their numbers stand again."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pellucid.derivation import Derivation, Step
from pellucid.expressions import evaluate
from pellucid.numbers import FLOAT64
from pellucid.operations import Scale
from pellucid.operations.pattern import IfTrue, Operand


def with_repetitions(blanks: Collection[str], derivations: Iterable[Derivation]) -> frozenset[str]:
    """The named steps and every step in which their numbers stand again.

    A step that only copies or rearranges another is open together with it; masked scores repeat the scaled
    scores, but may be open alone: what to mask is then the question.
    """
    closed = set(blanks)
    steps = [step for derivation in derivations for step in derivation]
    size = -1
    while size != len(closed):
        size = len(closed)
        for step in steps:
            whole, partly = _repeated(step)
            if closed & {*whole, *partly}:
                closed.add(step.name)
            if step.name in closed:
                closed.update(whole)
    return frozenset(closed)


def _repeated(step: Step) -> tuple[list[str], list[str]]:
    """The operands whose numbers a step repeats: all of them, or only some."""
    match step.pattern:
        case Operand(operand=position):
            return [step.operands[position].name], []
        case IfTrue(then=Operand(operand=position)):
            return [], [step.operands[position].name]
    if isinstance(step.operation, Scale) and evaluate(step.operation.factor, FLOAT64) == 1:  # such as 1/√1
        return [step.operands[0].name], []
    return [], []
