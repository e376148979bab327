"""Exercises: a worksheet with blanks, and the answer key that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from pellucid.derivation import Derivation
from pellucid.errors import InputError
from pellucid.examples import Example, explain, load_example
from pellucid.exercises.by_hand import paper_gap
from pellucid.exercises.difficulty import choose_blanks
from pellucid.exercises.nice_numbers import with_nice_numbers
from pellucid.exercises.sentence import Sentence
from pellucid.rendering.document import Document, Paragraph, Section
from pellucid.rendering.explanation import explain_attention
from pellucid.rendering.focus import EVERYTHING, Selection

FIRST_SEED = 1
"""The seed of numbers that are drawn when none is asked for."""

_MOST_DIGITS = 9
_ADVISABLE_GAP = 9  # units of the last place; where more is lost, rounding early is no advice


@dataclass(frozen=True, eq=False)
class Exercise:
    """One computation to be worked out, as a worksheet and as an answer key.

    Args:
        example: the inputs.
        blanks: names of the steps that are blank on the worksheet.
        digits: places to which results are rounded.
        seed: what the numbers were drawn from; `None` for an example's own.
    """

    example: Example
    blanks: frozenset[str]
    digits: int
    seed: int | None

    @cached_property
    def derivation(self) -> Derivation:
        """Every step with its numbers."""
        return explain(self.example, digits=self.digits)

    @cached_property
    def paper_gap(self) -> int:
        """How far rounding every number leads from the key, at most, in units of the last place."""
        return max(paper_gap(derivation) for derivation in _with_beside(self.derivation))

    def worksheet(self, selection: Selection = EVERYTHING) -> Document:
        """The sheet to be filled in.

        Args:
            selection: which row is spelled out. Every head is shown, because every head is needed.

        Raises:
            PositionError: a token or head of the selection does not exist.
        """
        preface = Section("Before you start", (_NAME, self._task(), self._rounding()))
        return self._document("Worksheet", selection, self.blanks, preface)

    def answers(self, selection: Selection = EVERYTHING) -> Document:
        """The answer key: the worksheet with every number in its place.

        Args:
            selection: as for the worksheet.

        Raises:
            PositionError: a token or head of the selection does not exist.
        """
        return self._document("Answer key", selection, frozenset(), Section("About the numbers", (self._rounding(),)))

    def _document(self, kind: str, selection: Selection, blanks: frozenset[str], preface: Section) -> Document:
        document = explain_attention(self.derivation, replace(selection, all_heads=True, blanks=blanks))
        title = f"{kind}: {document.title}" + ("" if self.seed is None else f" (seed {self.seed})")
        first, *others = document.derivations
        return replace(
            document,
            title=title,
            purpose="",
            sections=(preface, *document.sections),
            derivations=(replace(first, subject=replace(first.subject, title=title, purpose="")), *others),
        )

    def _task(self) -> Paragraph:
        steps = (step for derivation in _with_beside(self.derivation) for step in derivation)
        names = (step.name for step in steps if step.name in self.blanks and not step.operation.is_copy)
        listed = ", ".join(name.replace("_", " ") for name in dict.fromkeys(names))
        return Paragraph((f"Fill in the blanks: {listed}. Round to {_places(self.digits)}, halves away from zero.",))

    def _rounding(self) -> Paragraph:
        every = f"Round every number you write down to {_places(self.digits)}, even the exponentials, and you arrive at"
        if self.paper_gap == 0:
            return Paragraph((f"{every} exactly the matrices of the answer key.",))
        if self.paper_gap <= _ADVISABLE_GAP:
            within = Decimal(self.paper_gap).scaleb(-self.digits)
            exactly = "Keep more places in between, and you arrive at them exactly."
            return Paragraph((f"{every} the matrices of the answer key to within {within:f}. {exactly}",))
        return Paragraph(("Round results only; the answer key keeps every digit in between, and so should you.",))


_NAME = Paragraph(("Name: ______________________",))


def make_exercise(
    example: str | Path | Example | None = None,
    *,
    sentence: str | Sentence | None = None,
    seed: int | None = None,
    blanks: str | Sequence[str] = "medium",
    digits: int = 2,
) -> Exercise:
    """An exercise on an example's own numbers, or on nice numbers for its structure or for a sentence.

    Args:
        example: the name of a shipped example, the path of a file, or an `Example`.
        sentence: in its place, a sentence, or a `Sentence` with sizes and settings.
        seed: 0 or more. With a seed the numbers are fresh and nice to work with, the same for the same seed;
            without one an example keeps its own, and a sentence takes the first seed.
        blanks: "easy", "medium", "hard", or names of steps; `choose_blanks` says which these are.
        digits: places to which results are rounded, 1 to 9.

    Raises:
        InputError: something asked for does not exist or does not fit; a sentence says what and how to mend it.
    """
    if example is not None and sentence is not None:
        raise InputError("an example and a sentence are both given; give one of them.")
    if not 1 <= digits <= _MOST_DIGITS:
        raise InputError(f"digits is {digits}; results can be rounded to 1 to {_MOST_DIGITS} places.")
    if seed is not None and seed < 0:
        raise InputError(f"seed is {seed}; it needs to be 0 or more.")
    if example is None:
        structure = _sentence(sentence).structure()
        seed = FIRST_SEED if seed is None else seed
    else:
        structure = example if isinstance(example, Example) else load_example(example)
    chosen = choose_blanks(blanks, _with_beside(explain(structure, digits=digits)))
    numbers = structure if seed is None else with_nice_numbers(structure, seed, digits)
    return Exercise(numbers, chosen, digits, seed)


def variants(exercise: Exercise, count: int) -> list[Exercise]:
    """The exercise and more of its kind, with the seeds that follow its own: one for each student.

    An exercise on an example's own numbers has no seed; its variants start with the first.

    Raises:
        InputError: the count is less than 1.
    """
    if count < 1:
        raise InputError(f"{count} variants were asked for; it needs to be 1 or more.")
    first = FIRST_SEED if exercise.seed is None else exercise.seed
    return [
        replace(exercise, example=with_nice_numbers(exercise.example, seed, exercise.digits), seed=seed)
        for seed in range(first, first + count)
    ]


def _sentence(given: str | Sentence | None) -> Sentence:
    if isinstance(given, Sentence):
        return given
    return Sentence() if given is None else Sentence(given)


def _with_beside(derivation: Derivation) -> tuple[Derivation, ...]:
    return (derivation,) if derivation.beside is None else (derivation, derivation.beside)


def _places(digits: int) -> str:
    return "1 place" if digits == 1 else f"{digits} places"
