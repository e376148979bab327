"""How a number is written in its file, so that the right one can be written like it.

Signs, marks and groups of digits have many spellings: −0.5, 0,5, 12 000, 3\\,000, 43.3\\%, 1.3e-1. What is none of
them, such as a number with markup inside, cannot be replaced without breaking the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from html import unescape

from pellucid.checking.mapped_text import Span
from pellucid.checking.repeating import is_repeating
from pellucid.checking.source import Source
from pellucid.numbers import round_places

_UNIT = re.compile(
    r"&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});"
    r"|\\u[0-9a-fA-F]{4}"  # in the JSON of a notebook, where a backslash is doubled too
    r"|\\{1,2}(?P<command>[,;:!> %]|[lc]?dots(?![A-Za-z]))"
    r"|\{(?P<braced>[.,])\}"
    r"|.",
    re.DOTALL,
)
_SEPARATORS = r".,'’ \u00a0\u2009\u202f"
_NUMBER = re.compile(
    rf"(?P<sign>[-+−–][ \u00a0\u2009\u202f]*)?"
    rf"(?P<digits>(?:\d+(?:[{_SEPARATORS}]\d+)*[.,]?|[.,]\d+))"
    rf"(?P<exponent>[eE][-+−]?\d+)?"
    rf"(?P<ending>(?:[ \t]*(?:…|\.\.\.))?(?:[ \u00a0\u2009\u202f]*%)?)"
)
_INFINITE = re.compile(r"[-+−–]?\s*(?:inf|Inf|infinity|Infinity|∞|\\{1,2}infty)")
_MOST_LENGTH = 2_000
_GROUP = 3


def is_plain_number(written: str) -> bool:
    """Whether a stretch of a file is a number and nothing else, so that another can stand in its place."""
    return _read(written) is not None or _INFINITE.fullmatch(written) is not None


def number_as_written(source: Source | None, span: Span | None, read: str) -> str:
    """A number as it stands in its file; as it was read, where that is unknown or has markup inside.

    Args:
        source: the file.
        span: where the number stands in it.
        read: what was read there.
    """
    written = "" if source is None or span is None else source.text[span.start : span.end]
    return written if is_plain_number(written) or is_repeating(written) else read


def _units(written: str) -> Iterator[tuple[str, str]]:
    """Each sign as it is written, and what it stands for."""
    for found in _UNIT.finditer(written):
        unit = found.group()
        if found["command"]:
            yield unit, "%" if found["command"] == "%" else "…" if "dots" in unit else " "
        elif found["braced"]:
            yield unit, found["braced"]
        elif unit.startswith("&") and len(unit) > 1:
            yield unit, unescape(unit)
        elif unit.startswith("\\u"):
            yield unit, chr(int(unit[2:], 16))
        else:
            yield unit, " " if unit == "~" else unit


def _read(written: str) -> tuple[list[str], re.Match[str]] | None:
    """The signs as they are written, and the number that they say, sign for sign."""
    if len(written) > _MOST_LENGTH:
        return None
    units = list(_units(written))
    if any(len(meant) != 1 for _, meant in units):
        return None  # a name that begins like an entity
    found = _NUMBER.fullmatch("".join(meant for _, meant in units))
    return None if found is None else ([unit for unit, _ in units], found)


@dataclass(frozen=True)
class NumberStyle:
    """How a number is written.

    Args:
        sign: before it; empty where it has none.
        separator: between groups of digits; empty where there are none.
        point: the decimal mark; empty where it has none.
        places: how many digits stand behind the mark.
        exponent: `e-01`; empty where it has none.
        ending: what stands behind it: an ellipsis, a percent sign with the blanks before.
        normalised: whether one digit other than 0 stands before the mark.
    """

    sign: str
    separator: str
    point: str
    places: int
    exponent: str
    ending: str
    normalised: bool

    @classmethod
    def of(cls, written: str, read: str) -> NumberStyle | None:
        """The style of a written number; `None` where it is no plain number or another than was read.

        Args:
            written: as it stands in the file.
            read: the same with a decimal point, as it was understood.
        """
        found = _read(written)
        if found is None:
            return None
        units, match = found
        start, end = match.span("digits")
        mantissa = re.split(r"[eE%…]|\.\.\.", read)[0]
        whole, _, fraction = mantissa.partition(".")
        digits = [place for place in range(start, end) if match.string[place].isdigit()]
        if "".join(match.string[place] for place in digits) != re.sub(r"\D", "", mantissa):
            return None
        marks = [place for place in range(start, end) if place not in digits]
        has_point = "." in mantissa and bool(marks)
        if has_point and sum(place > marks[-1] for place in digits) != len(fraction):
            return None
        return cls(
            "".join(units[slice(*match.span("sign"))]) if match["sign"] else "",
            units[marks[0]] if len(marks) > has_point else "",
            units[marks[-1]] if has_point else "",
            len(fraction),
            "".join(units[slice(*match.span("exponent"))]) if match["exponent"] else "",
            "".join(units[slice(*match.span("ending"))]),
            re.fullmatch("[1-9]", whole.lstrip("-−–+ ")) is not None,
        )

    def write(self, number: Decimal, places: int, least: int) -> str:
        """A number in this style.

        Args:
            number: in the unit of what is written: of 16%, 16.
            places: how many digits behind the mark.
            least: how many of these are kept although they are zeros.
        """
        text = f"{round_places(number, places):.{places}f}"
        whole, _, fraction = text.lstrip("-").partition(".")
        fraction = fraction[:least] + fraction[least:].rstrip("0")
        if self.separator:
            first = len(whole) % _GROUP or _GROUP
            groups = [whole[:first], *(whole[place : place + _GROUP] for place in range(first, len(whole), _GROUP))]
            whole = self.separator.join(groups)
        point = (self.point or ".") if fraction else (self.point if self.places == 0 else "")
        sign = self._sign(is_negative=text.startswith("-") and text.strip("-0.") != "")
        return f"{sign}{whole}{point}{fraction}{self.ending}"

    def write_scaled(self, number: Decimal) -> str:
        """A number with an exponent, with as many digits behind the mark as this style has."""
        power = int(self.exponent[1:].replace("−", "-"))
        if self.normalised and number:
            power = number.adjusted()
            if round_places(abs(number).scaleb(-power), self.places) >= 10:
                power += 1
        return self.write(number.scaleb(-power), self.places, self.places) + self._power(power)

    def _power(self, power: int) -> str:
        written = self.exponent[1:]
        is_signed = not written[0].isdigit()
        digits = written[is_signed:]
        width = len(digits) if is_signed or digits.startswith("0") else 1
        minus = written[0] if written[0] in "-−" else "-"
        is_padded = is_signed and len(digits) > 1
        plus = "+" if written[0] == "+" or is_padded else ""
        return f"{self.exponent[0]}{minus if power < 0 else plus}{str(abs(power)).zfill(width)}"

    def _sign(self, *, is_negative: bool) -> str:
        if is_negative:
            return self.sign if self.sign and self.sign[0] != "+" else "-"
        return self.sign if self.sign.startswith("+") else ""
