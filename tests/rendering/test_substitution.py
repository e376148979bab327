from decimal import Decimal

from pellucid.expressions import Element, Exponential, Number, Product, Quotient, Sum, parse
from pellucid.expressions.latex import LatexPrinter
from pellucid.numbers import Notation
from pellucid.rendering.document import Line
from pellucid.rendering.substitution import substitution_rows

printer = LatexPrinter(Notation(4))


def texts(line, room):
    return [row.latex for row in substitution_rows(line, printer, room)]


def sum_of(terms):
    return Line("sum", (Sum(tuple(Number(Decimal(term)) for term in terms)),), Number(Decimal(sum(terms))))


def test_a_line_that_fits_is_one_row():
    line = Line("weight", (parse("exp(2)/10"), parse("7.3891/10")), Number(Decimal("0.7389")))
    assert texts(line, 40.0) == [r"= \frac{e^{2}}{10} = \frac{7.3891}{10} = \mathbf{0.7389}"]


def test_a_long_sum_is_broken_before_its_signs():
    assert texts(sum_of([111, 222, 333, 444]), 6.5) == ["= 111 + 222", "+ 333 + 444", r"= \mathbf{1110}"]


def test_no_row_is_wider_than_the_room_it_has():
    line = sum_of(range(1000, 1012))
    for room in (6.0, 13.0, 20.0, 34.0, 48.0):
        rows = substitution_rows(line, printer, room)
        assert all(row.width <= room for row in rows)
        assert " ".join(row.latex for row in rows) == " ".join(texts(line, 1_000.0))


def test_a_row_says_whether_it_goes_on_with_a_sum():
    rows = substitution_rows(sum_of([111, 222, 333]), printer, 4.0)
    assert [row.continues for row in rows] == [False, True, True, False]


def test_a_number_is_not_said_to_equal_itself():
    element = Element("query", (0, 0), 0.5)
    assert texts(Line("copy", (element,), element), 40.0) == [r"= \mathbf{0.5}"]


def test_stacked_fractions_are_as_wide_as_their_wider_half():
    seven = Number(Decimal("1.234567"))
    stacked = Line("a", (Quotient(seven, seven),), Number(Decimal(1)))
    beside = Line("a", (Product((seven, seven)),), Number(Decimal(1)))
    (narrow,), (wide,) = (substitution_rows(line, printer, 100.0) for line in (stacked, beside))
    assert narrow.width < wide.width - 2.5  # seven digits fewer, each half an em


def test_digits_of_an_exponent_count_three_quarters():
    (short,), (long,) = (
        substitution_rows(Line("a", (Exponential(Number(Decimal(digits))),), Number(Decimal(7))), printer, 100.0)
        for digits in ("1234", "12345678")
    )
    assert long.width - short.width == 4 * 0.75 * 0.5
