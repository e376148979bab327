"""Attention, computed a second time: plain loops over decimals or floats, with the errors that authors make.

Every step is a list of heads, each a list of rows; what has no heads is a list of one.
"""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from checking_corpus.numbers import ARITHMETICS, CONTEXT, Arithmetic, Rows, cut, fixed, trimmed

Place = tuple[int, int, int]
"""Head, row, column."""
INPUTS = ("x", "memory", "weight_query", "weight_key", "weight_value")
DERIVED = ("scores", "scaled", "masked", "exponentials", "sums", "weights", "output")


@dataclass(frozen=True)
class Problem:
    """A worked example before it is worked: texts of numbers as an author types them.

    `inputs` holds query, key and value, each a list of heads; or x (and memory) and the three weight matrices.
    """

    tokens: tuple[str, ...]
    key_tokens: tuple[str, ...]
    inputs: Mapping[str, list[list[list[str]]]]
    heads: int = 1
    mask: str = "none"
    scale: str = "sqrt"
    places: int = 3
    score_places: int | None = None
    """`None`: scores are printed with every digit they have."""
    trim: bool = False
    focus: int = 0

    @property
    def is_cross(self) -> bool:
        return self.tokens != self.key_tokens

    @property
    def is_projected(self) -> bool:
        return "x" in self.inputs


@dataclass(frozen=True)
class Faults:
    """What goes wrong in the computation; each field is one kind of error, and everything after it follows."""

    scale: str = ""
    softmax: str = ""
    subset: int = 0
    mask: str = ""
    transposed: bool = False
    value_is_key: bool = False
    unscaled: bool = False
    carried: frozenset[str] = frozenset()
    """Steps that are computed on from as they are printed."""
    cut_step: str = ""
    replaced: Mapping[tuple[str, Place], Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Chain:
    """A worked example with all its numbers, and how they are printed."""

    problem: Problem
    steps: Mapping[str, list[Rows]]
    faults: Faults
    arithmetic: str = "decimal"

    @property
    def d_k(self) -> int:
        return len(self.steps["key"][0][0])

    @property
    def d_v(self) -> int:
        return len(self.steps["value"][0][0])

    def value(self, step: str, place: Place) -> Any:
        head, row, column = place
        return self.steps[step][head][row][column]

    def shape(self, step: str) -> tuple[int, int]:
        rows = self.steps[step][0]
        return len(rows), len(rows[0])

    def text(self, step: str, place: Place) -> str:
        """A number as an author prints it."""
        if (step, place) in self.faults.replaced:
            return self._printed(step, self.faults.replaced[step, place])
        if step in self.problem.inputs:
            head, row, column = place
            return self.problem.inputs[step][head][row][column]
        return self._printed(step, self.value(step, place))

    def _printed(self, step: str, value: Any) -> str:
        problem = self.problem
        if step in self.problem.inputs:
            return trimmed(fixed(value, 6))
        if step in ("query", "key", "value") or (step == "scores" and problem.score_places is None):
            return trimmed(fixed(value, 12))
        places = problem.places
        if step == "scores" and problem.score_places is not None:
            places = problem.score_places
        text = cut(value, places) if step == self.faults.cut_step else fixed(value, places)
        return trimmed(text) if problem.trim else text


def work(problem: Problem, faults: Faults | None = None, arithmetic: str = "decimal") -> Chain:
    """All numbers of an example."""
    with decimal.localcontext(CONTEXT):
        faults = faults or Faults()
        return Chain(problem, _Work(problem, faults, ARITHMETICS[arithmetic]).steps(), faults, arithmetic)


class _Work:
    def __init__(self, problem: Problem, faults: Faults, arithmetic: Arithmetic) -> None:
        self.problem, self.faults, self.arithmetic = problem, faults, arithmetic
        self.zero = arithmetic.number(0)

    def steps(self) -> dict[str, list[Rows]]:
        steps: dict[str, list[Rows]] = {}
        for name, heads in self.problem.inputs.items():
            steps[name] = self._settled(name, [[[self.arithmetic.number(t) for t in r] for r in h] for h in heads])
        if self.problem.is_projected:
            memory = steps.get("memory", steps["x"])
            for name, source in (("query", steps["x"]), ("key", memory), ("value", memory)):
                product = [_product(source[0], weight) for weight in steps[f"weight_{name}"]]
                steps[name] = self._settled(name, product)
        query, key = steps["query"], steps["key"]
        value = steps["key"] if self.faults.value_is_key else steps["value"]
        scores = [_product(q, _turned(k)) for q, k in zip(query, key, strict=True)]
        if self.faults.transposed:
            scores = [_turned(rows) for rows in scores]
        steps["scores"] = self._settled("scores", scores)
        factor = self._factor(len(key[0][0]))
        steps["scaled"] = self._settled("scaled", [[[x * factor for x in r] for r in h] for h in steps["scores"]])
        carried = steps["scores"] if self.faults.unscaled else steps["scaled"]
        steps["masked"] = [self._masked(rows) for rows in carried]
        exponentials = [self._exponentials(rows) for rows in steps["masked"]]
        steps["exponentials"] = self._settled("exponentials", exponentials)
        steps["sums"] = [[[sum(row, self.zero)] for row in rows] for rows in steps["exponentials"]]
        pairs = zip(steps["masked"], steps["exponentials"], strict=True)
        steps["weights"] = self._settled("weights", [self._softmax(m, e) for m, e in pairs])
        outputs = [_product(w, v) for w, v in zip(steps["weights"], value, strict=True)]
        steps["output"] = self._settled("output", outputs)
        return steps

    def _settled(self, step: str, heads: list[Rows]) -> list[Rows]:
        """What is carried on: replaced where an author slipped, rounded where he carries on what he prints."""
        for (name, (head, row, column)), value in self.faults.replaced.items():
            if name == step:
                heads[head][row][column] = self.arithmetic.number(value)
        if step in self.faults.carried and step not in self.problem.inputs:
            number, places = self.arithmetic.number, self._places(step)
            return [[[x if x is None else number(fixed(x, places)) for x in r] for r in h] for h in heads]
        return heads

    def _places(self, step: str) -> int:
        if step in ("query", "key", "value"):
            return 12
        if step == "scores":
            return 12 if self.problem.score_places is None else self.problem.score_places
        return self.problem.places

    def _factor(self, d_k: int) -> Any:
        number = self.arithmetic.number
        choice = self.faults.scale or self.problem.scale
        if choice == "none":
            return number(1)
        if choice == "sqrt":
            return number(1) / self.arithmetic.sqrt(number(d_k))
        return number(1) / number(d_k if choice == "d_k" else choice)

    def _masked(self, rows: Rows) -> Rows:
        if self.problem.mask == "none" or self.faults.mask == "forgotten":
            return rows
        hidden = self.zero if self.faults.mask == "zero" else None
        return [[x if j <= i else hidden for j, x in enumerate(row)] for i, row in enumerate(rows)]

    def _exponentials(self, rows: Rows) -> Rows:
        return [[self.zero if x is None else self.arithmetic.exp(x) for x in row] for row in rows]

    def _softmax(self, masked: Rows, exponentials: Rows) -> Rows:
        kind = self.faults.softmax
        if kind == "columns":
            return _turned([_shares(column, self.zero) for column in _turned(exponentials)])
        if kind == "subset":
            kept = [[x if j < self.faults.subset else self.zero for j, x in enumerate(row)] for row in exponentials]
            return [_shares(row, self.zero) for row in kept]
        if kind == "single":
            one = self.arithmetic.number(1)
            return [[self.zero if x is None else one for x in row] for row in masked]
        if kind == "linear":
            return [_shares([self.zero if x is None else x for x in row], self.zero) for row in masked]
        return [_shares(row, self.zero) for row in exponentials]


def _shares(row: list[Any], zero: Any) -> list[Any]:
    total = sum(row, zero)
    return [x / total if total else zero for x in row]


def _turned(rows: Rows) -> Rows:
    return [list(column) for column in zip(*rows, strict=True)]


def _product(left: Rows, right: Rows) -> Rows:
    columns = _turned(right)
    return [[sum((a * b for a, b in zip(row, column, strict=True)), row[0] * 0) for column in columns] for row in left]
