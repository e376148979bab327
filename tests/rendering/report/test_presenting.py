"""What a report offers in Python."""

import json

import pytest

import pellucid
from pellucid.checking.mapped_text import Span
from pellucid.checking.report import Finding, Report
from pellucid.checking.source import Source
from pellucid.rendering.report import REPORT_FORMATS, render_reports


def wrong(start: int, end: int, correct: str | None, severity: str = "error") -> Finding:
    return Finding(severity, "sum", "No.", span=Span(start, end), printed="?", correct=correct)


def test_a_report_is_shown_in_every_format(article):
    shown = {name: article.to(name) for name in REPORT_FORMATS}
    assert shown["terminal"] == article.to_text()
    assert shown["markdown"] == article.to_markdown()
    assert shown["html"] == article.to_html()
    assert json.loads(shown["json"]) == [article.as_json()]


def test_an_unknown_format_is_an_error(article):
    with pytest.raises(pellucid.PellucidError, match=r"'htm' is no format of a report \(did you mean 'html'"):
        article.to("htm")


def test_two_files_are_no_document(article):
    with pytest.raises(pellucid.PellucidError, match="one file"):
        render_reports([article, article], "html")


def test_the_fixed_file_has_the_right_numbers_and_nothing_else_changed(article):
    text = article.fixed().decode()
    expected = article.source.text.replace("=0.13", "=0.21").replace("0.0751", "0.1212").replace("0.15 ", "0.16 ")
    assert text == expected


@pytest.mark.parametrize(
    ("findings", "fixed"),
    [
        ([wrong(0, 4, "0.21"), wrong(2, 6, "xx")], "0.21 56 89"),
        ([wrong(2, 6, "xx"), wrong(0, 4, "0.21"), wrong(0, 2, "y")], "yxx6 89"),
        ([wrong(5, 7, "a"), wrong(0, 2, "b"), wrong(2, 4, "-"), wrong(8, 10, "c")], "b- a c"),
        ([wrong(0, 4, None), wrong(0, 4, "0.21", "convention"), wrong(0, 4, "0.21", "missing")], "0123 56 89"),
        ([wrong(3, 3, "inserted")], "0123 56 89"),
        ([wrong(0, 10, "all"), *(wrong(i, i + 1, "x") for i in range(10))], "all"),
    ],
)
def test_of_overlapping_numbers_the_first_found_is_put_right(findings, fixed):
    report = Report("a.md", 1, findings, source=Source("a.md", "0123 56 89"))
    assert report.fixed() == fixed.encode()


def test_a_number_that_is_already_right_is_no_correction():
    report = Report("a.md", 1, [wrong(0, 4, "0.21")], source=Source("a.md", "0.21"))
    assert report.corrections == {}


def test_what_cannot_be_fixed_says_why():
    with pytest.raises(pellucid.PellucidError, match=r"a\.md cannot be put right: it is a picture\."):
        Report("a.md", reason="it is a picture.").fixed()
