"""Reports made by hand, so that what is tested is how they are shown."""

from collections.abc import Callable
from typing import Any

import pytest

import pellucid
from pellucid.checking.mapped_text import Span
from pellucid.checking.report import Corrected, Finding, Report
from pellucid.checking.source import Source
from pellucid.expressions import parse

ARTICLE = """\
# The dog on the mat

The query of “sitting” meets every key.

Dot Product (sitting, The)=0.3×0.1+0.4×0.3+0.1×0.6=0.13

Divided by √3 it is 0.0751, so the weights are

| The  | dog  |
|------|------|
| 0.15 | 0.17 |
"""


@pytest.fixture
def found() -> Callable[..., Finding]:
    """A finding about a number that occurs once in a text."""

    def make(text: str, printed: str, severity: str = "error", cause: str = "dot_product", **fields: Any) -> Finding:
        start = text.index(printed)
        fields = {"message": "", "line": text.count("\n", 0, start) + 1, **fields}
        return Finding(severity, cause, span=Span(start, start + len(printed)), printed=printed, **fields)

    return make


@pytest.fixture
def article(found) -> Report:
    """One wrong dot product, what follows from it, one drift and a matter of convention."""
    derivation = pellucid.explain("dog-on-the-mat")
    findings = [
        found(
            ARTICLE,
            "0.13",
            cause="wrong_dot_product",
            message="0.13 is printed; the terms of this sum give 0.21.",
            label="scores[sitting, The]",
            correct="0.21",
            exact="0.21",
            working=parse("0.3×0.1 + 0.4×0.3 + 0.1×0.6"),
        ),
        found(
            ARTICLE,
            "0.0751",
            cause="follows",
            message="This is 0.13/√3.",
            label="scaled_scores[sitting, The]",
            correct="0.1212",
            exact="0.121243557",
            follows_from=0,
            working=parse("0.21/√3"),
        ),
        found(
            ARTICLE,
            "0.15",
            cause="follows",
            label="weights[sitting, The]",
            correct="0.16",
            exact="0.159082857",
            follows_from=1,
        ),
        Finding("convention", "row_vectors", "Tokens are rows."),
    ]
    return Report(
        "article.md",
        checked=24,
        findings=findings,
        reading=["“sitting” is the query; “The” and “dog” are keys.", "The scale is 1/√3."],
        source=Source("article.md", ARTICLE),
        corrected=[Corrected(derivation, 3)],
    )
