"""LibreOffice is the judge: it computes the sheets that pellucid writes, as they are and after changes."""

import csv
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from pellucid import Derivation, Example, explain
from pellucid.derivation import Step
from pellucid.errors import OutputError
from pellucid.examples.library import example_source
from pellucid.rendering import Appearance
from pellucid.rendering.document import Document
from pellucid.rendering.xlsx import render
from sheets import assert_same, block, cells_of, convert, values_of


def matrix(rows: int, columns: int, seed: int = 0) -> list[list[float]]:
    """Numbers of two places."""
    return np.random.default_rng([rows, columns, seed]).normal(size=(rows, columns)).round(2).tolist()


def with_entry(rows: list[list[Any]], place: tuple[int, int], entry: Any) -> list[list[Any]]:
    copy = [list(row) for row in rows]
    copy[place[0]][place[1]] = entry
    return copy


@dataclass(frozen=True)
class Case:
    """An example, and one input cell to overwrite.

    Args:
        fields: of the example.
        name: of the cells in which one is overwritten.
        place: its row and column among them.
        entry: what it is overwritten with.
        changed: fields of the example that then means the same.
    """

    fields: dict[str, Any]
    name: str
    place: tuple[int, int]
    entry: float
    changed: dict[str, Any]


DOG = yaml.load(example_source("dog-on-the-mat"), yaml.BaseLoader)  # which leaves the token "on" a text
CAUSAL = np.tril(np.ones((3, 3), int)).tolist()
THREE = {"query": matrix(3, 4), "key": matrix(3, 4, seed=1), "value": matrix(3, 2), "tokens": "= + @"}
TWO_HEADS = {
    "embeddings": matrix(3, 5),
    "positions": "sinusoidal",
    "weights": {"query": matrix(5, 4), "key": matrix(5, 4, seed=1), "value": matrix(5, 6), "output": matrix(6, 7)},
    "biases": {"query": matrix(1, 4)[0], "value": matrix(1, 6)[0], "output": matrix(1, 7)[0]},
    "num_heads": 2,
    "mask": "causal",
}
GROUPED = {
    "query": matrix(3, 8),
    "key": matrix(2, 4),
    "value": matrix(2, 6),
    "num_heads": 4,
    "num_key_value_heads": 2,
}
EMPTY_ROW = {**THREE, "mask": [[1, 1, 0], [0, 0, 0], [1, 1, 1]]}
SCORES = {"scores": [[0.5, "-inf"], [-0.25, 2], ["-inf", "-inf"]], "value": matrix(2, 4), "scale": "none"}
CROSS = {"query": matrix(2, 3), "key": matrix(4, 3), "value": matrix(4, 5)}
WRITTEN = {
    "query": [["1/3", "sqrt(2)", "-2^2"], ["2^-1", "1 - 2/3 - 0.1", "2^3^2/100"]],
    "key": [["-(1/3 + 1)", "exp(-1)", "1e-7"], ["(-2)^2", "-3^2 + 1", "2*-3/4"]],
    "value": [["1 - (2 - 3)"], ["-sqrt(5)/(2*3)"]],
    "scale": "1/d_k",
}
ONE_TOKEN = {"query": [[0.5]], "key": [[0.25]], "value": [[3, 4]]}

CASES = {
    "dog on the mat": Case(DOG, "query", (3, 1), 0.9, {"query": with_entry(DOG["query"], (3, 1), 0.9)}),
    "a query that overflows": Case(DOG, "query", (0, 0), 1e5, {"query": with_entry(DOG["query"], (0, 0), 1e5)}),
    "divided by another number": Case(DOG, "scale", (0, 0), 2.5, {"scale": "1/2.5"}),
    "projections of two heads": Case(
        TWO_HEADS,
        "query_weight",
        (4, 2),
        -0.75,
        {"weights": {**TWO_HEADS["weights"], "query": with_entry(matrix(5, 4), (4, 2), -0.75)}},
    ),
    "a bias": Case(
        TWO_HEADS,
        "output_bias",
        (0, 6),
        2,
        {"biases": {**TWO_HEADS["biases"], "output": with_entry(matrix(1, 7), (0, 6), 2)[0]}},
    ),
    "grouped-query": Case(GROUPED, "projected_key", (1, 3), 1.5, {"key": with_entry(GROUPED["key"], (1, 3), 1.5)}),
    "a row that is masked whole": Case(
        {**THREE, "mask": "causal"}, "mask", (0, 0), 0, {"mask": with_entry(CAUSAL, (0, 0), 0)}
    ),
    "a row that may see again": Case(EMPTY_ROW, "mask", (1, 2), 1, {"mask": with_entry(EMPTY_ROW["mask"], (1, 2), 1)}),
    "scale 1/4": Case({**THREE, "scale": 0.25}, "scale", (0, 0), 3, {"scale": 3.0}),
    "no scale": Case({**THREE, "scale": "none"}, "value", (2, 1), 7, {"value": with_entry(matrix(3, 2), (2, 1), 7)}),
    "scores only": Case(SCORES, "scores", (0, 1), 1.5, {"scores": with_entry(SCORES["scores"], (0, 1), 1.5)}),
    "more keys than queries": Case(CROSS, "key", (3, 2), 2.25, {"key": with_entry(CROSS["key"], (3, 2), 2.25)}),
    "written as expressions": Case(WRITTEN, "key", (0, 0), 0.4, {"key": with_entry(WRITTEN["key"], (0, 0), 0.4)}),
    "one token": Case(ONE_TOKEN, "value", (0, 1), 5, {"value": [[3, 5]]}),
}
BLANKS = frozenset({"scores", "concatenated"})


def document(*derivations: Derivation, blanks: frozenset[str] = frozenset(), title: str | None = None) -> Document:
    first = derivations[0]
    return Document(title or first.title, first.subject.purpose, (), first.notation, derivations, blanks)


def written(*derivations: Derivation, **fields: Any) -> Workbook:
    """The sheet as pellucid writes it, with formulas."""
    return load_workbook(BytesIO(render(document(*derivations, **fields), Appearance())))


def cached(*derivations: Derivation, **fields: Any) -> Workbook:
    """What a viewer that computes nothing sees."""
    return load_workbook(BytesIO(render(document(*derivations, **fields), Appearance())), data_only=True)


def row_sums(sheet: Worksheet, name: str) -> list[Cell]:
    """The cells beside the rows of a block."""
    return [sheet.cell(row[-1].row, row[-1].column + 1) for row in block(sheet, name)]


@pytest.fixture(scope="session")
def computed(soffice: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Worksheet]:
    """Sheets by name, computed by LibreOffice: openpyxl drops our numbers, so that every one of them is its own."""
    folder = tmp_path_factory.mktemp("sheets")

    def save(workbook: Workbook, name: str) -> None:
        workbook.save(folder / f"{name}.xlsx")

    for name, case in CASES.items():
        save(written(explain(Example(**case.fields))), name.replace("/", "÷"))
        workbook = written(explain(Example(**case.fields)))
        block(workbook.active, case.name)[case.place[0]][case.place[1]].value = case.entry
        save(workbook, f"{name}, changed".replace("/", "÷"))
    answers = explain(Example(**TWO_HEADS))
    worksheet = written(answers, blanks=BLANKS)
    save(worksheet, "worksheet, empty")
    fill_in(worksheet.active, answers["scores"], heads=[0])
    save(worksheet, "worksheet, one head")
    fill_in(worksheet.active, answers["scores"], heads=[1])
    fill_in(worksheet.active, answers["concatenated"])
    save(worksheet, "worksheet, full")
    convert(soffice, folder, "xlsx", "computed")
    return {
        path.stem.replace("÷", "/"): load_workbook(path, data_only=True).active
        for path in (folder / "computed").iterdir()
    }


def fill_in(sheet: Worksheet, step: Step, heads: list[int] | None = None) -> None:
    """Write the answers into the boxes of a step."""
    for index, cell in cells_of(sheet, step):
        if heads is None or index[0] in heads:
            cell.value = float(step.value[index])


@pytest.mark.parametrize("name", CASES)
def test_libreoffice_computes_the_same_numbers(computed: dict[str, Worksheet], name: str) -> None:
    assert_same(computed[name], explain(Example(**CASES[name].fields)))


@pytest.mark.parametrize("name", CASES)
def test_everything_follows_a_changed_input(computed: dict[str, Worksheet], name: str) -> None:
    case = CASES[name]
    assert_same(computed[f"{name}, changed"], explain(Example(**{**case.fields, **case.changed})))


def test_rows_of_weights_are_seen_to_add_up(computed: dict[str, Worksheet]) -> None:
    sums = [cell.value for cell in row_sums(computed["a row that may see again"], "weights")]
    assert sums == pytest.approx([1, 0, 1], abs=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_every_number_beyond_the_inputs_is_a_formula(name: str) -> None:
    derivation = explain(Example(**CASES[name].fields))
    sheet = written(derivation).active
    for step in derivation:
        for index, cell in cells_of(sheet, step):
            is_number = step.is_given and step.operation.written(index) is None
            assert cell.data_type == ("n" if is_number else "f"), step.label(index)


@pytest.mark.parametrize("name", CASES)
def test_viewers_that_do_not_compute_see_the_numbers(name: str) -> None:
    derivation = explain(Example(**CASES[name].fields))
    assert_same(cached(derivation).active, derivation, rtol=1e-15)


def texts_of(sheet: Worksheet) -> list[str]:
    return [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "s"]


def test_the_shown_digits_are_those_of_the_article(soffice: str, tmp_path: Path) -> None:
    (tmp_path / "dog.xlsx").write_bytes(render(document(explain("dog-on-the-mat")), Appearance()))
    (tmp_path / "mask.xlsx").write_bytes(render(document(explain(Example(**EMPTY_ROW))), Appearance()))
    convert(soffice, tmp_path, "csv:Text - txt - csv (StarCalc):44,34,76,1", "shown")

    def rows(name: str) -> list[list[str]]:
        with (tmp_path / "shown" / f"{name}.csv").open(encoding="utf-8") as file:
            return [[text.strip() for text in row if text.strip()] for row in csv.reader(file)]

    assert ["sitting", "0.21", "0.29", "0.33", "0.29", "0.36", "0.26"] in rows("dog")
    assert ["sitting", "0.1591", "0.1666", "0.1705", "0.1666", "0.1735", "0.1637", "1"] in rows("dog")
    assert ["sitting", "0.5175", "0.3505", "0.8326"] in rows("dog")
    assert ["+", "-∞", "-∞", "-∞"] in rows("mask")
    assert ["+", "0", "0", "0", "0"] in rows("mask")


def test_formulas_are_those_a_person_would_write() -> None:
    sheet = written(explain("dog-on-the-mat")).active
    assert block(sheet, "scores")[3][1].value == "=SUMPRODUCT(B12:D12,B20:D20)"
    positions = block(written(explain(Example(**TWO_HEADS))).active, "positions")
    assert [cell.value for cell in positions[2]] == [
        "=SIN(2/10000^(2*0/5))",
        "=COS(2/10000^(2*0/5))",
        "=SIN(2/10000^(2*1/5))",
        "=COS(2/10000^(2*1/5))",
        "=SIN(2/10000^(2*2/5))",
    ]
    sheet = written(explain(Example(**WRITTEN))).active
    assert [cell.value for cell in block(sheet, "query")[0]] == ["=1/3", "=SQRT(2)", "=-(2^2)"]


def test_texts_from_users_are_never_formulas() -> None:
    hostile = "=cmd|'/C calc'!A0"
    example = Example(**{**THREE, "tokens": ["=1+1", "@SUM(1)", "-2"], "title": hostile, "purpose": "+1"})
    sheet = written(explain(example)).active
    assert {hostile, "+1", "=1+1", "@SUM(1)", "-2"} <= set(texts_of(sheet))
    formulas = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert len(formulas) == 4 * 9 + 6 + 3 + 1  # four steps of 3×3, the output, three row sums, the scale


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("a/b\\c [d]: e? f* 'g'!", "a b c d e f g"),
        ("The quick brown fox jumps over the lazy dog", "The quick brown fox jumps over"),
        ("🐕" * 20, "🐕" * 15),
        ("=1+1", "=1+1"),
        ("History", "Attention"),
        ("::", "Attention"),
    ],
)
def test_sheet_names_are_valid(title: str, name: str) -> None:
    assert written(explain(Example(**THREE)), title=title).sheetnames == [name]


def test_two_derivations_are_two_sheets() -> None:
    one = explain(Example(**THREE, title="Attention"))
    other = explain(Example(**CROSS, title="ATTENTION"))
    workbook = cached(one, other)
    assert workbook.sheetnames == ["Attention", "ATTENTION (2)"]
    for sheet, derivation in zip(workbook, (one, other), strict=True):
        assert_same(sheet, derivation, rtol=1e-15)


def test_a_derivation_that_carries_rounded_values_is_computed_without_rounding() -> None:
    sheet = cached(explain("dog-on-the-mat", digits=1, carry="rounded")).active
    assert_same(sheet, explain("dog-on-the-mat"), rtol=1e-15)
    assert any("nothing is rounded" in text for text in texts_of(sheet))


def test_exact_decimals_become_floats() -> None:
    assert_same(cached(explain("dog-on-the-mat", exact=True)).active, explain("dog-on-the-mat"), rtol=1e-15)


def test_worksheets_keep_the_answers_to_themselves() -> None:
    derivation = explain(Example(**TWO_HEADS))
    sheet = cached(derivation, blanks=BLANKS).active
    hidden = ("scores", "scaled_scores", "masked_scores", "weights", "head_outputs", "concatenated", "output")
    shown = {step.name: values_of(sheet, step) for step in derivation}
    assert {name for name, values in shown.items() if np.isnan(values).all()} == set(hidden)
    assert not any(np.isnan(values).any() for name, values in shown.items() if name not in hidden)
    formulas = written(derivation, blanks=BLANKS).active
    assert [cell.value for cell in row_sums(sheet, "weights_head_1")] == [None] * 3
    for name in BLANKS:
        assert all(cell.value is None for _, cell in cells_of(formulas, derivation[name]))


def test_worksheets_follow_what_is_filled_in(computed: dict[str, Worksheet]) -> None:
    derivation = explain(Example(**TWO_HEADS))
    for sheet, heads in (("worksheet, empty", []), ("worksheet, one head", [0])):
        weights = {index: cell.value for index, cell in cells_of(computed[sheet], derivation["weights"])}
        assert {index[0] for index, value in weights.items() if value not in (None, "")} == set(heads)
        assert all(cell.value in (None, "") for _, cell in cells_of(computed[sheet], derivation["output"]))
    assert_same(computed["worksheet, full"], derivation)


def test_no_date_keeps_two_files_from_being_the_same() -> None:
    properties = written(explain("dog-on-the-mat")).properties
    assert properties.created == properties.modified == datetime(2000, 1, 1)


@pytest.mark.parametrize(("shape", "words"), [((600, 600), "1,440,000 numbers"), ((1, 17_000), "17,002 columns")])
def test_what_does_not_fit_a_spreadsheet_is_refused(shape: tuple[int, int], words: str) -> None:
    derivation = explain(Example(scores=np.zeros(shape), scale="none"))
    with pytest.raises(OutputError, match=f"{words}.*fewer tokens, or html or json"):
        render(document(derivation), Appearance())


def test_results_beyond_floating_point_are_refused() -> None:
    example = Example(query=[["1e200"]], key=[["1e200"]], value=[[1]])
    with pytest.raises(OutputError, match="beyond 1e308"):
        render(document(explain(example, exact=True)), Appearance())
