from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.checking import check_file
from pellucid.checking.number_style import NumberStyle, is_plain_number
from pellucid.checking.printed import Printed, correct_text


def printed(read, value, places, *, program=False):
    return Printed(Decimal(value), read, places, 0, len(read), program)


def found_in(text, name="a.md"):
    report = check_file(name, text.encode())
    return report, [(finding.printed, finding.correct) for finding in report.findings]


@pytest.mark.parametrize(
    "written",
    [
        "7", "-0.50", "−0.50", "–0.5", "- 0.5", "&minus;0.5", "\\u22120.5", "0,35", "0{,}35", "0&#46;35", ".5", "8.",
        "12 000", "12\u202f000", "3\\,000\\,000", "3\\\\,000", "1'000", "3,600.5", "1.3e-1", "43.3%", "43.3\\%",
        "43.3\\\\%", "43.3 %", "-inf", "−∞", "\\infty",
    ],
)  # fmt: skip
def test_plain_numbers(written):
    assert is_plain_number(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "0.3<b>5",
        "0.\\overline{6",
        "0.**35",
        "**0**.35",
        "\\mathbf{0}.35",
        "abc",
        "1 +",
        "&copy;5",
        "0.5;",
        "\\frac12",
    ],
)
def test_numbers_with_something_inside(written):
    assert not is_plain_number(written)


@pytest.mark.parametrize(
    ("written", "read", "value", "places", "true", "expected"),
    [
        ("−0.50", "-0.50", "-0.50", 2, -0.3, "−0.30"),
        ("−0.50", "-0.50", "-0.50", 2, 0.3, "0.30"),
        ("- 0.5", "-0.5", "-0.5", 1, -0.75, "- 0.8"),
        ("0.50", "0.50", "0.50", 2, -0.3, "-0.30"),
        ("0,50", "0.50", "0.50", 2, 0.3, "0,30"),
        ("0{,}50", "0.50", "0.50", 2, 0.3, "0{,}30"),
        ("0&#46;50", "0.50", "0.50", 2, 0.3, "0&#46;30"),
        ("3,600", "3,600", "3600", 0, 3500.0, "3,500"),
        ("3,600", "3,600", "3600", 0, 350.0, "350"),
        ("3600", "3600", "3600", 0, 3500.0, "3500"),
        ("12 000", "12'000", "12000", 0, 1234567.0, "1 234 567"),
        ("1.234,5", "1'234.5", "1234.5", 1, 4321.25, "4.321,3"),
        ("3\\,000", "3'000", "3000", 0, 4000.0, "4\\,000"),
        ("1.3e-1", "1.3e-1", "0.13", 2, 0.33, "3.3e-1"),
        ("1.3e-01", "1.3e-01", "0.13", 2, 0.0333, "3.3e-02"),
        ("1.3e-01", "1.3e-01", "0.13", 2, 33.3, "3.3e+01"),
        ("9.1e-01", "9.1e-01", "0.91", 2, 0.996, "1.0e+00"),
        ("13e-2", "13e-2", "0.13", 2, 0.25, "25e-2"),
        ("2e3", "2e3", "2000", -3, 4100.0, "4e3"),
        ("43.3%", "43.3%", "0.433", 3, 0.41234, "41.2%"),
        ("43.3\\%", "43.3%", "0.433", 3, 0.41234, "41.2\\%"),
        ("43 %", "43%", "0.43", 2, 0.41234, "41 %"),
        ("0.3<b>5", "0.35", "0.35", 2, 0.25, "0.25"),
    ],
)  # fmt: skip
def test_the_right_number_is_written_like_the_wrong_one(written, read, value, places, true, expected):
    assert correct_text(printed(read, value, places), true, written) == expected


@pytest.mark.parametrize(
    ("read", "places", "true", "expected"),
    [
        ("0.5100", 4, 0.5, "0.5000"),
        ("0.51", 8, 0.123456789, "0.12345679"),  # its array has more places
        ("0.51", 8, 0.5, "0.50"),
        ("8.", 8, 6.0, "6."),
        ("8.", 8, 6.25, "6.25"),
    ],
)
def test_a_number_of_a_program_keeps_its_width(read, places, true, expected):
    assert correct_text(printed(read, read, places, program=True), true, read) == expected


@given(
    value=st.decimals(-(10**7), 10**7, places=3), mark=st.sampled_from([".", ",", "{,}"]), minus=st.sampled_from("-−")
)
def test_a_style_writes_its_own_number_back(value, mark, minus):
    read = f"{value:,.3f}".replace(",", "'")
    written = read.replace("'", "\u202f").replace(".", mark).replace("-", minus)
    style = NumberStyle.of(written, read)
    expected = written if value else written.lstrip("-−")
    assert style is not None
    assert style.write(value, 3, 3) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", "<p>0.5 &times; 0.5 = 0.3<b>5</b></p>"),
        ("a.md", "0.5 × 0.5 = 0.**35**"),
        ("a.md", "0.5 × 0.5 = **0**.35"),
        ("a.md", "$0.5 \\times 0.5 = \\mathbf{0}.35$"),
        ("a.tex", "$0.5 \\times 0.5 = 0.\\textbf{35}$"),
    ],
)
def test_a_number_with_markup_inside_is_found_and_left(name, text):
    report, found = found_in(text, name)
    assert found == [("0.35", "0.25")]
    assert report.corrections == {}
    assert report.fixed() == text.encode()


@pytest.mark.parametrize(
    ("name", "text", "shown", "fixed"),
    [
        ("a.md", "0.3×0.5 - 0.9×0.5 = −0.50", ("−0.50", "−0.30"), "0.3×0.5 - 0.9×0.5 = −0.30"),
        ("a.md", "7 × 500 = 3,600", ("3,600", "3,500"), "7 × 500 = 3,500"),
        ("a.md", "0.3 × 1.1 = 1.3e-1", ("1.3e-1", "3.3e-1"), "0.3 × 1.1 = 3.3e-1"),
        ("a.tex", "$1/4 = 43.3\\%$", ("43.3\\%", "25.0\\%"), "$1/4 = 25.0\\%$"),
        ("a.html", "<p>0.5 &times; 0.5 = 0&#46;35</p>", ("0&#46;35", "0&#46;25"), "<p>0.5 &times; 0.5 = 0&#46;25</p>"),
        ("a.html", "<p>0.5 &times; 0.5 = 0.<i></i></p> 0.5&times;0.5 = 0.35", ("0.35", "0.25"), None),
    ],
)  # fmt: skip
def test_findings_show_the_numbers_of_the_file(name, text, shown, fixed):
    report, found = found_in(text, name)
    assert shown in found
    if fixed is not None:
        assert report.fixed().decode() == fixed
