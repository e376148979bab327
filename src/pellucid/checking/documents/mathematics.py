"""LaTeX mathematics as people write it in a line: `\\frac{1}{\\sqrt{3}}` becomes `1/√3`, `2 \\cdot x` `2 · x`."""

from __future__ import annotations

import re

from pellucid.checking.documents.mathematics_commands import (
    DROPPED,
    GOES_ON,
    LETTERS,
    OPERATORS,
    REPEATING,
    SIGNS,
    SILENT,
    SYMBOLS,
)
from pellucid.checking.documents.mathematics_environments import write_delimiter, write_environment
from pellucid.checking.documents.mathematics_fractions import (
    drop_script,
    write_fraction,
    write_script,
    write_square_root,
)
from pellucid.checking.documents.mathematics_tokens import TOKEN, TokenReader
from pellucid.checking.mapped_text import MappedText

_MOST_BRACES = 200
"""More of them in a row are no formula."""

_SPECIAL = re.compile(r"[\\{}_^&~$\n]")
_STARRED = re.compile(r"\*?[ \t]*")
_BOLD_LETTER = re.compile(r"[ \t]*(?:\{[ \t]*([RNZQCE])[ \t]*\}|([RNZQCE])(?![A-Za-z]))")
_ASSIGNED = re.compile(r"[ \t]*=?[ \t]*-?[\d.]+[ \t]*(?:ex|em|pt|mm|cm|in|mu)\b(?:[ \t]*(?:plus|minus)[ \t]*\w+)*")
_LENGTHS = frozenset(
    {"lineskip", "parindent", "parskip", "baselineskip", "hskip", "vskip", "kern", "mkern", "tabcolsep"}
)
_DIGITS = re.compile(r"[ \t]*(?:\{[ \t]*(\d{1,40})[ \t]*\}|(\d))")
_FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac", "sfrac", "nicefrac"})


def in_a_line(mapped: MappedText, *, prose: bool = False) -> MappedText:
    """Mathematics, without its delimiters, written in a line.

    Args:
        mapped: what stands in the source.
        prose: whether it is text with mathematics in `$…$`, where an unknown command changes only how it looks.
    """
    if not mapped.text or "{" * _MOST_BRACES in mapped.text:
        return mapped
    if not _SPECIAL.search(mapped.text):
        return mapped
    return _Formula(mapped, prose).whole()


class _Formula(TokenReader):
    """One formula being written: what each token and each command becomes."""

    def whole(self) -> MappedText:
        self.until(len(self.text))
        return self.written()

    def step(self) -> None:
        start = self.position
        found = TOKEN.match(self.text, start)
        assert found
        self.position = found.end()
        match found.lastgroup:
            case "plain":
                self.plain(found.group(), start)
            case "name":
                self.command(found["name"], start)
            case "script":
                write_script(self, found["script"], start)
            case "brace":
                if found.group() == "{":
                    self.group(start)
            case "begin":
                write_environment(self, found["begin"], start)
            case "row":
                self.cell = min(self.cell, 0)
                self.new_line(start)
            case "sign":
                self.put(SIGNS.get(found["sign"], found["sign"]), start, found.end())
            case "cell" if self.cell >= 0:
                self.cell += 1
                if self.cell % 2:
                    self.put(" ", start, found.end())
                else:
                    self.new_line(start)
            case "cell" | "tie":
                self.put(" ", start, found.end())
            case "dollar":
                self.is_formula = not self.is_formula or not self.prose
                self.out.append(("", start, found.end(), False))
            case "rest":
                self.out.append((found.group(), start, found.end(), True))

    def command(self, name: str, start: int) -> None:
        if name in _FRACTIONS:
            following = self.text[self.position : self.position + 1]
            if following and (following != "{" or self.position in self.closing):
                write_fraction(self)
        elif name in SYMBOLS and SYMBOLS[name] == "\n":
            self.cell = min(self.cell, 0)
            self.new_line(start)
        elif name in SYMBOLS:
            if name in GOES_ON and self.follows_decimal(blank=True):
                self.trim_end()  # 0.66 \dots
            self.put(SYMBOLS[name], start, self.position)
        elif name == "sqrt":
            write_square_root(self, start)
        elif name in ("left", "right"):
            write_delimiter(self, name, start)
        elif name in OPERATORS or name.lower() in OPERATORS:
            self.operator(name, start)
        elif name in ("underbrace", "overbrace"):
            self.argument()
            drop_script(self)
        elif name == "mathbb" and (found := _BOLD_LETTER.match(self.text, self.position)):
            self.position = found.end()
            self.put(LETTERS[found[1] or found[2]], start, self.position)
        elif name == "not":
            self.put("≠" if self.text[self.skip_blanks() : self.position + 1] == "=" else "not ", start, self.position)
            self.position += self.text.startswith("=", self.position)
        elif name in _LENGTHS:
            if found := _ASSIGNED.match(self.text, self.position):
                self.position = found.end()
        elif name in DROPPED:
            self.skip_star()
            for _ in range(DROPPED[name]):
                self.skip_argument()
            self.skip_option()
        elif name in REPEATING and (digits := _DIGITS.match(self.text, self.position)) and self.follows_decimal():
            self.position = digits.end()
            self.put("".join(f"{digit}\u0305" for digit in digits[1] or digits[2]), start, self.position)
        elif name in SILENT:
            self.skip_star()
        else:
            self.unknown(name, start)

    def operator(self, name: str, start: int) -> None:
        self.put(name, start, self.position)
        following = self.text[self.position : self.position + 6]
        if following.lstrip().startswith(("{", "\\frac", "\\dfrac", "\\tfrac")):
            self.bracketed(always=True)

    def skip_star(self) -> None:
        found = _STARRED.match(self.text, self.position)
        if found and found.end() in self.closing:
            self.position = found.end()

    def unknown(self, name: str, start: int) -> None:
        """An unknown command changes how its arguments look; without any it is the name of something."""
        self.skip_star()
        following = self.text[self.position : self.position + 1]
        if following == "[" and not self.is_formula:
            self.skip_option()
        elif following != "{" and self.is_formula:
            self.put(name, start, self.position)
