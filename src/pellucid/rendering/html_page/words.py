"""Words, labels and formulas in symbols as HTML; all of them may come from users."""

from __future__ import annotations

import re
from html import escape

from pellucid.expressions.html import MINUS, unseen
from pellucid.rendering.labels import printable

LONGEST_LABEL = 24
"""Characters of a token that heads a row or column."""


def escaped(text: str) -> str:
    """Words for a page."""
    return escape(printable(text))


_SYMBOL = re.compile(
    r"\^\((?P<exponent>[^()]*)\)"
    r"|√(?P<radicand>\w+)"
    r"|(?P<name>(?:[^\W\d_]+_\w+|\b[A-Za-z]\b))"
    r"|(?P<minus>-(?=[\d∞]))"
)


def formula_html(text: str) -> str:
    """A formula in symbols: `d_k`, `e^(score_j) / Σ_k e^(score_k)`, `1/√d_k`; ` / ` becomes a stacked fraction."""
    return " = ".join(_side(side) for side in text.split(" = "))


def name_html(name: str) -> str:
    """The name of an axis: `query`, `d_k`, `heads·d_k`."""
    return _symbols(name)


def _side(text: str) -> str:
    above, slash, below = text.partition(" / ")
    if not slash:
        return _symbols(text)
    return f'<span class="fraction"><span>{_symbols(above)}</span>{unseen(slash)}<span>{_symbols(below)}</span></span>'


def _symbols(text: str) -> str:
    html, position = "", 0
    for found in _SYMBOL.finditer(text):
        html += escaped(text[position : found.start()]) + _symbol(found)
        position = found.end()
    return html + escaped(text[position:])


def _symbol(found: re.Match[str]) -> str:
    if found["exponent"] is not None:
        return f"{unseen('^(')}<sup>{_symbols(found['exponent'])}</sup>{unseen(')')}"
    if found["radicand"] is not None:
        return f'<span class="root">√<span>{_symbols(found["radicand"])}</span></span>'
    if found["minus"] is not None:
        return MINUS
    stem, _, subscript = found["name"].partition("_")
    return _letter(stem) + (f"{unseen('_')}<sub>{_letter(subscript)}</sub>" if subscript else "")


def _letter(name: str) -> str:
    """A single letter is a variable, set in italics; a word stays upright."""
    return f"<var>{escaped(name)}</var>" if len(name) == 1 else escaped(name)
