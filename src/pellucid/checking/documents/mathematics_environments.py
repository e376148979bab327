"""Environments in a line: a matrix becomes `[[1, 2], [3, 4]]`, the rows of an alignment become lines."""

from __future__ import annotations

import re

from pellucid.checking.documents.mathematics_commands import MATRICES
from pellucid.checking.documents.mathematics_tokens import BLANK, MOST_DEPTH, TOKEN, TokenReader

_MOST_PIECES_OF_NUMBER = 4
_PLACEMENT = re.compile(r"[ \t]*\[[A-Za-z]?\]")
_DELIMITER = re.compile(r"[ \t]*(?:\\[{}|]|\\[A-Za-z]+|[^\s\\{}])")
_MATRIX_NEXT = re.compile(r"\s*\\begin[ \t]*\{(?:" + "|".join(sorted(MATRICES)) + r")\*?\}")
_RIGHT = re.compile(r"\s*\\right[ \t]*(?:\\[{}|]|\\[A-Za-z]+|[^\s\\{}])")
_NUMBER_END = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)[ \t]+\Z")
_LAYOUTS_WITH_COLUMNS = frozenset({"array", "alignedat", "alignat", "xalignat", "tabular", "IEEEeqnarray"})
_ALIGNED = frozenset({"align", "aligned", "alignat", "alignedat", "xalignat", "flalign"})
"""Environments in whose rows several equations may stand side by side: a &= b & c &= d."""


def write_environment(formula: TokenReader, name: str, start: int) -> None:
    """Write what stands between `\\begin{name}` and its end.

    Args:
        formula: the position in it is behind the `\\begin`.
        name: of the environment.
        start: where the `\\begin` stands.
    """
    end = formula.closing.get(start)
    if end is None:
        return
    if name in _LAYOUTS_WITH_COLUMNS:
        formula.skip_argument()
    elif placement := _PLACEMENT.match(formula.text, formula.position):
        formula.position = placement.end()
    if formula.depth >= MOST_DEPTH:
        formula.put_verbatim(formula.position, end)
        formula.position = end
        return
    formula.depth += 1
    is_layout = name == "array" and "=" in formula.text[formula.position : end]
    if name in MATRICES and not is_layout:
        _write_matrix(formula, start, end)
    else:
        cell, formula.cell = formula.cell, 0 if name in _ALIGNED else -1
        formula.until(end)
        formula.cell = cell
    formula.depth -= 1


def _write_matrix(formula: TokenReader, start: int, end: int) -> None:
    _drop_bracket(formula, end)
    if formula.is_formula and _NUMBER_END.search("".join(piece[0] for piece in formula.out[-_MOST_PIECES_OF_NUMBER:])):
        formula.trim_end()  # 0.4 \\begin{bmatrix}: a factor, which stands right before what it multiplies
    formula.put("[[", start, formula.position)
    row = cell = len(formula.out)
    opened = -1  # where the row that is being read was opened
    while formula.position < end:
        found = TOKEN.match(formula.text, formula.position)
        assert found
        is_row = found.lastgroup == "row" or (found.lastgroup == "name" and found["name"] in ("cr", "tabularnewline"))
        if not is_row and found.lastgroup != "cell":
            formula.step()
            continue
        formula.trim(cell)
        formula.position = found.end()
        if is_row:
            opened = len(formula.out)
        formula.put("], [" if is_row else ", ", found.start(), found.end())
        cell = len(formula.out)
        row = cell if is_row else row
    formula.trim(cell)
    if opened >= 0 and not any(piece[0] for piece in formula.out[row:]):  # the last row may end like the others
        del formula.out[opened:]
    formula.put("]]", end, end + 1)
    formula.position = end


def _drop_bracket(formula: TokenReader, end: int) -> None:
    """Takes away plain brackets around a matrix, as in ( \\begin{matrix} … \\end{matrix} )."""
    if not formula.out or not formula.out[-1][3] or not formula.out[-1][0].rstrip().endswith(("[", "(")):
        return
    close = formula.text.find("}", end) + 1
    found = BLANK.match(formula.text, close)
    if found and formula.text[found.end() : found.end() + 1] in ("]", ")"):
        text, start, _, _ = formula.out[-1]
        kept = text.rstrip()[:-1]
        formula.out[-1] = (kept, start, start + len(kept), True)
        formula.passed_over.add(found.end())


def write_delimiter(formula: TokenReader, name: str, start: int) -> None:
    """Write a bracket that grows; around a matrix, which has its own in a line, it is left out.

    Args:
        formula: the position in it is behind the command.
        name: `left` or `right`.
        start: where the command begins.
    """
    found = _DELIMITER.match(formula.text, formula.position)
    if not found:
        return
    if (name == "right" and start in formula.passed_over) or found.group().strip() == ".":
        formula.position = found.end()
    elif name == "left" and (matrix := _MATRIX_NEXT.match(formula.text, found.end())):
        end = formula.closing.get(matrix.end() - len(matrix.group().lstrip()))
        closed = end is not None and (right := _right_after(formula, end))
        if closed:
            formula.position = found.end()
            formula.passed_over.add(right)


def _right_after(formula: TokenReader, end: int) -> int:
    """Where the \\right after the \\end at `end` stands; 0 if there is none."""
    close = formula.text.find("}", end) + 1
    found = _RIGHT.match(formula.text, close)
    return found.end() - len(found.group().lstrip()) if found else 0
