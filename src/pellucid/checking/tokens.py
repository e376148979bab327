"""From text to tokens: numbers, words, signs and brackets, each with its place."""

from __future__ import annotations

import re
from bisect import bisect_left
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from pellucid.checking.printed import Printed
from pellucid.checking.repeating import is_repeating, read_repeating

NUMBER, WORD, SIGN, RELATION, OPEN, CLOSE, COMMA, LINE, OTHER = range(9)

_REPEATS = r"\d+\.(?:\d*?(?:\d[\u0304\u0305])+|\(\d{1,30}\))"
"""0.16̅ and 0.(3): decimals that are repeated without end."""
_TOKEN = re.compile(
    r"[ \t\r\u00a0\u2009\u202f]*(?:(?P<times>(?<=\d)[xX](?=[\d(])|(?<=[\d)] )[xX](?= [\d(]))"
    r"|(?P<word>[^\W\d_](?:\w|\.(?=[^\W\d_])|_(?=\{))*(?:\{[^{}\n]{1,40}\})?[′'*]?(?=\W|$)|[^\W\d_](?:\w)*|_\w+)"
    r"|(?P<number>" + _REPEATS + r"|\d+\.\d+(?:…|\.\.\.)(?!\.\.|…|\s*\d)"
    r"|(?:\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d{1,3}(?:'\d{3})+(?![\d'])(?:\.\d+)?|\d+(?:\.\d*)?"
    r"|(?<![\w)\]}.])\.\d+)(?:[eE][-+]?\d{1,4}(?![\w.]))?)"
    r"|(?P<relation>==|:=|~=|=>|->|[=≈≃≅≡→⇒⟹≐])"
    r"|(?P<sign>\*\*|[-+*/^×·⋅∙•∗÷−–√%@∞⊙])"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>[,;|])|(?P<line>\n)|(?P<other>[^ \t\r\u00a0\u2009\u202f]))"
)
_KINDS = {
    "number": NUMBER,
    "word": WORD,
    "sign": SIGN,
    "times": SIGN,
    "relation": RELATION,
    "open": OPEN,
    "close": CLOSE,
    "comma": COMMA,
    "line": LINE,
    "other": OTHER,
}
_SAME = {
    "−": "-",
    "–": "-",
    "**": "^",
    "⋅": "·",
    "∙": "·",
    "•": "·",
    "∗": "*",
    "÷": "/",
    "⊙": "*",
}
_ELLIPSES = ("…", "...")
_MOST_DIGITS = 400
_SHORT = 100


_START = attrgetter("start")


class Token(NamedTuple):
    """A token: what kind it is, what it says, and where it stands in its passage."""

    kind: int
    text: str
    start: int
    end: int


def tokens_of(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The tokens of a stretch of text; spaces are left out, ends of lines are kept."""
    found: list[Token] = []
    append, make, same, kinds = found.append, tuple.__new__, _SAME, _KINDS  # the tuple itself: there may be millions
    lists = 0  # how many square brackets are open: in a list a comma separates, it does not group thousands
    for match in _TOKEN.finditer(text, start, len(text) if end is None else end):
        group = match.lastgroup
        assert group is not None
        written = match[group]
        first, last = match.span(group)
        kind = kinds[group]
        if kind == NUMBER:
            if lists and "," in written:
                for piece in re.split("(,)", written):
                    append(Token(COMMA if piece == "," else NUMBER, piece, first, first + len(piece)))
                    first += len(piece)
                continue
        elif kind == OPEN:
            lists += written == "["
        elif kind == CLOSE:
            lists = max(0, lists - (written == "]"))
        elif kind == SIGN:
            written = "×" if group == "times" else same.get(written, written)
        append(make(Token, (kind, written, first, last)))
    return found


def tokens_between(text: str, start: int, end: int) -> list[Token]:
    """The tokens of a text that begin from `start` up to, but not including, `end`.

    The whole text is read, once for all who ask for parts of it one after the other.
    """
    tokens = _last_tokens(text)
    low = bisect_left(tokens, start, key=_START)
    return tokens[low : bisect_left(tokens, end, lo=low, key=_START)]


@lru_cache(maxsize=1)
def _last_tokens(text: str) -> list[Token]:
    return tokens_of(text)


@lru_cache(maxsize=50_000)
def plain_decimal(text: str) -> tuple[Decimal, str, int] | None:
    """The value, text and places of digits with at most a point between them; `None` of what has more to it."""
    whole, point, fraction = text.partition(".")
    if len(text) >= _SHORT or not text.isascii() or not whole.isdecimal() or (point and not fraction.isdecimal()):
        return None
    return Decimal(text), text, len(fraction)


def number_of(token: Token, *, percent: Token | None = None, program: bool = False) -> Printed | None:
    """The number that a token says; `None` where it is out of reach.

    Args:
        token: of kind NUMBER.
        percent: the percent sign that follows it.
        program: whether a program printed it.
    """
    if percent is None and (plain := plain_decimal(token.text)) is not None:
        return Printed(*plain, token.start, token.end, program)
    if is_repeating(token.text):
        read = None if percent else read_repeating(token.text)
        return None if read is None else Printed(read[0], token.text, read[1], token.start, token.end)
    ending = next((ending for ending in _ELLIPSES if token.text.endswith(ending)), "")
    text = token.text.removesuffix(ending).replace(",", "").replace("'", "")
    if len(text) > _MOST_DIGITS:
        return None
    if text.endswith(".") and not program:
        text = text[:-1]  # the full stop of a sentence
    value = Decimal(text)
    if len(text) < _SHORT and text.isascii() and "e" not in text and "E" not in text:
        point = text.find(".")
        places = 0 if point < 0 else len(text) - point - 1
    else:
        if value and abs(value.adjusted()) > 300:
            return None
        exponent = value.as_tuple().exponent
        assert isinstance(exponent, int)
        places = -exponent
    written = token.text if ending or program else token.text.removesuffix(".")
    if percent:
        text = f"{written if ending else written.removesuffix('.')}%"
        return Printed(value.scaleb(-2), text, places + 2, token.start, percent.end)
    return Printed(value, written, places, token.start, token.start + len(written), program)
