"""Documents by seed: a problem, a format, a style, the habits of an author."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from checking_corpus.chain import Faults, Problem, work
from checking_corpus.claims import JsonWriter, YamlWriter
from checking_corpus.styles import FORMAT_STYLES, STYLES
from checking_corpus.writer import Document
from checking_corpus.writers import WRITERS

FORMATS = (*FORMAT_STYLES, "yaml", "json")


@dataclass(frozen=True)
class Plan:
    """Everything that a document is made from but its errors.

    Args:
        problem: the example.
        format: an extension.
        style: a layout of `STYLES`, or "claims".
        seed: of the author's habits.
        arithmetic: what computes: decimals for people, floats for programs.
        sentence_end: words that follow the tokens and have no vectors.
        hidden: steps that are not printed.
    """

    problem: Problem
    format: str
    style: str
    seed: str
    arithmetic: str = "decimal"
    sentence_end: str = ""
    hidden: frozenset[str] = frozenset()

    def write(
        self, faults: Faults | None = None, overrides: Mapping[int, str] | None = None, problem: Problem | None = None
    ) -> Document:
        """The document, with errors if there are any."""
        chain = work(problem or self.problem, faults, self.arithmetic)
        random = Random(self.seed)
        stem = f"{self.format}-{self.style}-{self.seed}"
        if self.style == "claims":
            writer = {"yaml": YamlWriter, "json": JsonWriter}[self.format]
            return writer(chain, random, overrides, hidden=self.hidden).document(stem)
        page = WRITERS[self.format](chain, random, overrides, self.sentence_end, self.hidden)
        STYLES[self.style](page)
        return page.document(stem)


def styles_of(format_name: str) -> tuple[str, ...]:
    """The layouts that a format is written in, the frequent ones more than once."""
    return FORMAT_STYLES.get(format_name, ("claims",))


def make_plan(problem: Problem, format_name: str, style: str, seed: str) -> Plan:
    """A plan; programs compute in floats."""
    random = Random(f"{seed}/arithmetic")
    arithmetic = "decimal"
    if style == "torch":
        arithmetic = "float32"
    elif style == "program":
        arithmetic = random.choice(("float64", "float64", "float32"))
    hidden = frozenset(step for step, share in (("scaled", 0.15), ("masked", 0.4)) if random.random() < share)
    return Plan(problem, format_name, style, seed, arithmetic, hidden=hidden)
