"""What pellucid writes, pellucid finds right: every shipped example in every format that people read."""

import json
from pathlib import Path

import pytest

import pellucid
from pellucid.checking import check_file
from pellucid.examples.library import shipped_examples

ROOT = Path(__file__).parents[2]
NAMES = [shipped.name for shipped in shipped_examples()]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("method", "suffix"), [("to_markdown", "md"), ("to_html", "html"), ("to_latex", "tex")])
def test_a_page(name, method, suffix):
    page = getattr(pellucid.explain(name), method)()
    report = check_file(f"{name}.{suffix}", page.encode())
    assert report.verdict == "right", [(finding.label, finding.message) for finding in report.findings]
    assert report.checked > 15


# In plain text nothing but a line says which of two examples, told side by side, a stage is about.
@pytest.mark.parametrize("name", [name for name in NAMES if name != "self-and-cross"])
def test_plain_text(name):
    report = check_file(f"{name}.txt", pellucid.explain(name).to_text().encode())
    assert report.verdict == "right", [(finding.label, finding.message) for finding in report.findings]
    assert report.checked > 15


@pytest.mark.parametrize("name", NAMES)
def test_a_spreadsheet(name, tmp_path):
    pellucid.explain(name).to_xlsx(tmp_path / "x.xlsx")
    report = check_file("x.xlsx", (tmp_path / "x.xlsx").read_bytes())
    assert report.verdict == "right", [(finding.label, finding.message) for finding in report.findings]
    assert report.checked > 15


def test_the_documentation_shows_what_is_said_of_its_example(monkeypatch):
    monkeypatch.chdir(ROOT)
    report = pellucid.check("examples/three-words.md")
    page = (ROOT / "docs" / "checking.md").read_text(encoding="utf-8")
    shown = next(block for block in page.split("```") if block.startswith("\nexamples/three-words.md: wrong"))
    assert report.to_text().startswith(shown.lstrip())
    as_json = json.loads(next(block.removeprefix("json") for block in page.split("```") if block.startswith("json\n[")))
    told = report.as_json()
    assert as_json == [{**told, "findings": told["findings"][:1]}]
