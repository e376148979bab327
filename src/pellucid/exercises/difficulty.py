"""Difficulty: which steps of a derivation are blank."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.derivation import Derivation
from pellucid.errors import InputError, nearest
from pellucid.rendering.blanks import with_repetitions

LEVELS = ("easy", "medium", "hard")


def choose_blanks(blanks: str | Sequence[str], derivations: Sequence[Derivation]) -> frozenset[str]:
    """The steps to leave blank, with all that repeat their numbers.

    Args:
        blanks: "easy" (what comes after the weights), "medium" (the weights and what comes after), "hard"
            (everything that is computed), or names of steps, as a list or separated by commas.
        derivations: the one that the exercise is about, and the one beside it if there is one.

    Raises:
        InputError: a name is no step, or belongs to a step that cannot be blank.
    """
    names = [name.strip() for name in blanks.split(",")] if isinstance(blanks, str) else list(blanks)
    possible = _can_be_blank(derivations)
    if not names:
        raise InputError(f"no step is to be blank; name one or more of {', '.join(possible)}.")
    if len(names) == 1 and names[0] in LEVELS:
        return with_repetitions(_level(names[0], possible, derivations), derivations)
    for name in names:
        _check(name, possible, derivations)
    return with_repetitions(names, derivations)


def _can_be_blank(derivations: Sequence[Derivation]) -> list[str]:
    """The computed steps, in their order, without those whose numbers can be read off the inputs."""
    given = {step.name for derivation in derivations for step in derivation if step.is_given}
    names = dict.fromkeys(step.name for derivation in derivations for step in derivation)
    return [name for name in names if given.isdisjoint(with_repetitions([name], derivations))]


def _level(level: str, possible: list[str], derivations: Sequence[Derivation]) -> list[str]:
    if level == "hard":
        return possible
    orders = [list(derivation.steps) for derivation in derivations]
    after = {name for order in orders for name in order[order.index("weights") + 1 :] if name in possible}
    return ["weights", *after] if level == "medium" or not after else list(after)


def _check(name: str, possible: list[str], derivations: Sequence[Derivation]) -> None:
    if name in possible:
        return
    if any(name in derivation for derivation in derivations):
        is_given = any(derivation[name].is_given for derivation in derivations if name in derivation)
        why = "given, not computed" if is_given else "a copy of what is given"
        raise InputError(f"{name} is {why}, so it cannot be blank; these can: {', '.join(possible)}.")
    raise InputError(
        f"there is no step {name!r} to leave blank{nearest(name, [*LEVELS, *possible])}; "
        f"blanks can be {', '.join(LEVELS)}, or steps among {', '.join(possible)}."
    )
