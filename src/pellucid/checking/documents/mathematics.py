"""LaTeX mathematics as people write it in a line: `\\frac{1}{\\sqrt{3}}` becomes `1/√3`, a matrix `[[1, 2], [3, 4]]`.

One pass, in time linear in the length: pairs of braces are found beforehand, and brackets whose need is known only
after what they enclose has been read are left as gaps in the output and filled then.
"""

from __future__ import annotations

import re

from pellucid.checking.documents.mathematics_commands import (
    DROPPED,
    GOES_ON,
    LETTERS,
    MATRICES,
    OPERATORS,
    REPEATING,
    SIGNS,
    SILENT,
    SYMBOLS,
)
from pellucid.checking.documents.mathematics_line import Line
from pellucid.checking.mapped_text import MappedText

_MOST_DEPTH = 40
_MOST_PIECES_OF_NUMBER = 4
_MOST_BRACES = 200
"""More of them in a row are no formula."""

_SPECIAL = re.compile(r"[\\{}_^&~$\n]")
_ENVIRONMENT = r"\\(?:begin|end)[ \t]*\{[A-Za-z]+\*?\}"
_PAIRS = re.compile(_ENVIRONMENT + r"|\\.|[{}]", re.DOTALL)
_TOKEN = re.compile(
    r"\\begin[ \t]*\{(?P<begin>[A-Za-z]+)\*?\}"
    r"|(?P<end>\\end[ \t]*\{[A-Za-z]+\*?\})"
    r"|\\(?P<name>[A-Za-z]+)"
    r"|(?P<row>\\\\\*?(?:[ \t]*\[[^\]\n{}\\]{0,20}\])?)"
    r"|\\(?P<sign>.)"
    r"|(?P<brace>[{}])"
    r"|(?P<script>[_^])\s*"
    r"|(?P<cell>&)|(?P<tie>~)|(?P<dollar>\$+)"
    r"|(?P<plain>[^\\{}_^&~$]+)"
    r"|(?P<rest>.)",
    re.DOTALL,
)
_INDEX = re.compile(r"[\w.′*]+")
_LINE_END = re.compile(r"[ \t\r]*+\n\s*")
_BLANK = re.compile(r"\s*")
_OPTION = re.compile(r"[ \t]*\[[^\]\n{}\\]{0,60}\]")
_PLACEMENT = re.compile(r"[ \t]*\[[A-Za-z]?\]")
_STARRED = re.compile(r"\*?[ \t]*")
_DELIMITER = re.compile(r"[ \t]*(?:\\[{}|]|\\[A-Za-z]+|[^\s\\{}])")
_MATRIX_NEXT = re.compile(r"\s*\\begin[ \t]*\{(?:" + "|".join(sorted(MATRICES)) + r")\*?\}")
_RIGHT = re.compile(r"\s*\\right[ \t]*(?:\\[{}|]|\\[A-Za-z]+|[^\s\\{}])")
_BOLD_LETTER = re.compile(r"[ \t]*(?:\{[ \t]*([RNZQCE])[ \t]*\}|([RNZQCE])(?![A-Za-z]))")
_ASSIGNED = re.compile(r"[ \t]*=?[ \t]*-?[\d.]+[ \t]*(?:ex|em|pt|mm|cm|in|mu)\b(?:[ \t]*(?:plus|minus)[ \t]*\w+)*")
_LENGTHS = frozenset(
    {"lineskip", "parindent", "parskip", "baselineskip", "hskip", "vskip", "kern", "mkern", "tabcolsep"}
)
_DIGITS = re.compile(r"[ \t]*(?:\{[ \t]*(\d{1,40})[ \t]*\}|(\d))")
_SQUARE_ROOT_INDEX = re.compile(r"[ \t]*\[([^\]\n{}\\]{1,20})\]")
_FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac", "sfrac", "nicefrac"})
_LAYOUTS_WITH_COLUMNS = frozenset({"array", "alignedat", "alignat", "xalignat", "tabular", "IEEEeqnarray"})
_ALIGNED = frozenset({"align", "aligned", "alignat", "alignedat", "xalignat", "flalign"})
"""Environments in whose rows several equations may stand side by side: a &= b & c &= d."""

_NUMBER_END = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)[ \t]+\Z")


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


class _Formula(Line):
    """One formula being written."""

    def __init__(self, mapped: MappedText, prose: bool) -> None:
        super().__init__(mapped)
        self.prose = prose
        self.is_formula = not prose
        self.depth = 0
        self.cell = -1  # which cell of a row is being read, where a row has pairs of them; else −1
        self.closing = self.pairs()
        self.passed_over: set[int] = set()  # where a closing bracket stands whose opening one was left out

    def pairs(self) -> dict[int, int]:
        """Where what opens at a position closes: braces and environments."""
        closing: dict[int, int] = {}
        stack: list[tuple[int, bool]] = []
        environments = 0
        for found in _PAIRS.finditer(self.text):
            written = found.group()
            if written == "{":
                stack.append((found.start(), False))
            elif written == "}":
                if stack and not stack[-1][1]:
                    closing[stack.pop()[0]] = found.start()
            elif written.startswith("\\begin") and len(written) > 2:
                stack.append((found.start(), True))
                environments += 1
            elif written.startswith("\\end") and len(written) > 2 and environments:
                while not stack[-1][1]:
                    stack.pop()
                closing[stack.pop()[0]] = found.start()
                environments -= 1
        return closing

    def whole(self) -> MappedText:
        self.until(len(self.text))
        return self.written()

    def new_line(self, start: int) -> None:
        if self.is_formula:
            self.skip_blanks()
        self.put("\n", start, self.position)

    def plain(self, text: str, start: int) -> None:
        if self.passed_over and (bracket := start + len(text) - len(text.lstrip())) in self.passed_over:
            start, text = bracket + 1, self.text[bracket + 1 : start + len(text)]
        if not self.is_formula or "\n" not in text:
            self.out.append((text, start, start + len(text), True))
            return
        position = start
        for found in _LINE_END.finditer(self.text, start, start + len(text)):  # which is a blank to TeX
            self.out.append((self.text[position : found.start()], position, found.start(), True))
            self.put(" ", *found.span())
            position = found.end()
        self.out.append((self.text[position : start + len(text)], position, start + len(text), True))

    def until(self, end: int) -> None:
        while self.position < end:
            self.step()
        self.position = end

    def step(self) -> None:
        """Reads one token, and what belongs to it."""
        start = self.position
        found = _TOKEN.match(self.text, start)
        assert found
        self.position = found.end()
        match found.lastgroup:
            case "plain":
                self.plain(found.group(), start)
            case "name":
                self.command(found["name"], start)
            case "script":
                self.script(found["script"], start)
            case "brace":
                if found.group() == "{":
                    self.group(start)
            case "begin":
                self.environment(found["begin"], start)
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

    # Groups and arguments

    def group(self, start: int) -> None:
        """What stands in braces that open at `start`."""
        close = self.closing.get(start)
        self.position = start + 1
        if close is None:
            return
        if close == start + 2 and self.text[start + 1] in ",.":  # 1{,}234
            self.put(self.text[start + 1], start, close + 1)
        elif self.depth >= _MOST_DEPTH:
            self.out.append((self.text[start : close + 1], start, close + 1, True))
        else:
            self.depth += 1
            self.until(close)
            self.depth -= 1
        self.position = close + 1

    def argument(self) -> None:
        """What TeX takes as the argument of a command: a group, a command or one character."""
        start = self.skip_blanks()
        if start >= len(self.text) or self.depth >= _MOST_DEPTH:
            return
        if self.text[start] == "{":
            self.group(start)
        elif self.text[start] == "\\":
            self.depth += 1
            self.step()
            self.depth -= 1
        elif self.text[start] not in "}&$":
            self.out.append((self.text[start], start, start + 1, True))
            self.position = start + 1

    def skip_blanks(self) -> int:
        found = _BLANK.match(self.text, self.position)
        assert found
        self.position = found.end()
        return self.position

    def skip_option(self) -> None:
        if found := _OPTION.match(self.text, self.position):
            self.position = found.end()

    def skip_argument(self) -> None:
        """Passes over an argument, and over what stands in square brackets before it."""
        self.skip_option()
        found = _BLANK.match(self.text, self.position)
        assert found
        close = self.closing.get(found.end())
        if close is not None:
            self.position = close + 1

    # Brackets that may turn out to be superfluous

    def is_followed_by_factor(self) -> bool:
        return self.position < len(self.text) and (
            self.text[self.position].isalnum() or self.text[self.position] in "_("
        )

    # Commands

    def command(self, name: str, start: int) -> None:
        if name in _FRACTIONS:
            following = self.text[self.position : self.position + 1]
            if following and (following != "{" or self.position in self.closing):
                self.fraction()
        elif name in SYMBOLS and SYMBOLS[name] == "\n":
            self.new_line(start)
        elif name in SYMBOLS:
            if name in GOES_ON and self.follows_decimal(blank=True):
                self.trim_end()  # 0.66 \dots
            self.put(SYMBOLS[name], start, self.position)
        elif name == "sqrt":
            self.square_root(start)
        elif name in ("left", "right"):
            self.delimiter(name, start)
        elif name in OPERATORS or name.lower() in OPERATORS:
            self.operator(name, start)
        elif name in ("underbrace", "overbrace"):
            self.argument()
            self.drop_script()
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

    def fraction(self) -> None:
        is_tight = self.follows_factor()
        gaps = [self.gap()]
        self.argument()
        self.trim(gaps[0] + 1)
        gaps.append(self.gap())
        middle = self.gap()
        self.fill(middle, "/")
        gaps.append(self.gap())
        self.argument()
        self.trim(gaps[2] + 1)
        gaps.append(self.gap())
        is_tight = is_tight or self.is_followed_by_factor()
        if is_tight or not self.is_atom(gaps[0] + 1, gaps[1]):
            self.fill(gaps[0], "(")
            self.fill(gaps[1], ")")
        if is_tight or not self.is_atom(gaps[2] + 1, gaps[3]):
            self.fill(gaps[2], "(")
            self.fill(gaps[3], ")")

    def square_root(self, start: int) -> None:
        degree = _SQUARE_ROOT_INDEX.match(self.text, self.position)
        if degree:
            self.position = degree.end()
        else:
            self.put("√", start, self.position)
        is_bracketed, opening = self.bracketed()
        if degree:
            if not is_bracketed:
                self.fill(opening, "(")
                self.fill(len(self.out) - 1, ")")
            self.put(f"^(1/{degree[1].strip()})", degree.start(), degree.end())

    def bracketed(self, *, always: bool = False) -> tuple[bool, int]:
        """An argument in brackets, if it is not one number or name; whether it has them, and where they open."""
        opening = self.gap()
        self.argument()
        self.trim(opening + 1)
        closing = self.gap()
        if always or self.is_followed_by_factor() or not self.is_atom(opening + 1, closing):
            self.fill(opening, "(")
            self.fill(closing, ")")
            return True, opening
        return False, opening

    def operator(self, name: str, start: int) -> None:
        self.put(name, start, self.position)
        following = self.text[self.position : self.position + 6]
        if following.lstrip().startswith(("{", "\\frac", "\\dfrac", "\\tfrac")):
            self.bracketed(always=True)

    def delimiter(self, name: str, start: int) -> None:
        """A bracket that grows; around a matrix, which has its own in a line, it is left out."""
        found = _DELIMITER.match(self.text, self.position)
        if not found:
            return
        if (name == "right" and start in self.passed_over) or found.group().strip() == ".":
            self.position = found.end()
        elif name == "left" and (matrix := _MATRIX_NEXT.match(self.text, found.end())):
            end = self.closing.get(matrix.end() - len(matrix.group().lstrip()))
            closed = end is not None and (right := self.right_after(end))
            if closed:
                self.position = found.end()
                self.passed_over.add(right)

    def right_after(self, end: int) -> int:
        """Where the \\right after the \\end at `end` stands; 0 if there is none."""
        close = self.text.find("}", end) + 1
        found = _RIGHT.match(self.text, close)
        return found.end() - len(found.group().lstrip()) if found else 0

    # Indices and exponents

    def script(self, sign: str, start: int) -> None:
        sign_end = start + 1
        if self.is_formula:
            self.trim_end()
        self.put_verbatim(start, sign_end)
        following = self.text[self.position : self.position + 1]
        if not following or following not in "{\\" or (following == "{" and self.position not in self.closing):
            return
        if sign == "^":
            self.bracketed()
            return
        opening = self.gap()
        self.argument()
        self.trim(opening + 1)
        closing = self.gap()
        text = self.read(opening + 1, closing)
        if self.is_followed_by_factor() and not self.text.startswith("(", self.position):
            text = None
        if text is None or not _INDEX.fullmatch(text):
            self.fill(opening, "{")
            self.fill(closing, "}")

    def drop_script(self) -> None:
        """Passes over what is printed under or over a brace."""
        if self.text[self.skip_blanks() : self.position + 1] in ("_", "^"):
            self.position += 1
            size = len(self.out)
            self.argument()
            del self.out[size:]

    # Environments

    def environment(self, name: str, start: int) -> None:
        end = self.closing.get(start)
        if end is None:
            return
        if name in _LAYOUTS_WITH_COLUMNS:
            self.skip_argument()
        elif placement := _PLACEMENT.match(self.text, self.position):
            self.position = placement.end()
        if self.depth >= _MOST_DEPTH:
            self.put_verbatim(self.position, end)
            self.position = end
            return
        self.depth += 1
        is_layout = name == "array" and "=" in self.text[self.position : end]
        if name in MATRICES and not is_layout:
            self.matrix(start, end)
        else:
            cell, self.cell = self.cell, 0 if name in _ALIGNED else -1
            self.until(end)
            self.cell = cell
        self.depth -= 1

    def matrix(self, start: int, end: int) -> None:
        self.drop_bracket(end)
        if self.is_formula and _NUMBER_END.search("".join(piece[0] for piece in self.out[-_MOST_PIECES_OF_NUMBER:])):
            self.trim_end()  # 0.4 \\begin{bmatrix}: a factor, which stands right before what it multiplies
        self.put("[[", start, self.position)
        row = cell = len(self.out)
        opened = -1  # where the row that is being read was opened
        while self.position < end:
            found = _TOKEN.match(self.text, self.position)
            assert found
            is_row = found.lastgroup == "row" or (
                found.lastgroup == "name" and found["name"] in ("cr", "tabularnewline")
            )
            if not is_row and found.lastgroup != "cell":
                self.step()
                continue
            self.trim(cell)
            self.position = found.end()
            if is_row:
                opened = len(self.out)
            self.put("], [" if is_row else ", ", found.start(), found.end())
            cell = len(self.out)
            row = cell if is_row else row
        self.trim(cell)
        if opened >= 0 and not any(piece[0] for piece in self.out[row:]):  # the last row may end like the others
            del self.out[opened:]
        self.put("]]", end, end + 1)
        self.position = end

    def drop_bracket(self, end: int) -> None:
        """Takes away plain brackets around a matrix, as in ( \\begin{matrix} … \\end{matrix} )."""
        if not self.out or not self.out[-1][3] or not self.out[-1][0].rstrip().endswith(("[", "(")):
            return
        close = self.text.find("}", end) + 1
        found = _BLANK.match(self.text, close)
        if found and self.text[found.end() : found.end() + 1] in ("]", ")"):
            text, start, _, _ = self.out[-1]
            kept = text.rstrip()[:-1]
            self.out[-1] = (kept, start, start + len(kept), True)
            self.passed_over.add(found.end())
