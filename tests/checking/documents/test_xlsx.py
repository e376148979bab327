import zipfile
from io import BytesIO

import openpyxl
import pytest

from outlines import outline
from pellucid import explain
from pellucid.checking.documents import open_source, read_document
from pellucid.checking.documents import workbook as workbook_file
from pellucid.errors import InputError


def workbook(cells: dict[str, object], formats: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Sheet1"
    for name, value in cells.items():
        book.active[name] = value
    for name, number_format in (formats or {}).items():
        book.active[name].number_format = number_format
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


CELLS = {
    "A1": "scores",
    "A2": "",
    "B2": "x",
    "C2": "y",
    "A3": "a",
    "B3": 0.5,
    "C3": 0.25,
    "E2": 1,
    "E3": 2,
    "A6": "note",
}


def test_regions():
    source = open_source("x.xlsx", workbook(CELLS))
    parts = read_document(source, "xlsx")
    assert outline(parts) == [[["", "x", "y"], ["a", "0.5", "0.25"]], [["1"], ["2"]], ("prose", "note")]
    assert (parts[0].caption, parts[0].name) == ("scores", "Sheet1")


def test_places_and_corrections():
    data = workbook(CELLS, {"B3": "0.00"})
    source = open_source("x.xlsx", data)
    cell = read_document(source, "xlsx")[0].rows[1][1]
    assert cell.text == "0.50"
    span = cell.span(0, 4)
    assert (source.text[slice(*span)], source.place(span.start), source.line(span.start)) == ("0.50", "Sheet1!B3", 3)
    corrected = openpyxl.load_workbook(BytesIO(source.rewritten({span: "0.75"}))).active["B3"]
    assert (corrected.value, corrected.number_format) == (0.75, "0.00")
    assert source.rewritten({}) == data


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (0.5, "0.00", "0.50"), (0.166602911, "0.0000", "0.1666"), (0.1666, "0.00", "0.1666"), (2, "General", "2"),
        (0.30000000000000004, "General", "0.3"), (0.125, "0.00", "0.125"), (-0.00000001234, "0.00", "-0.00"),
        (0.3125, "0%", "31%"), (0.22999999999999998, '[<-1E+200]"-∞";[=0]0;0.00??', "0.23"),
        (1e-20, "General", "1e-20"), (True, "General", "True"),
    ],
)  # fmt: skip
def test_numbers(value, number_format, expected):
    source = open_source("x.xlsx", workbook({"A1": value}, {"A1": number_format}))
    assert source.text.splitlines() == ["Sheet1", expected]


def test_our_own(tmp_path):
    explain("dog-on-the-mat").to_xlsx(tmp_path / "x.xlsx")
    parts = read_document(open_source("x.xlsx", (tmp_path / "x.xlsx").read_bytes()), "xlsx")
    tables = {part.caption: [cell.text for cell in part.rows[4]] for part in parts if hasattr(part, "rows")}
    assert tables["query"] == ["sitting", "0.3", "0.4", "0.1"]
    assert tables["scaled scores"] == ["sitting", "0.1212", "0.1674", "0.1905", "0.1674", "0.2078", "0.1501"]


@pytest.mark.parametrize("data", [b"", b"nothing", b"PK\3\4", workbook(CELLS)[:2000]])
def test_damaged(data):
    with pytest.raises(InputError, match="spreadsheet"):
        open_source("x.xlsx", data)


def test_an_archive_without_a_workbook():
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(InputError, match="spreadsheet"):
        open_source("x.xlsx", buffer.getvalue())


def test_too_large_unpacked(monkeypatch):
    monkeypatch.setattr(workbook_file, "_MOST_UNZIPPED", 1000)
    with pytest.raises(InputError, match="unpacks"):
        open_source("x.xlsx", workbook(CELLS))
