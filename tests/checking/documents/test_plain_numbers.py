"""Numbers with decimal commas, groups of digits, bars and dots: read as they are meant, or not at all."""

import pytest

from pellucid.checking import check_file
from pellucid.checking.documents import open_source, read_document
from pellucid.checking.documents.decimal_mark import decimal_mark

GERMAN = """Die Abfrage ist q = (0,5; 1,0), die Schlüssel sind k₁ = (1,0; 0,5), k₂ = (0,2; 1,0).

Die Werte sind v₁ = (1; 0), v₂ = (0; 1).

- q · k₁ = 0,5 · 1,0 + 1,0 · 0,5 = 1,00
- q · k₂ = 0,5 · 0,2 + 1,0 · 1,0 = 1,10

Geteilt durch √2 ≈ 1,414: 0,707; 0,778

Gewichte α = (0,482; 0,518), Ausgabe z = (0,482; 0,518)
"""


def found_in(text, name="a.md"):
    report = check_file(name, text.encode())
    return report, [(finding.printed, finding.correct) for finding in report.findings if finding.printed]


def texts(text, name="a.md"):
    source = open_source(name, text.encode())
    return [part.text.text for part in read_document(source, "latex" if name.endswith("tex") else "markdown")]


def test_a_right_document_with_decimal_commas():
    report, found = found_in(GERMAN)
    assert (report.verdict, found) == ("right", [])
    assert report.checked >= 5


@pytest.mark.parametrize(
    ("right", "wrong", "shown"),
    [
        ("+ 1,0 · 0,5 = 1,00", "+ 1,0 · 0,5 = 1,30", "1,00"),
        ("√2 ≈ 1,414", "√2 ≈ 1,714", "1,414"),
        ("Gewichte α = (0,482", "Gewichte α = (0,782", "0,482"),
    ],
)
def test_a_wrong_number_is_put_right_with_a_comma(right, wrong, shown):
    report, found = found_in(GERMAN.replace(right, wrong))
    assert report.verdict == "wrong"
    assert (wrong.split()[-1].lstrip("("), shown) in found
    assert report.fixed().decode() == GERMAN


@pytest.mark.parametrize(
    "text",
    [
        "q = (0,5; 1,0). Und 4/√2 = 2,828.",
        "Poids : softmax = [0,893 ; 0,107], et 4/√2 = 2,828.",
        "$0{,}5 \\cdot 0{,}5 = 0{,}25$ und $4/\\sqrt{2} = 2{,}828$",
        "0,5 · 0,5 = 0,25 und 1000 · 1,5 = 1.500,0",
        "Das Gewicht 0,25 ist 1/4, und 4/√2 = 2,828.",
    ],
)
def test_right_equations_with_decimal_commas(text):
    report, found = found_in(text)
    assert (report.verdict, found) == ("right", [])
    assert report.checked


def test_groups_and_commas_are_kept_in_what_is_put_right():
    report, found = found_in("0,5 · 0,5 = 0,25 und 2000 · 1,5 = 3.500,0")
    assert found == [("3.500,0", "3.000,0")]
    assert report.fixed().decode().endswith("= 3.000,0")


@pytest.mark.parametrize(
    "text",
    [
        "A weight of 0,5 and one of 0.25, and 4/√2 = 2,828",  # a comma here, a point there
        "Positions 0,1 attend, and 4/√2 = 2,828",
        "0,5 · 0,5 = 0,25, with 0.1, 0.2 and 0.3 in code, and 4/√2 = 2,828",
        "0,5 · 0,5 = 0,25 und 2000 · 2 = 3.000",  # whole, or a decimal of a program
    ],
)
def test_nothing_is_said_of_what_cannot_be_told(text):
    assert found_in(text)[1] == []


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("weights 0.25 and 0.75", "point"),
        ("x = [0,1,0] and M = [[1,2],[3,4]]", "point"),
        ("the interval [0,1], the range (0,512), k_{0,12} and 3,600 rows", "point"),
        ("rotate by [0,1; 1,0] and take 1,2,3", "point"),
        ("1,000 × 1,000 + 12,000 · 3,000", "point"),
        ("rows 0,5 and so on", "unclear"),
        ("0,25 and 0.5 and 0.75", "unclear"),
        ("0,25", "comma"),
        ("0,5", "comma"),  # a whole cell
        ("(0,5; 1,0)", "comma"),
        ("0,5 × 1,5", "comma"),
        ("√2 ≈ 1,41", "comma"),
        ("0,25 und 0,75 und 0,125 in Python 3.11", "comma"),
    ],
)
def test_the_decimal_mark_of_a_document(text, mark):
    assert decimal_mark([text], text) == mark


def test_a_comma_in_braces_is_decimal_unless_it_groups():
    assert decimal_mark(["2,5"], "2{,}5") == "comma"
    assert decimal_mark(["1,234"], "1{,}234") == "point"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("0,25 und 1.234,5", "0.25 und 1'234.5"),
        ("0,25 und 1 234,5", "0.25 und 1 234.5"),
        ("0,25 und (1,0)", "0.25 und (���)"),  # a number or a pair
        ("0,25 und 1,2,3", "0.25 und 1,2,3"),
        ("0,25 und 1.000.000", "0.25 und 1'000'000"),
        ("0,25 und `x`", "0.25 und x"),
        ("3,600 and 0.25", "3,600 and 0.25"),
        ("12\u202f000 and 1'000 and 3’000’000", "12'000 and 1'000 and 3'000'000"),
        ("= 12 000 and 12 000", "= 12'000 and 12 000"),
        ("[100 200] × 2 = [200 400]", "[100 200] × 2 = [200 400]"),
        ("in head 1 200 × 3 = 600", "in head ����� × 3 = 600"),
        ("in 2020 100 × 3 = 300", "in 2020 100 × 3 = 300"),
        ("0.6̅ and 0.(3) and f(3)", "0.6̅ and 0.(3) and f(3)"),
        ("0,25 und 0,6̅ und 0,(3)", "0.25 und 0.6̅ und 0.(3)"),
        ("0.1(6)", "������"),  # repeated, uncertain, or multiplied
    ],
)
def test_numbers_in_one_form(text, read):
    assert texts(text) == [read]


def test_every_sign_keeps_its_place():
    source = open_source("a.md", b"*Und* 0,25 und 1.234,5")
    (passage,) = read_document(source, "markdown")
    start = passage.text.text.index("1'234.5")
    assert source.text[slice(*passage.text.span(start, start + 7))] == "1.234,5"


def test_code_and_what_programs_print_stay_as_they_are():
    report, found = found_in("0,25 und 0,5\n\n```python\nx = [0,5]\n```\n\n```\n0,5 + 0,25 = 0,75\n```\n")
    assert found == []
    assert report.checked == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1000 × 12 = 12 000 scores", "a.md"),
        ("1000 × 12 = 12\u202f000 and 3\u2009000 × 4 = 12\u00a0000 and 1'000 × 2 = 2'000", "a.md"),
        ("$3 \\times 10^6 = 3\\,000\\,000$", "a.md"),
        ("1\\,000 is $1\\,000 \\times 2 = 2\\,000$", "a.tex"),
        ("<p>1000 &times; 12 = 12&nbsp;000 = 12&#8239;000</p>", "a.html"),
    ],
)
def test_groups_of_digits(text, name):
    report, found = found_in(text, name)
    assert (report.verdict, found) == ("right", [])
    assert report.checked


@pytest.mark.parametrize(
    ("text", "name", "fixed"),
    [
        ("1000 × 12 = 13 000 scores", "a.md", "1000 × 12 = 12 000 scores"),
        ("1000 × 12 = 13\u202f000", "a.md", "1000 × 12 = 12\u202f000"),
        ("$3 \\times 10^6 = 4\\,000\\,000$", "a.tex", "$3 \\times 10^6 = 3\\,000\\,000$"),
        ("1000 × 12 = 13'000", "a.md", "1000 × 12 = 12'000"),
        ("<p>1000 &times; 12 = 13&nbsp;000</p>", "a.html", "<p>1000 &times; 12 = 12&nbsp;000</p>"),
    ],
)
def test_groups_are_kept_in_what_is_put_right(text, name, fixed):
    assert found_in(text, name)[0].fixed().decode() == fixed


@pytest.mark.parametrize(
    "text",
    [
        "$2/3 = 0.\\overline{6}$",
        "$2/3 = 0.\\bar6$ and $1/6 = 0.1\\overline{6}$ and $1/7 = 0.\\overline{142857}$",
        "2/3 = 0.6̅ and 2/3 = 0.(6)",
        "<math><mfrac><mn>2</mn><mn>3</mn></mfrac><mo>=</mo><mn>0.</mn><mover><mn>6</mn><mo>¯</mo></mover></math>",
    ],
)
def test_repeated_decimals_are_not_taken_for_rounded_ones(text):
    report, found = found_in(text, "a.html" if text.startswith("<") else "a.md")
    assert (report.verdict, found, report.corrections) == ("right", [], {})
    assert report.checked


@pytest.mark.parametrize(
    ("text", "printed", "correct"),
    [
        ("$2/3 = 0.\\overline{7}$", "0.7̅", "0.6̅"),
        ("1/12 = 0.084̅", "0.084̅", "0.083̅"),  # 0.08333…, not 0.08444…
        ("2/3 = 0.(7)", "0.(7)", "0.(6)"),
        ("$1/7 = 0.\\overline{142867}$", "0.1̅4̅2̅8̅6̅7̅", "0.1̅4̅2̅8̅5̅7̅"),
    ],
)
def test_wrong_repeated_decimals(text, printed, correct):
    report, found = found_in(text)
    assert (report.verdict, found) == ("wrong", [(printed, correct)])
    assert report.fixed().decode() == text  # which of its digits are repeated is not for a program to write


def test_repeated_decimals_in_a_table():
    text = (
        "Q = [[0]]\n\nK = [[0], [0], [0]]\n\nV = [[1], [2], [4]]\n\nsoftmax(QKᵀ/√d_k)V\n\n"
        "Weights:\n\n| a | b | c |\n|---|---|---|\n| 0.(3) | 0.3̅ | 0.(3) |\n"
    )
    report, found = found_in(text)
    assert (report.verdict, found, report.checked) == ("right", [], 3)
    assert found_in(text.replace("0.3̅", "0.4̅"))[1] == [("0.4̅", "0.3̅")]


def test_repeated_decimals_with_a_comma():
    report, found = found_in("0,5 + 0,25 = 0,75 und 1,5 + 1,25 = 2,75 und 1/3 = 0,(4)")
    assert found == [("0,(4)", "0,(3)")]
    assert "." not in report.findings[0].message.removesuffix(".")


def test_computing_on_from_repeated_decimals():
    assert found_in("3 · 0.(3) = 1 and 2 × 0.6̅ = 1.3̅")[0].verdict == "right"
    assert found_in("3 · 0.(3) = 1.1")[1] == [("1.1", "1.0")]


@pytest.mark.parametrize("dots", ["…", "..."])
def test_a_number_that_goes_on_is_right_when_it_is_cut_off(dots):
    report, found = found_in(f"2/3 = 0.66{dots}, and 1/3 = 0.333{dots}, and -2/3 = -0.66{dots}")
    assert (report.verdict, found, report.checked) == ("right", [], 3)
    report, found = found_in(f"2/3 = 0.65{dots}.")
    assert (report.verdict, found) == ("wrong", [(f"0.65{dots}", f"0.66{dots}")])
    assert report.fixed().decode() == f"2/3 = 0.66{dots}."


@pytest.mark.parametrize("dots", ["\\dots", "\\ldots", " \\ldots"])
def test_dots_of_mathematics(dots):
    assert found_in(f"$2/3 = 0.66{dots}$")[1] == []
    assert found_in(f"$2/3 = 0.65{dots}$")[0].fixed().decode() == f"$2/3 = 0.66{dots}$"


def test_what_goes_on_may_be_computed_with():
    report, found = found_in("1/3 = 0.333…, so 0.333… × 3 = 1.000, and 0.666... × 1.5 = 1.00")
    assert (report.verdict, found) == ("right", [])


def test_a_percent_sign_behind_a_blank():
    report, found = found_in("1/4 = 35 %")
    assert found == [("35 %", "25 %")]
    assert report.fixed().decode() == "1/4 = 25 %"
