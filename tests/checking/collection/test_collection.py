"""Documents written by hand, about half of them with one error of a kind that published examples have.

`expected.yaml` says what checking each must find. Its `truth` is worked out again here, by the corpus's own arithmetic,
so that a right document is known to be right, and a correction to be the right number, without the checker's word.
"""

import json
import re
import sys
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import yaml

from pellucid.checking import check_file

HERE = Path(__file__).parent
sys.path.append(str(HERE.parents[2] / "benchmarks"))

from checking_corpus.chain import Problem, work  # noqa: E402

EXPECTED = yaml.safe_load((HERE / "expected.yaml").read_text(encoding="utf-8"))
FORMATS = {"md", "html", "tex", "ipynb", "txt", "rst", "py", "c", "rs", "csv", "xlsx", "yaml", "json"}


def truth(name):
    """All numbers of the example that a document states."""
    stated = dict(EXPECTED[name]["truth"])
    mask, scale = stated.pop("mask"), stated.pop("scale")
    inputs = {step: rows if isinstance(rows[0][0], list) else [rows] for step, rows in stated.items()}
    first = inputs.get("query", inputs.get("x"))[0]
    other = inputs.get("key", inputs.get("memory", inputs.get("x")))[0]
    queries = tuple(f"q{i}" for i in range(len(first)))
    keys = queries if len(other) == len(first) else tuple(f"k{i}" for i in range(len(other)))
    heads = len(inputs.get("query", [0]))
    return work(Problem(queries, keys, inputs, heads=heads, mask=mask, scale=scale))


def values(name):
    """Every number of the example, in whatever step."""
    steps = truth(name).steps.values()
    return [x for heads in steps for rows in heads for row in rows for x in row if x is not None]


def text_of(path):
    if path.suffix == ".xlsx":
        cells = [cell for row in openpyxl.load_workbook(path).active.iter_rows() for cell in row]
        return "\n".join(str(cell.value) for cell in cells if cell.value is not None)
    return path.read_text(encoding="utf-8")


def is_printing_of(text, value):
    """Whether a number of a document is this one, rounded; the last of eight digits is a program's affair."""
    places = len(text.partition(".")[2])
    half = Decimal(5).scaleb(-places - 1)
    return abs(Decimal(text) - value) <= half * (Decimal("1.000001") if places < 7 else 4)


def is_same(printed, expected):
    """Whether two printed numbers are one, by their text or, from a spreadsheet, by their value."""
    if printed is None or printed == expected:
        return printed == expected
    try:
        return Decimal(printed) == Decimal(expected)
    except ArithmeticError:
        return False


def test_every_document_is_expected_and_every_format_is_there():
    files = {path.name for path in (HERE / "documents").iterdir()}
    assert files == set(EXPECTED)
    assert {Path(name).suffix[1:] for name in files} == FORMATS
    assert len(files) >= 44


@pytest.mark.parametrize("name", [name for name in EXPECTED if EXPECTED[name]["verdict"] == "right"])
def test_right_documents_are_right(name):
    """Every number of two decimals and more is one of the example's, or is listed as having nothing to do with it."""
    unrelated = set(EXPECTED[name].get("unrelated", []))
    numbers = values(name)
    for text in set(re.findall(r"(?<![\w.])-?\d+\.\d{2,}(?![\w.]|\.\d)", text_of(HERE / "documents" / name))):
        assert text in unrelated or any(is_printing_of(text, value) for value in numbers), text


@pytest.mark.parametrize("name", [name for name in EXPECTED if "findings" in EXPECTED[name]])
def test_corrections_are_right(name):
    numbers = values(name)
    for finding in EXPECTED[name]["findings"]:
        assert any(is_printing_of(finding["correct"], value) for value in numbers), finding
        assert finding["printed"].strip(".") in text_of(HERE / "documents" / name)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_checking_finds_what_is_wrong_and_nothing_else(name):
    expected = EXPECTED[name]
    report = check_file(name, (HERE / "documents" / name).read_bytes())
    shown = json.dumps(report.as_json(), ensure_ascii=False, indent=1)
    assert report.verdict == expected["verdict"], shown
    assert report.checked > 0
    assert set(expected.get("also", ())) <= {finding.cause for finding in report.findings}, shown
    for wanted in expected.get("findings", []):
        pointing = [
            finding
            for finding in report.findings
            if is_same(finding.printed, wanted["printed"]) and wanted.get("line") in (None, finding.line)
        ]
        assert pointing, shown
        finding = pointing[0]
        assert is_same(finding.correct, wanted["correct"]), shown
        roots = [finding]
        while roots[-1].follows_from is not None:
            roots.append(report.findings[roots[-1].follows_from])
        assert roots[-1].cause in wanted["causes"], shown
