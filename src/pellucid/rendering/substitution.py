"""Substitution lines as LaTeX mathematics: label = formula with numbers put in = … = result, broken where long."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.expressions import Expression, Quotient
from pellucid.expressions.latex import LatexPrinter
from pellucid.expressions.text import SUM, TextPrinter
from pellucid.rendering.document import Line

INDENT = 1.0
"""How far renderers indent a row that goes on with a sum, in em (`\\quad`)."""


@dataclass(frozen=True)
class Row:
    """One row of a substitution line.

    Args:
        latex: begins with `=`, or with the sign of a term where a sum goes on.
        width: about how wide it is, in em.
    """

    latex: str
    width: float

    @property
    def continues(self) -> bool:
        """Whether it goes on with the sum of the row before."""
        return not self.latex.startswith("=")


def substitution_rows(line: Line, printer: LatexPrinter, room: float) -> list[Row]:
    """What stands right of a line's label, in rows of at most `room` where it can be broken so.

    Args:
        line: not blank.
        printer: prints the numbers.
        room: width of a row, in em.
    """
    rows: list[Row] = []
    for piece in _pieces(line, printer):
        if rows and rows[-1].width + piece.width <= room:
            rows[-1] = Row(f"{rows[-1].latex} {piece.latex}", rows[-1].width + piece.width)
        else:
            rows.append(Row(piece.latex, piece.width + (INDENT if piece.continues else 0)))
    return rows


def _pieces(line: Line, printer: LatexPrinter) -> list[Row]:
    """The parts between which a line may be broken."""
    plain = TextPrinter(printer.notation, printer.most_terms)
    ruler = _Ruler(printer.notation, printer.most_terms)
    result = plain(line.result)
    pieces = []
    for expression in line.expressions:
        if plain(expression) == result:
            continue
        printed = printer.pieces(expression)
        widths = map(_width, ruler.pieces(expression))
        pieces += [Row(latex, width) for latex, width in zip(_after_equals(printed), widths, strict=True)]
    (bold,) = _after_equals([rf"\mathbf{{{printer(line.result)}}}"])
    return [*pieces, Row(bold, _BOLD * _width(ruler(line.result)))]


def _after_equals(pieces: list[str]) -> list[str]:
    return [f"= {pieces[0]}", *pieces[1:]]


# Widths in Computer Modern, in em, with the space that TeX puts around an operator.
_DIGIT = 0.5
_BOLD = 1.15
_EM = {" ": 0.0, ".": 0.28, "+": 1.22, "-": 1.22, "·": 0.72, "/": 0.5, "(": 0.56, ")": 0.56, "√": 0.83, "…": 1.5}
_EQUALS = 1.33


def _width(measured: str) -> float:
    """Of a piece, as the ruler has printed it, with an equals sign if it begins with no sign of its own."""
    inside = sum((_EM.get(character, _DIGIT) for character in measured), 0.0)
    return inside if measured.startswith(("+ ", "- ")) else _EQUALS + inside


class _Ruler(LatexPrinter):
    """Prints the characters whose widths add up to the width of the mathematics."""

    times = "·"
    opening, closing = "(", ")"

    def quotient(self, node: Quotient) -> str:
        if not self._fractions:
            return super().quotient(node)
        return max(self._print(node.numerator, SUM), self._print(node.denominator, SUM), key=len)

    def power(self, base: str, exponent: Expression) -> str:
        raised = super().power("", exponent).removeprefix("^{").removesuffix("}")
        return base + raised[: -(-len(raised) * 3 // 4)]  # exponents are set in smaller type

    def square_root(self, radicand: Expression) -> str:
        return f"√{self._print(radicand, SUM)}"

    def function(self, name: str, *arguments: Expression) -> str:
        return f"{name}({self.listed(arguments)})"

    def ellipsis(self) -> str:
        return "…"

    def _number(self, text: str) -> tuple[str, int]:
        return TextPrinter._number(self, text)
