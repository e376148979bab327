"""Two runs side by side: where they part, by how much, and how each came to its number."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.derivation import Derivation, Entry
from pellucid.derivation.comparison import Comparison, StepDifference
from pellucid.derivation.recorded import with_arithmetic
from pellucid.numbers import FLOAT32, Notation, Scalar, as_decimal, every_digit, round_significant
from pellucid.rendering.document import Block, Code, Document, Inline, Line, Paragraph, Section, Table, Working
from pellucid.rendering.other_ids import texts_of_ids, told_ids

_MOST_PLACES = 40
_MOST_OPERANDS = 24
"""Of an element that is spelled out."""
_INPUTS = ("embeddings", "memory", "query", "key", "value", "mask")
"""Of attention, where it starts; a step after it would be computed from them."""
_TOKEN, _SHAPE = "token", "shape"
"""What stands in the place of a difference where nothing is measured."""


def explain_comparison(comparison: Comparison, names: tuple[str, str]) -> Document:
    """The document that leads a reader to the step at which two runs part.

    Args:
        comparison: of the runs.
        names: what each is called.
    """
    a, b = comparison.a, comparison.b
    sections = [
        Section("Where they part" if comparison.first else "They do not part", tuple(_verdict(comparison))),
        Section("How far apart", tuple(_places(comparison))),
    ]
    return Document(f"A: {names[0]}", f"B: {names[1]}", tuple(sections), a.notation, (a, b))


def comparison_json(comparison: Comparison, names: tuple[str, str]) -> str:
    """`{"a", "b", "same", "tolerance", "first", "steps", "only_in_a", "only_in_b"}`, for programs.

    `first` and each of `steps` are `{"step", "parts", "difference", "index", "at", "a", "b", "allowed"}`: the largest
    difference of two numbers, where it is, by numbers from 0 and by tokens, and both numbers. Infinite ones are the
    strings "inf" and "-inf", decimals strings of digits. Where shapes differ, `difference` to `b` are null and
    `shapes` says which they are.

    Args:
        comparison: of the runs.
        names: what each is called.
    """
    values = {
        "a": names[0],
        "b": names[1],
        "same": comparison.same,
        "tolerance": comparison.tolerance,
        "first": None if comparison.first is None else _as_json(comparison.first),
        "steps": [_as_json(step) for step in comparison],
        "only_in_a": comparison.only_a,
        "only_in_b": comparison.only_b,
    }
    return json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n"


def _verdict(comparison: Comparison) -> Iterable[Block]:
    first, a, b = comparison.first, comparison.a, comparison.b
    share = f"{_size(comparison.tolerance)} of a step's largest number, or of 1 where all are smaller"
    agrees = f"no number differs by more than {share}" if comparison.tolerance else "digit for digit"
    if first is None:
        counted = f"{len(comparison.steps)} {'step' if len(comparison.steps) == 1 else 'steps'}"
        verb = "agrees" if len(comparison.steps) == 1 else "agree"
        yield Paragraph((f"The {counted} that both have {verb}: {agrees}.",))
        worst = max(comparison, key=lambda step: (step.largest or 0.0) / (step.allowed or 1.0))
        if worst.largest:
            yield Paragraph(("The difference that comes nearest to that is", *_told(worst), "."))
        elif comparison.tolerance:
            yield Paragraph(("All are equal, digit for digit.",))
        return
    before = comparison.steps.index(first)
    first = replace(first, a=with_arithmetic(a, first.a), b=with_arithmetic(b, first.b))
    yield Paragraph(("First at", *_told(first), "."))
    steps = f"the {before} steps before it agree" if before > 1 else "the step before it agrees" if before else ""
    if steps:
        yield Paragraph((f"{steps.capitalize()}: {agrees}.",))
    if words := _why(comparison, first):
        yield Paragraph((words,))
    if first.entries is not None and not (first.a.is_given and first.b.is_given) and not first.of_ids:
        yield _working(first, first.entries)


def _why(comparison: Comparison, first: StepDifference) -> str:
    """What the step at which runs part has to do with that; empty where nothing is known."""
    a, b = comparison.a, comparison.b
    if not (first.a.is_given and first.b.is_given):
        agrees = "What it is computed from agrees: how it is computed differs, or how it is rounded."
        return agrees if _agrees_on_operands(comparison, first) else ""
    if _is_recording(a) and _is_recording(b):
        known = first.of_ids or first.a.short_name in _INPUTS
        return "" if known else "Recordings hold numbers only: how this one was computed, neither of them says."
    if a.numbers != b.numbers and FLOAT32 in (a.numbers, b.numbers) and first.entries is not None:
        one, other = (np.float32(entry.value) for entry in first.entries)
        if one == other:
            return "It is an input, and the same one: float32 has no more of its digits."
    return "It is an input: what the runs are given differs."


def _is_recording(run: Derivation) -> bool:
    return all(step.is_given for step in run)


def _told(step: StepDifference) -> tuple[Inline, ...]:
    """`scores[sitting, The]: 0.21 and 0.29, 0.08 apart`, between words."""
    if step.of_ids and step.parts:
        return (" ", Code(step.name), f": {told_ids(step)}")
    if step.entries is None:
        shapes = " and ".join(" × ".join(map(str, one.shape)) for one in (step.a, step.b))
        return (" ", Code(step.name), f", of which the shapes differ: {shapes}")
    a, b = step.entries
    one, other = _texts(a, b, step.largest or 0.0)
    both = f"{one} and {other}"
    if a.step.label(a.index) == b.step.label(b.index):
        return (" ", Code(a.step.label(a.index)), f": {both}, {_size(step.largest)} apart")
    mine, theirs = (entry.step.label(entry.index).removeprefix(entry.step.name) for entry in (a, b))
    return (" ", Code(step.name), f", {mine} in A and {theirs} in B: {both}, {_size(step.largest)} apart")


def _working(step: StepDifference, entries: tuple[Entry, Entry]) -> Working:
    """How each run came to its number, where that is not too long."""
    lines = []
    for name, entry in zip("AB", entries, strict=True):
        long = not entry.step.is_given and len(entry.operands) > _MOST_OPERANDS
        spelled = () if entry.step.is_given or long else (entry.expression,)
        lines.append(Line(f"{name}: {step.a.short_name}", spelled, entry.element))
    return Working(tuple(lines))


def _agrees_on_operands(comparison: Comparison, first: StepDifference) -> bool:
    operands = {operand.name for one in (first.a, first.b) for operand in one.operands}
    agreeing = {step.name for step in comparison if not step.parts}
    return bool(operands) and operands <= agreeing


def _places(comparison: Comparison) -> Iterable[Block]:
    """The largest difference of every place; of steps without a place, of every step."""
    by_place: dict[str, list[StepDifference]] = {}
    for step in comparison:
        by_place.setdefault(step.a.place or step.name, []).append(step)
    worst = [max(steps, key=_by_size) for steps in by_place.values()]
    shown = worst if len(worst) <= _MOST_PLACES else [step for step in worst if step.parts] or worst
    rows = tuple(_row(step) for step in shown[:_MOST_PLACES])
    if words := _of_other_shapes(comparison):
        yield Paragraph((words,))
    if any(step.a.place for step in shown):  # long names need the room of the numbers
        yield Table(("", "difference", "where"), tuple(map(_without_numbers, rows)))
    else:
        yield Table(("", "difference", "A", "B", "where"), rows)
    if len(shown) > _MOST_PLACES:
        yield Paragraph((f"… and {len(shown) - _MOST_PLACES} more places; --json has every step.",))
    elif len(shown) < len(worst):
        yield Paragraph((f"The other {len(worst) - len(shown)} places agree.",))
    for name, names in (("A", comparison.only_a), ("B", comparison.only_b)):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            yield Paragraph((f"Only {name} has {', '.join(names[:3])}{more}.",))


def _of_other_shapes(comparison: Comparison) -> str:
    """What was not compared, as where texts differ in length; empty when everything was."""
    every = len(comparison.steps)
    others = sum(step.largest is None for step in comparison)
    if not others:
        return ""
    words = f"Of the {every} steps that both have, {others} {'have' if others > 1 else 'has'} another shape in B, so"
    words += " that no number stands against another"
    left = every - others
    return f"{words}; the other {left} were compared." if left else f"{words}."


def _by_size(step: StepDifference) -> tuple[bool, float]:
    return step.parts, math.inf if step.largest is None or (step.of_ids and step.parts) else step.largest


def _row(step: StepDifference) -> tuple[str, str, str, str, str]:
    sign = "≠" if step.parts else "="
    if step.of_ids and step.parts:
        return (sign, _TOKEN, *texts_of_ids(step), step.name)
    if step.entries is None:
        if step.largest is None:
            one, other = ("×".join(map(str, each.shape)) for each in (step.a, step.b))
            return (sign, _SHAPE, one, other, step.name)
        return (sign, "0", "", "", step.name)
    if not step.largest:
        return (sign, "0", "", "", step.a.place or step.name)
    a, b = step.entries
    one, other = _texts(a, b, step.largest)
    return (sign, _size(step.largest), one, other, a.step.label(a.index))


def _without_numbers(row: tuple[str, str, str, str, str]) -> tuple[str, str, str]:
    """A row for long names; tokens and shapes stand behind them."""
    sign, size, a, b, where = row
    return (sign, size, f"{where}: {a} and {b}" if size in (_TOKEN, _SHAPE) else where)


def _size(difference: float | None) -> str:
    """A difference with two digits, as far from zero as it is: 0.089, 3.1e-8."""
    assert difference is not None
    if math.isinf(difference):
        return "∞"
    number = round_significant(difference, 2)
    return every_digit(number) if number.is_zero() or number.adjusted() >= -4 else f"{number:e}"


def _texts(a: Entry, b: Entry, difference: float) -> tuple[str, str]:
    """Both numbers with the fewest places that show how far they lie apart."""
    places = a.step.notation.digits
    if 0 < difference < math.inf:
        places = max(places, 1 - math.floor(math.log10(difference)))
    notation = Notation(min(places, 400))
    one, other = (notation.text(entry.value) if _is_number(entry.value) else str(entry.value) for entry in (a, b))
    return (one, other) if one != other or not difference else (str(a.value), str(b.value))


def _is_number(value: Scalar) -> bool:
    return not isinstance(value, bool | np.bool_)


def _labels(entry: Entry) -> list[str]:
    return [axis.label(place) for axis, place in zip(entry.step.axes, entry.index, strict=True)]


def _as_json(step: StepDifference) -> dict[str, Any]:
    values: dict[str, Any] = {"step": step.name, "parts": step.parts}
    if step.largest is None:
        nothing = dict.fromkeys(("difference", "index", "at", "a", "b"))
        return {**values, **nothing, "allowed": step.allowed, "shapes": [list(step.a.shape), list(step.b.shape)]}
    found: dict[str, Any] = {"difference": _plain(step.largest), "index": step.index, "at": None, "a": None, "b": None}
    if step.entries is not None:
        a, b = step.entries
        found |= {"at": _labels(a), "a": _plain(a.value), "b": _plain(b.value)}
    return {**values, **found, "allowed": step.allowed}


def _plain(value: Any) -> Any:
    """A number as JSON has it."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, np.integer | int):
        return int(value)
    number = as_decimal(value)
    if number.is_infinite():
        return "-inf" if number < 0 else "inf"
    return float(number) if isinstance(value, float | np.floating) else every_digit(number)
