"""Substitution lines as LaTeX mathematics: label = formula with numbers put in = … = result, broken where long."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.expressions import Expression, Quotient
from pellucid.expressions.latex import LatexPrinter
from pellucid.expressions.text import SUM, TextPrinter
from pellucid.rendering.document import Line


@dataclass(frozen=True)
class Row:
    """One row of a substitution line.

    Args:
        latex: begins with `=`, or with the sign of a term where a sum goes on.
        width: about how many digits wide it is.
    """

    latex: str
    width: int

    @property
    def continues(self) -> bool:
        """Whether it goes on with the sum of the row before."""
        return not self.latex.startswith("=")


def substitution_rows(line: Line, printer: LatexPrinter, room: int) -> list[Row]:
    """What stands right of a line's label, in rows of at most `room` digits where it can be broken so.

    Args:
        line: not blank.
        printer: prints the numbers.
        room: width of a row, in digits.
    """
    rows: list[Row] = []
    for piece in _pieces(line, printer):
        joined = rows[-1].width + 1 + piece.width if rows else 0
        if rows and joined <= room:
            rows[-1] = Row(f"{rows[-1].latex} {piece.latex}", joined)
        else:
            rows.append(piece)
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
        first, *others = zip(printer.pieces(expression), ruler.pieces(expression), strict=True)
        pieces.append(_equals(*first))
        pieces += [Row(latex, len(measured)) for latex, measured in others]
    return [*pieces, _equals(rf"\mathbf{{{printer(line.result)}}}", ruler(line.result))]


def _equals(latex: str, measured: str) -> Row:
    return Row(f"= {latex}", len("= ") + len(measured))


class _Ruler(LatexPrinter):
    """Prints as many characters as the mathematics is digits wide."""

    times = "××"
    opening, closing = "(", ")"

    def quotient(self, node: Quotient) -> str:
        if not self._fractions:
            return super().quotient(node)
        return max(self._print(node.numerator, SUM), self._print(node.denominator, SUM), key=len)

    def power(self, base: str, exponent: Expression) -> str:
        raised = super().power("", exponent)
        return base + raised[: -(-len(raised) * 3 // 4)]  # exponents are set in smaller type

    def square_root(self, radicand: Expression) -> str:
        return f"√√{self._print(radicand, SUM)}"

    def function(self, name: str, argument: Expression) -> str:
        return f"{name}({self._print(argument, SUM)})"

    def ellipsis(self) -> str:
        return "…" * 4

    def _number(self, text: str) -> tuple[str, int]:
        return TextPrinter._number(self, text)
