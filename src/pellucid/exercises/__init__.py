"""Exercises: worksheets with blanks and their answer keys, with numbers that are nice to work with."""

from pellucid.exercises.exercise import Exercise, make_exercise, variants
from pellucid.exercises.sentence import Sentence

__all__ = ["Exercise", "Sentence", "make_exercise", "variants"]
