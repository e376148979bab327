"""Checking a document: its equations by themselves, then what they mean together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from pellucid.arrays import Array
from pellucid.checking.against_inputs import claims_of_inputs, wrong_inputs
from pellucid.checking.assemble import assemble
from pellucid.checking.assembled import Assembled
from pellucid.checking.declarations import declarations_of
from pellucid.checking.displayed import add_displayed
from pellucid.checking.document_numbers import in_document
from pellucid.checking.documents import format_of, open_source, read_document
from pellucid.checking.documents.plain_numbers import UNREADABLE
from pellucid.checking.documents.subscripts import with_plain_subscripts
from pellucid.checking.equation_check import EquationCheck, Slipped
from pellucid.checking.exact import exact_derivation
from pellucid.checking.findings import exact_digits, findings_of, message, ordered
from pellucid.checking.from_block import assembled_from
from pellucid.checking.joined_heads import joined_heads
from pellucid.checking.judge import Verdicts
from pellucid.checking.known_results import KnownResults
from pellucid.checking.linked_findings import LinkedFindings
from pellucid.checking.mapped_text import Span
from pellucid.checking.mentions import Reading, read_parts
from pellucid.checking.missing import missing
from pellucid.checking.number_style import number_as_written
from pellucid.checking.operands import WrongOperand, wrong_operands
from pellucid.checking.other_scores import by_other_scores
from pellucid.checking.passages import Passage
from pellucid.checking.printed import Printed, correct_text
from pellucid.checking.problem import PER_KEY
from pellucid.checking.reassign import reassigned
from pellucid.checking.report import Corrected, Finding, Report
from pellucid.checking.restated import restated
from pellucid.checking.scopes import Scope, scopes_of
from pellucid.checking.source import Source
from pellucid.checking.unchecked import unchecked_results
from pellucid.checking.variants import by_setting
from pellucid.derivation import Axis, Derivation
from pellucid.errors import InputError
from pellucid.examples import Example
from pellucid.examples.reader import parse_example

_UNREADABLE = re.compile(f"{UNREADABLE}+")
_VERB = re.compile(r"\s+(?:is|are|equals?|gives?|becomes?)$")
_LONGEST_SUBJECT = 60
_GENERIC = frozenset({"dot_product", "softmax", "weighted_sum", "scaling", "arithmetic", "projection"})


def check_document(name: str, data: bytes, side: Example | None) -> Report:
    """Check a document of any format.

    Args:
        name: its path.
        data: its contents.
        side: an example that says what its inputs are.

    Raises:
        InputError: it cannot be read.
    """
    source = open_source(name, data)
    return _Document(source, side).report()


class _Document:
    def __init__(self, source: Source, side: Example | None) -> None:
        self.source = source
        self.parts = list(map(with_plain_subscripts, read_document(source, format_of(source.name, source.text))))
        self.declared = declarations_of(self.parts)
        self.headings = [
            part.text.span(0, 1).start for part in self.parts if isinstance(part, Passage) and part.kind == "heading"
        ]
        self.examples = [] if side is None else [side]
        self.blocks: list[tuple[Example, str, int]] = []
        for part in self.parts:
            if isinstance(part, Passage) and part.kind == "example":
                self.add_block(part)
        tokens = self.declared.tokens + self.declared.query_tokens + self.declared.key_tokens
        self.read: Reading = read_parts(self.parts, self.declared.names, tokens)
        self.found = LinkedFindings()
        self.sentences: list[str] = []
        self.corrected: list[Corrected] = []
        self.checked: set[int] = set()
        self.count = 0

    def add_block(self, block: Passage) -> None:
        try:
            example = parse_example(block.text.text.encode(), default_title="An example in the document")
        except InputError as error:
            line = self.source.line(block.text.span(0, 1).start)
            raise InputError(f"the example block on line {line}: {error}") from None
        self.examples.append(example)
        self.blocks.append((example, block.text.text, block.text.span(0, 1).start))

    def report(self) -> Report:
        judged: dict[int, int | None] = {}  # place of a claimed number: its finding, or None where it is right
        assembled = self.assembled()
        verdicts = [built.verdicts for built in assembled]
        equations = EquationCheck(known=KnownResults(scores=_scores(verdicts)))
        for built, verdict in zip(assembled, verdicts, strict=True):
            wrong = {id(judgement.claim) for judgement in verdict.judgements if judgement.severity == "error"}
            for claim in built.problem.claims:
                if id(claim) not in wrong and claim.step in verdict.true:
                    equations.known.know(claim.printed, float(verdict.true[claim.step][claim.index]))
        for chain in self.read.chains:
            equations.chain(chain)
        self.count = equations.checked
        for built, verdict in zip(assembled, verdicts, strict=True):
            self.example(built, verdict, equations, judged)
        self.equations(equations, judged)
        for finding in missing(assembled, self.declared, self.source):
            self.found.add(finding)
        findings = self.found.ordered()
        if not self.count:
            self.sentences.append("No number was found that could be compared.")
        return Report(
            self.source.name,
            self.count,
            findings,
            list(dict.fromkeys(self.sentences)),
            self.source,
            corrected=self.corrected,
            unchecked=unchecked_results(self.read, assembled, equations, self.source),
        )

    # Worked examples

    def assembled(self) -> list[Assembled]:
        """The worked examples, put together; a block or a side file says what the inputs are."""
        tokens = self.declared.tokens
        if self.examples:
            return assembled_from(self.examples, self.blocks, self.read.mentions)
        scopes = scopes_of(self.read.mentions, tokens)
        found = self.from_scopes(scopes)
        if any(self.may_be_another(scope) for scope in scopes):
            anew = self.from_scopes(scopes_of(self.read.mentions, tokens, renews=True))
            if _mistakes(anew) * 2 < _mistakes(found):
                found = anew
        joined = joined_heads(found, self.read.mentions)
        mentions = sorted(self.read.mentions, key=lambda mention: mention.offset)
        parts = [
            part
            for built in found
            for setting in by_setting(built, self.declared)
            for part in by_other_scores(setting, mentions, self.declared)
        ]
        return parts if joined is None else [*parts, joined]

    def may_be_another(self, scope: Scope) -> bool:
        """Whether inputs that are given again may be those of another example: several of them, or after a heading."""
        if len(scope.restated) > 1:
            return True
        first = min((mention.offset for given in scope.given.values() for mention in given.mentions), default=0)
        return any(first < heading < mention.offset for heading in self.headings for _, _, mention in scope.restated)

    def from_scopes(self, scopes: Sequence[Scope]) -> list[Assembled]:
        """The worked examples of some scopes."""
        found = []
        for scope in scopes:
            if not scope.is_worth_checking:
                continue
            try:
                built = assemble(scope, self.declared)
            except InputError:
                self.sentences.append("A worked example was left out: its results are too large or undefined.")
                continue
            if built is not None:
                found.append(built)
        return reassigned(found, self.declared)

    def example(
        self, built: Assembled, verdicts: Verdicts, equations: EquationCheck, judged: dict[int, int | None]
    ) -> None:
        problem = built.problem
        before = len(self.found.entries)
        printed = _printed(built, verdicts.true)
        operands = list(wrong_operands(built, verdicts.true, printed))
        exact = self.exact(built) if verdicts.judgements or operands else None
        self.sentences += built.reading
        wrong_places = {judgement.claim.printed.start for judgement in verdicts.judgements}
        new = [claim for claim in problem.claims if claim.step in verdicts.true and claim.step not in problem.inputs]
        compared = equations.compared
        self.count += sum(claim.printed.start not in compared for claim in new)
        for claim in new:
            if claim.printed.start not in wrong_places:
                judged[claim.printed.start] = None
        for finding in restated(built.scope, self.source):
            self.found.add(finding)
        if self.examples:
            self.count += len(claims_of_inputs(problem))
            for finding in wrong_inputs(problem, self.source):
                self.found.add(finding)
        followed = {place: judged.get(first) for place, first in built.follows.items()}
        operand_of = {place: root for place, root in followed.items() if root is not None}
        for operand in operands:
            operand_of[operand.claim.printed.start] = self.operand(built, operand)
        self.judgements(built, verdicts, equations, operand_of, exact, judged)
        add_displayed(self.found, built, verdicts, self.declared, self.source)
        for sentence in built.conventions:
            self.found.add(Finding("convention", "convention", sentence))
        if built.derivation is not None and any(entry.severity == "error" for entry in self.found.entries[before:]):
            row = self.row(built, verdicts)
            self.corrected.append(Corrected(built.derivation, row))

    def exact(self, built: Assembled) -> Derivation | None:
        if built.example is None or built.derivation is None or built.problem.rounded:
            return None
        return exact_derivation(built.example, built.derivation)

    def row(self, built: Assembled, verdicts: Verdicts) -> int:
        """The query that most of the document's wrong numbers are about."""
        rows = [
            judgement.claim.index[-2]
            for judgement in verdicts.judgements
            if judgement.claim.step in (*PER_KEY, "output", "head_outputs")
        ]
        n_q = built.problem.axes["weights"][-2].size if "weights" in built.problem.axes else 1
        return max(set(rows), key=rows.count) if rows else n_q - 1

    def judgements(
        self,
        built: Assembled,
        verdicts: Verdicts,
        equations: EquationCheck,
        operand_of: dict[int, int],
        exact: Derivation | None,
        judged: dict[int, int | None],
    ) -> None:
        """The claims that are not right, joined with what their equations say."""
        slips = {slip.chain.text.span(slip.printed.start, slip.printed.end).start: slip for slip in equations.slipped}
        for judgement in verdicts.judgements:
            slip = slips.get(judgement.claim.printed.start)
            wrong = slip is not None and slip.severity == judgement.severity == "error"
            if slip is not None and wrong and judgement.root is None and judgement.cause in _GENERIC:
                judgement.reason = judgement.reason or slip.reason
        findings = findings_of(built.problem, verdicts, self.source, derivation=built.derivation, exact=exact)
        start = len(self.found.entries)
        for finding, judgement in zip(findings, ordered(verdicts.judgements), strict=True):
            place = judgement.claim.printed.start
            root = None if finding.follows_from is None else start + finding.follows_from
            operand = operand_of.get(place)
            slip = slips.get(place)
            if operand is not None and root is None and (slip is None or slip.severity != "error"):
                finding = replace(
                    finding,
                    severity="drift",
                    cause="follows",
                    message=message(finding.label, finding.printed or "", finding.correct or "", "follows"),
                )
                root = operand
            judged[place] = self.found.add(finding, root)
        # Roots of roots: what follows from a number that itself follows from an operand.
        for position in range(start, len(self.found.entries)):
            root = self.found.roots[position]
            if root is not None and self.found.roots[root] is not None:
                self.found.roots[position] = self.found.roots[root]

    def operand(self, built: Assembled, operand: WrongOperand) -> int:
        """A mistyped operand, as a finding."""
        printed = operand.printed
        trees = built.trees.get(operand.step)
        source = (
            trees[operand.index]
            if trees is not None and trees.shape == np.shape(trees) and _inside(trees, operand.index)
            else None
        )
        span = Span(printed.start, printed.end)
        written = number_as_written(self.source, span, printed.text)
        if isinstance(source, Printed):
            correct = number_as_written(self.source, Span(source.start, source.end), source.text)
        else:
            correct = correct_text(printed, operand.true, written)
        axes = built.problem.axes.get(operand.step)
        at = _at(axes, operand.index)
        label = f"{operand.step}[{', '.join(map(str, at))}]"
        of = _at(built.problem.axes.get(operand.claim.step), operand.claim.index)
        result = f"{operand.claim.step}[{', '.join(map(str, of))}]"
        return self.found.add(
            Finding(
                "error",
                "operand",
                f"{label} is {correct}, and {written} stands in its place in the arithmetic of {result}.",
                operand.step,
                at,
                span,
                self.source.line(span.start),
                written,
                correct,
                exact_digits(operand.true),
                label=label,
            )
        )

    # Equations

    def equations(self, equations: EquationCheck, judged: dict[int, int | None]) -> None:
        """Equations whose results belong to no worked example, or whose intermediate numbers are wrong."""
        places: dict[int, int] = {}
        for slip in equations.slipped:
            span = slip.chain.text.span(slip.printed.start, slip.printed.end)
            if span.start in judged:
                known = judged[span.start]
                if known is not None:
                    places[id(slip)] = known
                continue
            root = None if slip.follows is None else places.get(id(slip.follows))
            places[id(slip)] = self.found.add(self.slipped(slip, span), root)
            judged[span.start] = places[id(slip)]

    def slipped(self, slip: Slipped, span: Span) -> Finding:
        label = _subject(slip.chain.label)
        true = slip.true
        written = number_as_written(self.source, span, slip.printed.text)
        correct = correct_text(slip.printed, Decimal(slip.exact) if slip.exact else true, written)
        if not label:
            side = next(side for side in slip.chain.sides if side.value is not None)
            label = " ".join(slip.chain.text.text[side.start : side.end].split())[:60]
        subject = label
        return Finding(
            slip.severity,
            slip.cause,
            message(subject, written, correct, slip.cause, in_document(slip.reason, self.source)),
            None,
            None,
            span,
            self.source.line(span.start),
            written,
            correct,
            slip.exact or exact_digits(true),
            label=label,
            working=slip.tree,
        )


def _scores(verdicts: Sequence[Verdicts]) -> Array:
    """The true scaled and masked scores of all worked examples, in rising order."""
    found = [
        np.ravel(verdict.true[step])
        for verdict in verdicts
        for step in ("scaled_scores", "masked_scores")
        if step in verdict.true
    ]
    every = np.concatenate(found).astype(float) if found else np.empty(0)
    return np.unique(every[np.isfinite(every)])


def _subject(label: str) -> str:
    """What the words before an equation say it is about: their end, from the beginning of a word, without the verb."""
    words = _VERB.sub("", " ".join(_UNREADABLE.sub("…", label).split()).rstrip("=≈: "))
    if len(words) <= _LONGEST_SUBJECT:
        return words
    end = words[-_LONGEST_SUBJECT:]
    return end if words[-_LONGEST_SUBJECT - 1] == " " or " " not in end else end.partition(" ")[2]


def _mistakes(found: Sequence[Assembled]) -> int:
    """How many numbers are wrong in worked examples, those of inputs that are given again included."""
    wrong = sum(sum(one.severity == "error" for one in built.verdicts.judgements) for built in found)
    return wrong + sum(len(built.scope.restated) for built in found)


def _printed(built: Assembled, true: dict[str, Array]) -> dict[str, Array]:
    printed: dict[str, Array] = {}
    for claim in built.problem.claims:
        if claim.step in true:
            array = printed.setdefault(claim.step, np.full(np.shape(true[claim.step]), np.nan))
            if np.isnan(array[claim.index]):
                array[claim.index] = float(claim.printed.value)
    return printed


def _inside(trees: Array, index: tuple[int, ...]) -> bool:
    return len(index) == trees.ndim and all(0 <= place < size for place, size in zip(index, trees.shape, strict=True))


def _at(axes: tuple[Axis, ...] | None, index: tuple[int, ...]) -> tuple[int | str, ...]:
    if axes is None or len(axes) != len(index):
        return index
    return tuple(axis.label(place) if axis.labels else place for axis, place in zip(axes, index, strict=True))
