"""From one worked example of a document to a problem: which matrix is Q, which way it lies, what is scaled by what.

Where a document leaves a choice open, the choices are tried and the one that fits the printed numbers best is taken;
the report says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from pellucid.arrays import Array
from pellucid.attention import causal_mask
from pellucid.checking.declarations import Declarations
from pellucid.checking.from_example import problem_of
from pellucid.checking.judge import judge
from pellucid.checking.placing import Placing, place_claims
from pellucid.checking.printed import Printed, is_near, is_right
from pellucid.checking.problem import Problem, Setting, compute
from pellucid.checking.scopes import Given, Scope, as_floats
from pellucid.derivation import Axis, Derivation
from pellucid.errors import InputError
from pellucid.examples import Example, explain
from pellucid.examples.settings import read_scale
from pellucid.expressions import Expression, Name, Number, with_parts

_FLAT = ("query", "key", "value")
RESULTS = ("scores", "scaled_scores", "masked_scores", "weights")
"""The steps that a document may start from when it gives no inputs."""
_MOST_NUMBERS = 200_000
_ROUNDED_SHARE = 0.2
"""Of the printed numbers, which must disagree before the first of them are taken for rounded ones."""


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
        unplaced: how many mentions could not be placed.
        scale, causal: the setting that was taken: the factor of the scores, and whether the mask is causal.
        placing: how results are placed in it.
    """

    problem: Problem
    scope: Scope
    example: Example | None = None
    derivation: Derivation | None = None
    reading: list[str] = field(default_factory=list)
    conventions: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    trees: dict[str, Array] = field(default_factory=dict)
    unplaced: int = 0
    scale: str = "1/sqrt(d_k)"
    causal: bool = False
    placing: Placing = field(default_factory=lambda: Placing({}, (), (), False, 0, {}))


@dataclass(frozen=True)
class _Choice:
    """One way to read a document."""

    columns: bool = False
    transposed_claims: bool = False
    transposed_weights: bool = False
    scale: str = "1/sqrt(d_k)"
    causal: bool = False
    base: int = 1
    occurrence: int = 0


def assemble(scope: Scope, declared: Declarations) -> Assembled | None:
    """Put a worked example together; `None` where there is nothing to compute from."""
    return _Assembly(scope, declared).best()


class _Assembly:
    def __init__(self, scope: Scope, declared: Declarations) -> None:
        self.scope = scope
        self.declared = declared
        self.given = {role: given for role, given in scope.given.items() if not given.is_empty}
        self.labels = self._labels()
        self.base = 0 if self._counts_from_zero() else 1

    # Tokens

    def _labels(self) -> dict[str, list[str]]:
        """The labels of query rows and of key rows, as the document names them; empty where it does not."""
        sides: dict[str, list[str]] = {"query": [], "key": []}
        for side, roles in (("key", ("key", "value", "embeddings")), ("query", ("query", "embeddings"))):
            for role in roles:
                given = self.given.get(role)
                if given is None:
                    continue
                names = list(given.rows) if given.rows else list(given.labels or ())
                if names and names != [""]:
                    sides[side] += [name for name in names if name not in sides[side]]
        for side, names in sides.items():
            known = [f"{token}" for token in self._declared(side)]
            if names and known:
                labels = numbered(known)
                if all(name in labels for name in names):
                    sides[side] = [name for name in labels if name in names]
        return sides

    def _declared(self, side: str) -> list[str]:
        return (self.declared.query_tokens if side == "query" else self.declared.key_tokens) or self.declared.tokens

    def _counts_from_zero(self) -> bool:
        indices = [index for mention in self.scope.claims for index in mention.quantity.indices]
        indices += [label for given in self.given.values() for label in given.rows]
        return "0" in indices

    # Inputs

    def matrix(self, role: str, choice: _Choice) -> Array | None:
        """An input as trees, rows are tokens."""
        given = self.given.get(role)
        if given is None:
            return None
        if given.matrix is not None:
            is_token_matrix = not role.startswith(("weights.", "biases."))
            return given.matrix.T if choice.columns and is_token_matrix and given.matrix.ndim == 2 else given.matrix
        names = self.labels["query" if role == "query" else "key"]
        rows = [given.rows[name] for name in names if name in given.rows]
        if not rows:
            rows = list(given.rows.values())
        if len({row.shape for row in rows}) != 1:
            return None
        return np.array([list(row) for row in rows], dtype=object).reshape(len(rows), -1)

    def choices(self) -> Iterator[_Choice]:
        """The ways to read the document, the most natural first."""
        matrices = [
            given.matrix
            for role, given in self.given.items()
            if given.matrix is not None and role in (*_FLAT, "embeddings")
        ]
        labelled = any(given.labels for role, given in self.given.items() if role in (*_FLAT, "embeddings"))
        layouts = [False, True] if matrices and not labelled else [False]
        if self.declared.columns:
            layouts.reverse()
        has_weights = any(role.startswith("weights.") for role in self.given)
        scales = self.declared.scales or ["1/sqrt(d_k)"]
        causal = bool(self.declared.causal)
        most = max((self._declared("query").count(token) for token in self._declared("query")), default=1)
        # Tokens may be columns of the inputs and rows of the results (QᵀK); not the other way round.
        for columns, claims, weights, occurrence, scale in product(
            layouts, (True, False), (False, True) if has_weights else (False,), range(min(most, 3)), scales
        ):
            if claims and not columns:
                continue
            yield _Choice(
                columns,
                claims,
                weights != columns if has_weights else False,
                scale,
                causal,
                self.base,
                occurrence,
            )

    def best(self) -> Assembled | None:
        """The reading that fits the printed numbers best."""
        best: tuple[tuple[bool, float], Assembled, _Choice] | None = None
        for choice in self.choices():
            built = self.build(choice)
            if built is None:
                continue
            # A reading that leaves given embeddings aside explains more, but it does not explain why they are there.
            fit = (_projects(built), _fit(built.problem))
            if best is None or fit > (best[0][0], best[0][1] + 1e-9):
                best = (fit, built, choice)
            if best[0][1] == len(best[1].problem.claims) and best[0][1] > 0:
                break
        if best is None:
            return None
        return self.with_conventions(best[1], best[2])

    def with_conventions(self, built: Assembled, choice: _Choice) -> Assembled:
        """Choices that the document does not declare but keeps to: no scaling, another scale, a mask."""
        problem = built.problem
        result, taken = built, choice
        if any(
            claim.step in ("scaled_scores", "masked_scores", "weights", "output", "head_outputs")
            for claim in problem.claims
        ):
            wrong = _errors(problem)
            options: list[tuple[_Choice, str]] = []
            if wrong:
                if self.declared.causal is None:
                    options.append((replace(choice, causal=True), "The numbers are those of a causal mask."))
                if not self.declared.scales:
                    options += [
                        (
                            replace(choice, scale="none"),
                            "The scores are not scaled, and the document does not say that they are.",
                        ),
                        (replace(choice, scale="1/d_k"), "The scores are divided by d_k; the paper divides by √d_k."),
                    ]
                    if self.declared.causal is None:
                        options.append(
                            (
                                replace(choice, scale="none", causal=True),
                                "The scores are not scaled; the numbers are those of a causal mask.",
                            )
                        )
                for other, sentence in options:
                    rebuilt = self.build(other)
                    # A setting under which fewer numbers can be placed explains nothing.
                    places = rebuilt is not None and len(rebuilt.problem.claims) >= len(problem.claims)
                    if rebuilt is not None and places and _errors(rebuilt.problem) == 0:
                        rebuilt.conventions.append(sentence)
                        result, taken = rebuilt, other
                        break
        self.describe(result, taken)
        return result

    def build(self, choice: _Choice) -> Assembled | None:
        """The problem under one way to read the document."""
        trees = {role: matrix for role in self.given if (matrix := self.matrix(role, choice)) is not None}
        if sum(matrix.size for matrix in trees.values()) > _MOST_NUMBERS:
            return None
        example = self.example(trees, choice)
        derivation = None
        if example is not None:
            try:
                derivation = explain(example)
                problem = problem_of(example, derivation)
            except InputError:
                example = None
        if example is None:
            partial = self.partial(trees, choice)
            if partial is None:
                return None
            problem = partial
        rounded = {name: half for name, half in self.rounded(trees).items() if name in problem.inputs}
        problem = replace(
            problem, rounded=rounded, declared=bool(self.declared.scales), shows_scaled=self.declared.shows_scaled
        )
        true = compute(problem)
        placing = Placing(
            shapes={step: np.shape(value) for step, value in true.items()},
            query_labels=self.side_labels("query", problem),
            key_labels=self.side_labels("key", problem),
            transposed=choice.transposed_claims,
            base=choice.base,
            true=true,
            occurrence=choice.occurrence,
        )
        mentions = self.scope.claims
        if example is not None and example.embeddings is not None:
            # Queries, keys and values are results here: x W.
            computed = [mention for role in _FLAT if role in self.given for mention in self.given[role].mentions]
            mentions = sorted([*computed, *mentions], key=lambda mention: mention.offset)
        claims, unplaced = place_claims(mentions, placing)
        problem = self.from_rounded(replace(problem, claims=tuple(claims)), trees)
        return Assembled(
            problem,
            self.scope,
            example,
            derivation,
            trees=trees,
            unplaced=unplaced,
            scale=choice.scale,
            causal=choice.causal,
            placing=placing,
        )

    def side_labels(self, side: str, problem: Problem) -> list[str]:
        """The labels of the rows of one side, or of its declared tokens where they fit."""
        axes = next(
            (axes for step, axes in problem.axes.items() if step in ("weights", "scores", "scaled_scores")), None
        )
        if axes is not None:
            axis = axes[-2] if side == "query" else axes[-1]
            if axis.labels is not None:
                return [axis.label(position) for position in range(axis.size)]
            return [""] * axis.size
        return self.labels[side]

    def example(self, trees: dict[str, Array], choice: _Choice) -> Example | None:
        """The example that the inputs make; `None` where something is missing or does not fit."""
        fields: dict[str, object] = {}
        weights = {
            role.removeprefix("weights."): matrix for role, matrix in trees.items() if role.startswith("weights.")
        }
        biases = {
            role.removeprefix("biases."): matrix.reshape(-1)
            for role, matrix in trees.items()
            if role.startswith("biases.")
        }
        if choice.transposed_weights:
            weights = {name: matrix.T for name, matrix in weights.items()}
        projections = [name for name in weights if name != "output"]
        embedded = trees.get("memory", trees.get("embeddings"))
        elsewhere = all(role in trees for role in _FLAT) and embedded is not None and len(trees["key"]) != len(embedded)
        if elsewhere:  # keys and values come from other tokens, whose embeddings are not given
            fields.update({role: trees[role] for role in _FLAT})
        elif "embeddings" in trees and (
            len(projections) == 3 or not (projections or any(role in trees for role in _FLAT))
        ):
            fields["embeddings"] = trees["embeddings"]
            if "memory" in trees:
                fields["memory"] = trees["memory"]
            if "positions" in trees and trees["positions"].shape == trees["embeddings"].shape:
                fields["positions"] = trees["positions"]
            fields["weights"] = weights
            fields["biases"] = {name: bias for name, bias in biases.items() if name in weights}
        elif all(role in trees for role in _FLAT):
            fields.update({role: trees[role] for role in _FLAT})
            if "output" in weights:
                fields["weights"] = {"output": weights["output"]}
                fields["biases"] = {name: bias for name, bias in biases.items() if name == "output"}
        else:
            return None
        first = fields.get("query", fields.get("embeddings"))
        assert isinstance(first, np.ndarray)
        heads = self.num_heads(trees)
        memory = fields.get("memory", fields.get("key", first))
        assert isinstance(memory, np.ndarray)
        n_q, n_k = first.shape[-2], memory.shape[-2]
        try:
            return Example(
                title="What the document computes",
                query_tokens=self.tokens_for("query", n_q),
                key_tokens=self.tokens_for("key", n_k),
                scale=choice.scale,
                mask=self.mask(trees, choice, n_q, n_k),
                num_heads=heads,
                **fields,  # type: ignore[arg-type]
            )
        except InputError:
            return None

    def num_heads(self, trees: dict[str, Array]) -> int:
        query = trees.get("query")
        if query is not None and query.ndim == 3:
            return int(query.shape[0])
        if self.scope.head is not None:
            return 1
        told = any(mention.quantity.head is not None or mention.values.ndim == 3 for mention in self.scope.claims)
        return self.declared.num_heads if told and self.declared.num_heads > 1 else 1

    def tokens_for(self, side: str, rows: int) -> list[str] | None:
        """Tokens of a side, where the document names as many as there are rows."""
        names = self.labels[side]
        declared = self._declared(side)
        if len(names) == rows and not all(name.isdigit() for name in names) and all(names):
            return [name.partition("#")[0] if name.partition("#")[2].isdigit() else name for name in names]
        for candidate in (declared, [token for token in declared if any(map(str.isalnum, token))]):
            if len(candidate) == rows:
                return list(candidate)
        for mention in self.scope.claims:
            labels = mention.rows if side == "query" else mention.columns
            other = mention.columns if side == "query" else mention.rows
            for found in (labels, other):
                if (
                    found
                    and len(found) == rows
                    and mention.quantity.step in ("scores", "scaled_scores", "weights")
                    and not all(label.isdigit() for label in found)
                ):
                    return list(found)
        return None

    def mask(self, trees: dict[str, Array], choice: _Choice, n_q: int, n_k: int) -> object:
        printed = trees.get("mask")
        if printed is not None and printed.shape == (n_q, n_k):
            values = as_floats(printed)
            if np.isin(values, (0.0, 1.0)).all():
                return values.astype(bool)
            if ((values == 0) | (values < -1e3)).all():
                return np.asarray(values == 0)
        if choice.causal and n_q == n_k:
            return causal_mask(n_q)
        return "none"

    def partial(self, trees: dict[str, Array], choice: _Choice) -> Problem | None:
        """A problem that starts in the middle: from what a document gives, and else from its first printed results."""
        inputs = {role: as_floats(matrix) for role, matrix in trees.items() if role in (*_FLAT, "embeddings")}
        for role, matrix in trees.items():
            if role.startswith("weights."):
                values = as_floats(matrix)
                inputs[f"{role.removeprefix('weights.')}_weight"] = values.T if choice.transposed_weights else values
        d_k = inputs["key"].shape[-1] if "key" in inputs else None
        if "query" in inputs and "key" in inputs and inputs["query"].shape[-1] != inputs["key"].shape[-1]:
            return None
        if "value" in inputs and "key" in inputs and inputs["value"].shape[0] != inputs["key"].shape[0]:
            if choice.columns != self.declared.columns:
                return None  # a layout that is not declared must fit all that is given
            del inputs["value"]
        scale = self.scale_of(choice, d_k)
        axes: dict[str, tuple[Axis, ...]] = {}
        n_q = n_k = 0
        alone = not inputs and not self.declared.about_attention
        if alone:
            return None  # a table of scores and weights, but of what?
        if not ("query" in inputs and "key" in inputs) and "embeddings" not in inputs:
            first = self.first_result(choice)
            if first is None:
                return None if not inputs else Problem(inputs, Setting(scale), {}, claims=())
            step, matrix = first
            inputs[step] = as_floats(matrix)
            n_q, n_k = inputs[step].shape
            trees[step] = matrix
            if "value" in inputs and inputs["value"].shape[0] != n_k:
                del inputs["value"]
        elif "query" in inputs and "key" in inputs:
            n_q, n_k = inputs["query"].shape[0], inputs["key"].shape[0]
        if n_q:
            query = Axis("query", n_q, _labels_or_none(self.tokens_for("query", n_q)))
            key = Axis("key", n_k, _labels_or_none(self.tokens_for("key", n_k)))
            for step in ("scores", "scaled_scores", "masked_scores", "weights"):
                axes[step] = (query, key)
            if "value" in inputs:
                axes["output"] = (query, Axis("d_v", inputs["value"].shape[1]))
        mask = self.mask(trees, choice, n_q, n_k) if n_q else "none"
        return Problem(inputs, Setting(scale, mask if isinstance(mask, np.ndarray) else None), axes)

    def first_result(self, choice: _Choice) -> tuple[str, Array] | None:
        """The first matrix of the chain that is printed, taken as given."""
        for step in RESULTS:
            for mention in self.scope.claims:
                values = mention.values
                if mention.quantity.step != step or not values.size or mention.computed is not None:
                    continue
                if values.ndim == 1 and not mention.quantity.indices[1:]:
                    values = values[np.newaxis]
                if values.ndim == 2 and all(element is not None for element in values.reshape(-1)):
                    return step, values.T if choice.transposed_claims else values
        return None

    def scale_of(self, choice: _Choice, d_k: int | None) -> Expression:
        try:
            scale = read_scale(choice.scale, self.known_d_k(d_k))
        except InputError:
            return read_scale("none", None)
        known = self.known_d_k(d_k) or 1
        return _numeric(scale, known)

    def known_d_k(self, d_k: int | None) -> int | None:
        """The columns of a key: as given, as stated, or what stands under the root."""
        return d_k if d_k is not None else int(self.declared.names.get("d_k", 0)) or self.declared.root or None

    def rounded(self, trees: dict[str, Array]) -> dict[str, float]:
        """Inputs of so many digits that they are rounded results themselves, and half a unit of their last digit."""
        halves: dict[str, float] = {}
        for role, _given in self.given.items():
            matrix = trees.get(role)
            if matrix is None:
                continue
            places = {element.places for element in matrix.reshape(-1) if isinstance(element, Printed)}
            if places and max(places) >= 4:
                name = f"{role.removeprefix('weights.')}_weight" if role.startswith("weights.") else role
                halves[name] = 0.5 * 10.0 ** -max(places)
        return halves

    def from_rounded(self, problem: Problem, trees: dict[str, Array]) -> Problem:
        """The problem with its first printed results taken as rounded, where that alone explains what follows."""
        start = next((step for step in RESULTS if step in problem.inputs and step in trees), None)
        if start is None or start in problem.rounded:
            return problem
        places = max(
            (element.places for element in trees[start].reshape(-1) if isinstance(element, Printed)), default=0
        )
        wrong = len(judge(problem).judgements) if places > 0 else 0
        if wrong < 2 or wrong < _ROUNDED_SHARE * len(problem.claims):
            return problem
        rounded = replace(problem, rounded={**problem.rounded, start: 0.5 * 10.0**-places})
        return problem if judge(rounded).judgements else rounded

    # Words

    def describe(self, built: Assembled, choice: _Choice) -> None:
        """Say how the document was read."""
        problem = built.problem
        words = []
        for role, name in (("query", "Q"), ("key", "K"), ("value", "V"), ("embeddings", "X")):
            given = self.given.get(role)
            matrix = built.trees.get(role)
            if given is None or matrix is None or given.is_empty:
                continue
            size = "×".join(map(str, matrix.shape))
            how = "token by token" if given.rows else f"“{_short(given.mentions[0].label)}”" if given.mentions else ""
            words.append(f"{name} ({size}, {how})")
        if words:
            built.reading.append(f"Taken as given: {', '.join(words)}.")
        axes = problem.axes.get("weights")
        if axes is not None and axes[-1].labels:
            built.reading.append(f"Tokens: {', '.join(axes[-1].labels[:30])}.")
        if choice.columns:
            built.reading.append("Tokens are columns.")
        if choice.transposed_weights and not choice.columns:
            built.reading.append("Weight matrices are applied as x Wᵀ.")
        if any(claim.step in ("scaled_scores", "weights", "output", "head_outputs") for claim in problem.claims):
            scale = {"1/sqrt(d_k)": "1/√d_k", "none": "none"}.get(choice.scale, choice.scale)
            said = "as the document says" if self.declared.scales else "which the document does not state"
            built.reading.append(f"Scale: {scale}, {said}.")
        if problem.setting.mask is not None:
            built.reading.append("Mask: causal." if choice.causal else "Mask: the printed one.")
        if problem.num_heads > 1:
            built.reading.append(f"{problem.num_heads} heads.")
        if built.unplaced:
            count = built.unplaced
            results, were = ("result", "was") if count == 1 else ("results", "were")
            built.reading.append(f"{count} printed {results} could not be placed and {were} not compared.")


def _labels_or_none(tokens: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if tokens is None else tuple(tokens)


def _numeric(scale: Expression, d_k: int) -> Expression:
    from decimal import Decimal

    if isinstance(scale, Name):
        return Number(Decimal(d_k))
    return with_parts(scale, lambda part: _numeric(part, d_k))


def numbered(tokens: Sequence[str]) -> list[str]:
    """Tokens with `#2` for the second of its kind."""
    axis = Axis("key", len(tokens), tuple(tokens))
    return [axis.label(position) for position in range(len(tokens))]


def _short(label: str) -> str:
    label = " ".join(label.split()).rstrip(":= ").lstrip(",;. ")
    return label if len(label) <= 40 else f"…{label[-39:]}"


def _projects(built: Assembled) -> bool:
    """Whether queries, keys and values are computed from embeddings, and most that are printed agree."""
    if built.example is None or built.example.embeddings is None:
        return False
    true = compute(built.problem)
    claims = [claim for claim in built.problem.claims if claim.step.removeprefix("projected_") in _FLAT]
    right = sum(is_near(claim.printed, float(true[claim.step][claim.index])) for claim in claims)
    return 0 < len(claims) <= 2 * right


def _fit(problem: Problem) -> float:
    """How many printed numbers are right, or nearly."""
    true = compute(problem)
    right = 0.0
    for claim in problem.claims:
        if claim.step in problem.inputs:
            right += 0.5
            continue
        value = float(true[claim.step][claim.index])
        if is_right(claim.printed, value):
            right += 1
        elif is_near(claim.printed, value):
            right += 0.4
    return right


def _errors(problem: Problem) -> int:
    return sum(judgement.severity == "error" for judgement in judge(problem).judgements)


__all__ = ["Assembled", "Given", "assemble"]
