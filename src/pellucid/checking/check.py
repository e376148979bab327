"""Checking a file: from its bytes to a report."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePath

import numpy as np

from pellucid.checking.against_inputs import claims_of_inputs, wrong_inputs
from pellucid.checking.exact import exact_derivation
from pellucid.checking.example_files import is_example_file
from pellucid.checking.findings import findings_of
from pellucid.checking.from_example import claim_places, claims_of, problem_of
from pellucid.checking.judge import judge
from pellucid.checking.report import Corrected, Finding, Report
from pellucid.checking.source import Source
from pellucid.derivation import Derivation
from pellucid.errors import InputError
from pellucid.examples import Example, explain
from pellucid.examples.reader import parse_example


def check_file(name: str, data: bytes, side_file: bytes | None = None, side_name: str = "") -> Report:
    """Check the worked examples in a file.

    Args:
        name: its path as the user gave it, whose suffix says what it is; `<stdin>` for standard input.
        data: its contents.
        side_file: the contents of an example file that says how the document is to be read.
        side_name: its name, for messages.

    Returns:
        The report; of a file that cannot be read, one that says why.
    """
    with _no_collection(), np.errstate(all="ignore"):  # what is tried may overflow; it is then no explanation
        return _check(name, data, side_file, side_name)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Leaves garbage collection for later: a large document is hundreds of thousands of small things, and no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _check(name: str, data: bytes, side_file: bytes | None, side_name: str) -> Report:
    try:
        side = None
        if side_file is not None:
            try:
                side = parse_example(side_file, json_only=side_name.lower().endswith(".json"))
            except InputError as error:
                raise InputError(f"{side_name}: {error}") from None
        if is_example_file(name, data):
            return _check_example(name, data)
        from pellucid.checking.check_document import check_document

        return check_document(name, data, side)
    except InputError as error:
        return Report(name, reason=" ".join(str(error).split()))


def _check_example(name: str, data: bytes) -> Report:
    example = parse_example(data, json_only=name.lower().endswith(".json"), default_title=PurePath(name).stem)
    text = data.decode("utf-8-sig")
    source = Source(name, text)
    return check_example(name, example, source, text, 0)


def check_example(name: str, example: Example, source: Source, text: str, start: int) -> Report:
    """Check the claims of an example whose text stands in a source from `start` on."""
    derivation = explain(example)
    problem = problem_of(example, derivation)
    claims = claims_of(example, derivation, claim_places(text, start))
    problem = replace(problem, claims=claims)
    verdicts = judge(problem)
    exact = exact_derivation(example, derivation) if verdicts.judgements else None
    findings = findings_of(problem, verdicts, source, derivation=derivation, exact=exact)
    findings += wrong_inputs(problem, source)
    reading = [] if claims else ["There are no claims in this file: nothing was compared."]
    corrected = []
    if any(finding.severity == "error" for finding in findings):
        corrected = [Corrected(derivation, _row(findings, derivation))]
    checked = verdicts.checked + len(claims_of_inputs(problem))
    return Report(name, checked, findings, reading, source, corrected=corrected)


def _row(findings: Sequence[Finding], derivation: Derivation) -> int:
    """The query that the first wrong number is about."""
    for finding in findings:
        if finding.step is not None and finding.at is not None and finding.step in derivation:
            step = derivation[finding.step]
            for axis, place in zip(step.axes, finding.at, strict=True):
                if axis.name == "query":
                    return axis.position(place)
    focus = derivation.subject.focus
    axis = next(axis for axis in derivation["weights"].axes if axis.name == "query")
    return axis.size - 1 if focus is None else axis.position(focus)
