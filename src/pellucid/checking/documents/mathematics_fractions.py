"""Fractions, roots, indices and exponents, which in a line need brackets that TeX does without."""

from __future__ import annotations

import re

from pellucid.checking.documents.mathematics_tokens import TokenReader

_INDEX = re.compile(r"[\w.′*]+")
_SQUARE_ROOT_INDEX = re.compile(r"[ \t]*\[([^\]\n{}\\]{1,20})\]")


def write_fraction(formula: TokenReader) -> None:
    """Write `\\frac{a}{b}` as a/b, each part in brackets where it needs them."""
    is_tight = formula.follows_factor()
    gaps = [formula.gap()]
    formula.argument()
    formula.trim(gaps[0] + 1)
    gaps.append(formula.gap())
    middle = formula.gap()
    formula.fill(middle, "/")
    gaps.append(formula.gap())
    formula.argument()
    formula.trim(gaps[2] + 1)
    gaps.append(formula.gap())
    is_tight = is_tight or formula.is_followed_by_factor()
    if is_tight or not formula.is_atom(gaps[0] + 1, gaps[1]):
        formula.fill(gaps[0], "(")
        formula.fill(gaps[1], ")")
    if is_tight or not formula.is_atom(gaps[2] + 1, gaps[3]):
        formula.fill(gaps[2], "(")
        formula.fill(gaps[3], ")")


def write_square_root(formula: TokenReader, start: int) -> None:
    """Write `\\sqrt{a}` as √a; `\\sqrt[n]{a}` as a^(1/n).

    Args:
        formula: the position in it is behind the command.
        start: where the command begins.
    """
    degree = _SQUARE_ROOT_INDEX.match(formula.text, formula.position)
    if degree:
        formula.position = degree.end()
    else:
        formula.put("√", start, formula.position)
    is_bracketed, opening = formula.bracketed()
    if degree:
        if not is_bracketed:
            formula.fill(opening, "(")
            formula.fill(len(formula.out) - 1, ")")
        formula.put(f"^(1/{degree[1].strip()})", degree.start(), degree.end())


def write_script(formula: TokenReader, sign: str, start: int) -> None:
    """Write an index or an exponent, in brackets where it is more than one number or name.

    Args:
        formula: the position in it is behind the sign.
        sign: `_` or `^`.
        start: where the sign stands.
    """
    sign_end = start + 1
    if formula.is_formula:
        formula.trim_end()
    formula.put_verbatim(start, sign_end)
    following = formula.text[formula.position : formula.position + 1]
    if not following or following not in "{\\" or (following == "{" and formula.position not in formula.closing):
        return
    if sign == "^":
        formula.bracketed()
        return
    opening = formula.gap()
    formula.argument()
    formula.trim(opening + 1)
    closing = formula.gap()
    text = formula.read(opening + 1, closing)
    if formula.is_followed_by_factor() and not formula.text.startswith("(", formula.position):
        text = None
    if text is None or not _INDEX.fullmatch(text):
        formula.fill(opening, "{")
        formula.fill(closing, "}")


def drop_script(formula: TokenReader) -> None:
    """Pass over what is printed under or over a brace."""
    if formula.text[formula.skip_blanks() : formula.position + 1] in ("_", "^"):
        formula.position += 1
        size = len(formula.out)
        formula.argument()
        del formula.out[size:]
