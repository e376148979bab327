from decimal import Decimal

import pytest

from pellucid.expressions import ErrorFunction, HyperbolicTangent, Largest, Logarithm, Number, Product, Sum
from pellucid.operations import ArgMax, LookUp
from pellucid.operations.pattern import IfTrue, Operand, Pattern, Position, SumOver
from pellucid.rendering.spreadsheet_formula import cell_name, element_formula, fixed_name

ROW, COLUMN, K = Position(0), Position(1), Position("k")


def place(index: tuple[int, ...]) -> tuple[int, int]:
    return (index[-2], index[-1])


def formula(pattern: Pattern, operands: int = 2) -> str:
    return element_formula(pattern, [place] * operands).at((4, 1))


@pytest.mark.parametrize(
    ("cell", "name"), [((0, 0), "A1"), ((8, 25), "Z9"), ((0, 26), "AA1"), ((0, 701), "ZZ1"), ((9, 702), "AAA10")]
)
def test_cells_have_the_names_of_spreadsheets(cell: tuple[int, int], name: str) -> None:
    assert cell_name(cell) == name


def test_fixed_names_stay_when_a_formula_is_copied() -> None:
    assert fixed_name((8, 26)) == "$AA$9"


def test_ranges_of_one_direction_are_multiplied_pairwise() -> None:
    rows = Product((Operand(0, (ROW, K)), Operand(1, (COLUMN, K))))
    assert formula(SumOver("k", 3, rows)) == "SUMPRODUCT(A5:C5,A2:C2)"


@pytest.mark.parametrize("swapped", [False, True])
def test_a_row_times_a_column_is_a_product_of_matrices(swapped: bool) -> None:
    factors = (Operand(0, (ROW, K)), Operand(1, (K, COLUMN)))
    assert formula(SumOver("k", 3, Product(factors[::-1] if swapped else factors))) == "SUMPRODUCT(MMULT(A5:C5,B1:B3))"


def test_a_factor_outside_the_range_multiplies_every_term() -> None:
    scaled = Product((Operand(0, (ROW, COLUMN)), Operand(1, (ROW, K))))
    assert formula(SumOver("k", 3, scaled)) == "SUMPRODUCT(B5*A5:C5)"


def test_what_would_need_array_formulas_is_refused() -> None:
    row, column = Operand(0, (ROW, K)), Operand(1, (K, COLUMN))
    with pytest.raises(TypeError, match="same way"):
        formula(SumOver("k", 3, Sum((row, column))))
    with pytest.raises(TypeError, match="rows or columns"):
        formula(SumOver("k", 3, Operand(0, (K, ROW, COLUMN))))
    with pytest.raises(TypeError, match="IF"):
        formula(SumOver("k", 3, IfTrue(row, row, Number(0))))


def test_functions_are_those_that_spreadsheets_have() -> None:
    x = Operand(0, (ROW, COLUMN))
    assert formula(HyperbolicTangent(x)) == "TANH(B5)"
    assert formula(Logarithm(x)) == "LN(B5)"
    assert formula(ErrorFunction(Product((x, Number(Decimal(2)))))) == "ERF(B5*2)"
    assert formula(Largest((Number(Decimal(0)), x))) == "MAX(0,B5)"


def test_a_row_of_a_table_is_found_by_its_number() -> None:
    """The ids stand in row 5, the table's second column goes down B1 to B7."""
    found = element_formula(LookUp().pattern((9,), (7, 3)), [lambda index: (4, index[0]), place])
    assert found.at((2, 1)) == "INDEX(B1:B7,C5+1)"


def test_a_choice_is_where_the_largest_stands() -> None:
    assert element_formula(ArgMax().pattern((6, 3)), [place]).at((4,)) == "MATCH(MAX(A5:C5),A5:C5,0)-1"
