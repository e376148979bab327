"""Programs: their comments and docstrings as text, their statements with these blanked out.

A scanner for comments and strings, which reads broken code as well as any.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import PurePath

from pellucid.checking.mapped_text import Builder, MappedText
from pellucid.checking.passages import Part, Passage
from pellucid.checking.source import Source

_LANGUAGES = {
    "python": "py py3 python3 pyi pycon python-console ipython ipython3 sage", "c": "h", "cpp": "c++ cc cxx hpp",
    "cuda": "cu cuh", "rust": "rs", "javascript": "js jsx mjs", "typescript": "ts tsx", "java": "", "go": "golang",
    "csharp": "cs c#", "swift": "", "kotlin": "kt", "scala": "", "julia": "jl", "r": "", "matlab": "m octave",
    "bash": "sh shell zsh", "ruby": "rb", "json": "", "yaml": "yml", "toml": "", "perl": "pl", "php": "", "lua": "",
    "haskell": "hs", "sql": "", "fortran": "f90", "latex": "tex", "html": "xml", "zig": "", "dart": "", "mojo": "",
}  # fmt: skip
_NAMES = {alias: name for name, aliases in _LANGUAGES.items() for alias in (name, *aliases.split())}
_SLASHED = frozenset(
    [
        "c",
        "cpp",
        "cuda",
        "rust",
        "javascript",
        "typescript",
        "java",
        "go",
        "csharp",
        "swift",
        "kotlin",
        "scala",
        "php",
        "zig",
        "dart",
    ]
)
_HASHED = frozenset(["python", "julia", "r", "bash", "ruby", "yaml", "toml", "perl", "mojo"])
_SIGNS = {"matlab": "%", "latex": "%", "lua": "--", "haskell": "--", "sql": "--", "fortran": "!"}

_TRIPLE = r'[rRbBuUfF]{0,2}(?:"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)|' r"'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z))"
_LINE_STRING = r'"(?:[^"\\\n]|\\.)*+"?|' r"'(?:[^'\\\n]|\\.)*+'?"
_BRACKETS = r"(?P<open>[(\[{]+)|(?P<close>[)\]}]+)"
_SCANNERS = {
    "hash": re.compile(
        rf"(?P<comment>\#[^\n]*)|(?P<string>{_TRIPLE}|[rRbBuUfF]{{0,2}}(?:{_LINE_STRING}))|{_BRACKETS}", re.DOTALL
    ),
    "slash": re.compile(
        rf"(?P<comment>//[^\n]*)|(?P<block>/\*)|(?P<string>`(?:[^`\\]|\\.)*+`?|{_LINE_STRING})|{_BRACKETS}", re.DOTALL
    ),
    "rust": re.compile(
        r"(?P<comment>//[^\n]*)|(?P<block>/\*)"
        rf"|(?P<string>\"(?:[^\"\\]|\\.)*+\"?|'(?:\\[^\n]{{1,8}}?|[^'\\\n])')|{_BRACKETS}",
        re.DOTALL,
    ),
    "%": re.compile(rf"(?P<comment>%[^\n]*)|{_BRACKETS}"),
    "--": re.compile(rf"(?P<comment>--[^\n]*)|(?P<string>{_LINE_STRING})|{_BRACKETS}"),
    "!": re.compile(rf"(?P<comment>![^\n]*)|(?P<string>{_LINE_STRING})|{_BRACKETS}"),
    "none": re.compile(rf"(?P<string>{_LINE_STRING})|{_BRACKETS}"),
}
_NESTED_BLOCK = re.compile(r"/\*|\*/")
_MARKER = re.compile(r"[ \t]*(?:#+!?:?|//[/!]*|%+|--+|!)[ \t]?")
_STAR = re.compile(r"^[ \t]*\*(?:[ \t]|(?=\r?$))", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n(?:[ \t\r]*\n)+")
_BLANK_START = re.compile(r"(?:[ \t\r]*+\n)*")
_NOT_LINE_END = re.compile(r"[^\r\n]+")
_QUOTES = re.compile(r"""[rRbBuUfF]{0,2}("{3}|'{3}|["'])""")
_PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.)(?: |(?=\r?$))|[ \t]*In \[\d+\]: ?")


def language_of(info: str) -> str:
    """The programming language that the info string of a code block names, in lower case; empty if it is none."""
    words = info.strip().strip("{}.").replace(",", " ").replace("}", " ").split()
    return _NAMES.get(words[0].lower().lstrip("."), "") if words else ""


def read(source: Source) -> list[Part]:
    """The comments and the statements of a program."""
    language = language_of(PurePath(source.name).suffix.lstrip(".")) or "c"
    return read_code(MappedText.whole(source.text), language)


def read_code(mapped: MappedText, language: str) -> list[Part]:
    """The comments and the statements of a program in a language, or of a session with its prompts."""
    if language in ("python", "julia", "r") and _PROMPT.match(mapped.text.lstrip("\r\n")):
        return [passage for _, passage in _session(mapped, 0, len(mapped), language)]
    found = _Scan(mapped, language)
    return [passage for _, passage in sorted((*found.comments(), *found.code()), key=lambda entry: entry[0])]


def _style(language: str) -> str:
    if language == "rust":
        return "rust"
    if language in _SLASHED:
        return "slash"
    return "hash" if language in _HASHED else _SIGNS.get(language, "none")


class _Scan:
    """Where the comments, the texts that stand alone and the brackets of a program are."""

    def __init__(self, mapped: MappedText, language: str) -> None:
        self.mapped = mapped
        self.text = mapped.text
        self.language = language
        self.comment_places: list[tuple[int, int, bool]] = []  # start, end, whether alone on its line
        self.documentation: list[tuple[int, int]] = []  # texts in quotation marks, or block comments
        self.inside: list[tuple[int, int]] = []  # between outermost brackets, or in a string of several lines
        self.scan(_SCANNERS[_style(language)])

    def scan(self, scanner: re.Pattern[str]) -> None:
        depth = opened = position = 0
        while found := scanner.search(self.text, position):
            start, position = found.span()
            match found.lastgroup:
                case "comment":
                    self.comment_places.append((start, position, self.begins_line(start)))
                case "block":
                    position = self.block_end(position)
                    self.documentation.append((start, position))
                case "string":
                    if (
                        depth <= 0
                        and self.language in ("python", "mojo", "julia")
                        and self.stands_alone(start, position)
                    ):
                        self.documentation.append((start, position))
                    elif self.text.find("\n", start, position) >= 0:
                        self.inside.append((start, position))
                case "open":
                    opened = start if depth <= 0 else opened
                    depth = max(depth, 0) + position - start
                case "close":
                    depth = max(0, depth - (position - start))
                    if not depth:
                        self.inside.append((opened, position))

    def begins_line(self, start: int) -> bool:
        line = self.text.rfind("\n", max(0, start - 200), start) + 1
        if not line and start > 200:
            return False
        return not self.text[line:start].strip()

    def stands_alone(self, start: int, end: int) -> bool:
        stop = self.text.find("\n", end, end + 200)
        rest = self.text[end : stop if stop >= 0 else min(len(self.text), end + 200)].strip()
        return self.begins_line(start) and (not rest or rest.startswith("#"))

    def block_end(self, position: int) -> int:
        depth = 1
        while found := _NESTED_BLOCK.search(self.text, position):
            position = found.end()
            if found.group() == "*/":
                depth -= 1
            elif self.language == "rust":
                depth += 1
            if not depth:
                return position
        return len(self.text)

    # Comments

    def comments(self) -> Iterator[tuple[int, Passage]]:
        group: list[tuple[int, int]] = []
        for start, end, alone in self.comment_places:
            if group and not (alone and self.is_next_line(group[-1][1], start)):
                yield self.comment(group)
                group = []
            if alone:
                group.append((start, end))
            else:
                yield self.comment([(start, end)])
        if group:
            yield self.comment(group)
        for start, end in self.documentation:
            yield from self.document(start, end)

    def is_next_line(self, end: int, start: int) -> bool:
        between = self.text[end:start] if start - end < 200 else "x"
        return between.count("\n") == 1 and not between.strip()

    def comment(self, lines: list[tuple[int, int]]) -> tuple[int, Passage]:
        builder = Builder(self.mapped)
        for position, (start, end) in enumerate(lines):
            if position:
                builder.keep(self.text.rindex("\n", 0, start), self.text.rindex("\n", 0, start) + 1)
            marker = _MARKER.match(self.text, start, end)
            builder.keep(marker.end() if marker else start, end - self.text[start:end].endswith("\r"))
        return lines[0][0], Passage("comment", builder.build())

    def document(self, start: int, end: int) -> Iterator[tuple[int, Passage]]:
        """A docstring or a block comment; the sessions in it as code and output."""
        quotes = _QUOTES.match(self.text, start, end)
        if quotes:
            closing = len(quotes[1]) if self.text.endswith(quotes[1], quotes.end(), end) else 0
            yield from _session(self.mapped, quotes.end(), max(quotes.end(), end - closing), self.language)
            return
        builder = Builder(self.mapped)
        low, high = start + 2, end - 2 if self.text.endswith("*/", start + 2, end) else end
        while low < high and self.text[low] in "*!":
            low += 1
        position = low
        for star in _STAR.finditer(self.text, low, high):
            builder.keep(position, star.start())
            position = star.end()
        builder.keep(position, high)
        text = builder.build().stripped()
        if text.text:
            yield start, Passage("comment", text)

    # Statements

    def code(self) -> Iterator[tuple[int, Passage]]:
        pieces, position = [], 0
        for start, end in sorted([(start, end) for start, end, _ in self.comment_places] + self.documentation):
            pieces += [self.text[position:start], _NOT_LINE_END.sub(_blanks, self.text[start:end])]
            position = end
        blanked = "".join([*pieces, self.text[position:]])
        start = 0
        starts = [place[0] for place in self.inside]
        for gap in _BLANK_LINES.finditer(self.text):
            index = bisect_right(starts, gap.start()) - 1
            if index < 0 or self.inside[index][1] <= gap.start():
                yield from self.block(blanked, start, gap.start())
                start = gap.end()
        yield from self.block(blanked, start, len(self.text))

    def block(self, blanked: str, start: int, end: int) -> Iterator[tuple[int, Passage]]:
        if text := blanked[start:end].rstrip():
            begin = _BLANK_START.match(text)
            assert begin
            start, text = start + begin.end(), text[begin.end() :]
            runs = self.mapped[start : start + len(text)].runs
            yield start, Passage("code", MappedText(text, runs), self.language)


def _blanks(found: re.Match[str]) -> str:
    return " " * len(found.group())


def _session(mapped: MappedText, start: int, end: int, language: str) -> Iterator[tuple[int, Passage]]:
    """Text with lines after prompts in it, and after them what was printed."""
    builder, kind, begin = Builder(mapped), "comment", start
    position = start
    while position < end:
        stop = mapped.text.find("\n", position, end)
        stop = end if stop < 0 else stop + 1
        line = mapped.text[position:stop]
        prompt = _PROMPT.match(mapped.text, position, stop)
        if prompt:
            following = "code"
        elif kind == "comment" or not line.strip():
            following = "comment"
        else:
            following = "output"
        if following != kind:
            yield from _passage(builder, kind, begin, language)
            builder, kind, begin = Builder(mapped), following, position
        builder.keep(prompt.end() if prompt else position, stop)
        position = stop
    yield from _passage(builder, kind, begin, language)


def _passage(builder: Builder, kind: str, begin: int, language: str) -> Iterator[tuple[int, Passage]]:
    text = builder.build()
    low = len(text.text) - len(text.text.lstrip("\r\n"))
    text = text[low : max(low, len(text.text.rstrip()))]
    if not text.text.strip():
        return
    if kind == "code":
        yield begin, Passage("code", text, language)
    else:
        yield begin, Passage("output" if kind == "output" else "comment", text)
