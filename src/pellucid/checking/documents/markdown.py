"""Markdown: headings, paragraphs, lists, quotations, code, mathematics, tables."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from pellucid.checking.documents.code import language_of, read_code
from pellucid.checking.documents.formulas import passage
from pellucid.checking.documents.lists import introduced, introduction
from pellucid.checking.documents.markdown_inline import passages, plain
from pellucid.checking.documents.mathematics import in_a_line
from pellucid.checking.mapped_text import Builder, MappedText
from pellucid.checking.passages import Kind, Part, Passage, Table
from pellucid.checking.source import Source

_MOST_DEPTH = 12
_MOST_DISPLAY = 100_000

_LINE = re.compile(r"[^\n]*(?:\n|\Z)")
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n")
_FRONT_MATTER_END = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_FENCE = re.compile(r"[ ]{0,3}(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\r\n]*)")
_HEADING = re.compile(r"[ ]{0,3}(#{1,6})(?:[ \t]+|(?=\r?$))", re.MULTILINE)
_HEADING_END = re.compile(r"(?:[ \t]+#+)?[ \t]*\r?$")
_UNDERLINE = re.compile(r"[ ]{0,3}(?:=+|-+)[ \t]*\r?\n?\Z")
_QUOTE = re.compile(r"[ ]{0,3}>[ ]?")
_ITEM = re.compile(
    r"(?P<indent>[ ]{0,3})(?P<bullet>[-*+]|\d{1,9}[.)])(?:(?P<space>[ \t]+)(?=\S)|[ \t]*(?=\r?$))", re.MULTILINE
)
_TASK = re.compile(r"\[[ xX]\][ \t]+")
_INDENTED = re.compile(r"(?: {4}|[ ]{0,3}\t)")
_DELIMITER_ROW = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\r?\n?\Z")
_CELL_END = re.compile(r"\\.|(?P<ticks>`+)|(?P<bar>\|)")
_DEFINITION = re.compile(r"[ ]{0,3}\[(?!\^)([^\]\[\n]{1,200})\]:[ \t]*\S", re.MULTILINE)
_DEFINITION_LINE = re.compile(r"^[ ]{0,3}\[(?!\^)([^\]\[\n]{1,200})\]:[ \t]*\S", re.MULTILINE)
_HTML = re.compile(r"[ ]{0,3}<(table|pre|dl|figure|math|style|script)[\s>]", re.IGNORECASE)
_DISPLAY = re.compile(r"[ \t]*(?P<open>\$\$(?!`)|\\\[|\\begin\{(?P<name>[A-Za-z]+\*?)\})")
_ESCAPED_BAR = re.compile(r"\\\|")
_OUTPUT_WORDS = frozenset({"output", "out", "result", "stdout"})


def read(source: Source) -> list[Part]:
    """The passages and tables of a Markdown file."""
    return read_markdown(MappedText.whole(source.text))


def read_markdown(mapped: MappedText) -> list[Part]:
    """The passages and tables of a text in Markdown."""
    start = 0
    if (opening := _FRONT_MATTER.match(mapped.text)) and (end := _FRONT_MATTER_END.search(mapped.text, opening.end())):
        start = end.end()
    labels = frozenset(label[1].lower().strip() for label in _DEFINITION_LINE.finditer(mapped.text))
    return list(_Blocks(mapped[start : len(mapped)], labels, 0).read())


class _Blocks:
    """The blocks of a text, or of what stands in a list item or a quotation."""

    def __init__(self, mapped: MappedText, labels: frozenset[str], depth: int) -> None:
        self.mapped = mapped
        self.text = mapped.text
        self.labels = labels
        self.depth = depth
        self.lines = [found.span() for found in _LINE.finditer(self.text) if found.group()]
        self.number = 0
        self.unclosed: set[str] = set()  # what is opened somewhere and closed nowhere after it
        self.lead = ""  # the line that introduces a list, where only blank lines follow `lead_end`
        self.lead_end = 0

    def line(self, number: int) -> str:
        start, end = self.lines[number]
        return self.text[start:end]

    def read(self) -> Iterator[Part]:
        while self.number < len(self.lines):
            line = self.line(self.number)
            if not line.strip():
                self.number += 1
                continue
            yield from self.block(line)

    def block(self, line: str) -> Iterator[Part]:
        first = line.lstrip()[0]
        if _INDENTED.match(line):
            return self.indented()
        if first in "`~" and (fence := _FENCE.match(line)) and not (first == "`" and "`" in fence["info"]):
            return self.fenced(fence)
        if first == "#" and (heading := _HEADING.match(line)):
            return self.heading(heading)
        if first in "-*_" and _is_rule(line):
            self.number += 1
            return iter(())
        if first == ">" and self.depth < _MOST_DEPTH:
            return self.quotation()
        if (first in "-*+" or first.isdigit()) and self.depth < _MOST_DEPTH and (item := _ITEM.match(line)):
            return self.item(item)
        if first == "<" and (inside := self.html(line)) is not None:
            return iter(inside)
        if first in "$\\" and (display := _DISPLAY.match(line)) and (inside := self.display(display)) is not None:
            return iter(inside)
        if first == "[" and _DEFINITION.match(line):
            self.number += 1
            return iter(())
        if "|" in line and self.is_table(self.number):
            return self.table()
        return self.paragraph()

    def skip_to(self, offset: int) -> None:
        """Goes on with the first line that begins at an offset or after it."""
        while self.number < len(self.lines) and self.lines[self.number][0] < offset:
            self.number += 1

    def find(self, closing: str, position: int) -> int:
        """Where something is closed; −1 where it is not, which is looked for only once."""
        if closing in self.unclosed:
            return -1
        found = self.text.find(closing, position)
        if found < 0:
            self.unclosed.add(closing)
        return found

    # Code

    def fenced(self, fence: re.Match[str]) -> Iterator[Part]:
        sign, size, indent = fence["fence"][0], len(fence["fence"]), len(fence.group()) - len(fence.group().lstrip(" "))
        builder = Builder(self.mapped)
        self.number += 1
        while self.number < len(self.lines):
            start, end = self.lines[self.number]
            line = self.text[start:end]
            self.number += 1
            written = line.strip()
            if written[:1] == sign and len(written) >= size and not written.strip(sign) and not _INDENTED.match(line):
                break
            builder.keep(start + min(indent, len(line) - len(line.lstrip(" "))), end)
        yield from fenced_code(builder.build(), fence["info"])

    def indented(self) -> Iterator[Part]:
        builder = Builder(self.mapped)
        blank: list[tuple[int, int]] = []
        while self.number < len(self.lines):
            start, end = self.lines[self.number]
            line = self.text[start:end]
            indent = _INDENTED.match(line)
            if not line.strip():
                blank.append((start, end))
            elif indent:
                for place in blank:
                    builder.keep(*place)
                blank = []
                builder.keep(start + indent.end(), end)
            else:
                break
            self.number += 1
        yield from _literal(builder.build(), "verbatim")

    # Mathematics and HTML

    def display(self, found: re.Match[str]) -> list[Part] | None:
        start = self.lines[self.number][0] + found.end()
        name = found["name"]
        closing = {"$$": "$$", "\\[": "\\]"}.get(found["open"], f"\\end{{{name}}}")
        end = self.find(closing, start)
        if end < 0 or end - start > _MOST_DISPLAY:
            return None
        after = end + len(closing)
        rest = self.text.find("\n", after)
        rest = len(self.text) if rest < 0 else rest
        if self.text[after:rest].strip(" \t\r.,;"):  # it stands inside a paragraph
            return None
        inner = self.mapped[start - len(found["open"]) : after] if name else self.mapped[start:end]
        self.skip_to(after)
        return list(passage(in_a_line(inner), "mathematics"))

    def html(self, line: str) -> list[Part] | None:
        start = self.lines[self.number][0]
        if line.lstrip().startswith("<!--"):
            end = self.find("-->", start)
            if end < 0:
                return None
            self.skip_to(end + 3)
            rest = self.mapped[end + 3 : self.lines[self.number - 1][1]]
            return list(passages(rest, "prose", self.labels))
        found = _HTML.match(line)
        if not found or self.depth >= _MOST_DEPTH:
            return None
        closing = f"</{found[1]}>"
        end = self.find(closing, start)
        if end < 0:
            return None
        from pellucid.checking.documents.html import read_html

        self.skip_to(end + len(closing))
        return read_html(self.mapped[start : self.lines[self.number - 1][1]])

    # Text

    def heading(self, found: re.Match[str]) -> Iterator[Part]:
        start, end = self.lines[self.number]
        self.number += 1
        line = self.text[start:end].rstrip("\n")
        closing = _HEADING_END.search(line)
        end = start + (max(closing.start(), found.end()) if closing else len(line))
        yield from passages(self.mapped[start + found.end() : end], "heading", self.labels)

    def quotation(self) -> Iterator[Part]:
        builder = Builder(self.mapped)
        while self.number < len(self.lines):
            start, end = self.lines[self.number]
            line = self.text[start:end]
            marker = _QUOTE.match(line)
            if not marker and (not line.strip() or self.interrupts(self.number)):
                break
            builder.keep(start + (marker.end() if marker else 0), end)
            self.number += 1
        yield from _Blocks(builder.build(), self.labels, self.depth + 1).read()

    def item(self, found: re.Match[str]) -> Iterator[Part]:
        """A list item, with what is indented under it."""
        start, end = self.lines[self.number]
        if any(self.line(number).strip() for number in range(self.lead_end, self.number)):
            self.lead = ""
        space = found["space"] or " "
        width = found.end("bullet") + (1 if len(space) > 4 else len(space))
        builder = Builder(self.mapped)
        begin = start + min(width, end - start)
        task = _TASK.match(self.text, begin, end)
        builder.keep(task.end() if task else begin, end)
        self.number += 1
        after_blank = False
        while self.number < len(self.lines):
            start, end = self.lines[self.number]
            line = self.text[start:end]
            indent = len(line) - len(line.lstrip(" \t"))
            if not line.strip():
                after_blank = True
            elif indent >= width or line.startswith("\t"):
                after_blank = False
            elif after_blank or self.interrupts(self.number) or _ITEM.match(line):
                break
            builder.keep(start + (1 if line.startswith("\t") else min(width, indent)), end)
            self.number += 1
        self.lead_end = self.number
        yield from introduced(_Blocks(builder.build(), self.labels, self.depth + 1).read(), self.lead)

    def interrupts(self, number: int) -> bool:
        """Whether a line begins something else in the middle of a paragraph."""
        line = self.line(number)
        first = line.lstrip()[:1]
        if first in "`~":
            return _FENCE.match(line) is not None
        if first == "#":
            return _HEADING.match(line) is not None
        if first == ">":
            return _QUOTE.match(line) is not None
        if first in "-*+_":
            return _is_rule(line) or (_ITEM.match(line) is not None and bool(line.strip()[1:]))
        if first.isdigit():
            item = _ITEM.match(line)
            return item is not None and item["bullet"][:-1] == "1" and item["space"] is not None
        if first == "$":
            return line.strip().startswith("$$")
        if first == "<":
            return _HTML.match(line) is not None
        return "|" in line and self.is_table(number)

    def paragraph(self) -> Iterator[Part]:
        start = self.lines[self.number][0]
        self.number += 1
        kind: Kind = "prose"
        end = self.lines[self.number - 1][1]
        while self.number < len(self.lines):
            line = self.line(self.number)
            if not line.strip():
                break
            if line.lstrip()[0] in "=-" and _UNDERLINE.match(line):
                kind = "heading"
                self.number += 1
                break
            if self.interrupts(self.number):
                break
            end = self.lines[self.number][1]
            self.number += 1
        part: Part | None = None
        for part in passages(self.mapped[start:end], kind, self.labels):
            yield part
        self.lead, self.lead_end = introduction(part), self.number

    # Tables

    def is_table(self, number: int) -> bool:
        if number + 1 >= len(self.lines):
            return False
        rule = self.line(number + 1)
        return "-" in rule and ("|" in rule or ":" in rule) and _DELIMITER_ROW.match(rule) is not None

    def table(self) -> Iterator[Part]:
        rows = [self.row(self.number)]
        self.number += 2
        while self.number < len(self.lines) and "|" in self.line(self.number):
            rows.append(self.row(self.number))
            self.number += 1
        yield Table(tuple(rows))

    def row(self, number: int) -> tuple[MappedText, ...]:
        start, end = self.lines[number]
        bars = _bars(self.text, start, end)
        edges = [start - 1, *bars, end]
        cells = [(low + 1, high) for low, high in itertools.pairwise(edges)]
        if bars and not self.text[start : bars[0]].strip():
            cells = cells[1:]
        if bars and len(cells) > 1 and not self.text[bars[-1] + 1 : end].strip():
            cells = cells[:-1]
        return tuple(plain(_without_escaped_bars(self.mapped.trimmed(low, high)), self.labels) for low, high in cells)


def _is_rule(line: str) -> bool:
    written = line.replace(" ", "").replace("\t", "").strip()
    return len(written) >= 3 and not written.strip(written[0]) and len(line) - len(line.lstrip()) < 4


def _bars(text: str, start: int, end: int) -> list[int]:
    """Where the bars that separate the cells of a row stand."""
    return [found.start() for found in _CELL_END.finditer(text, start, end) if found.lastgroup == "bar"]


def _without_escaped_bars(mapped: MappedText) -> MappedText:
    if "\\|" not in mapped.text:
        return mapped
    builder = Builder(mapped)
    position = 0
    for found in _ESCAPED_BAR.finditer(mapped.text):
        builder.keep(position, found.start())
        position = found.start() + 1
    builder.keep(position, len(mapped))
    return builder.build()


def _literal(text: MappedText, kind: Kind) -> Iterator[Part]:
    start = len(text.text) - len(text.text.lstrip("\r\n"))
    text = text[start : max(start, len(text.text.rstrip()))]
    if text.text.strip():
        yield Passage(kind, text)


def fenced_code(text: MappedText, info: str) -> Iterator[Part]:
    """What stands in a block of code: by the word after its fence a program, an example, mathematics or just text."""
    words = info.strip().strip("{}").replace(",", " ").split()
    word = words[0].lower().lstrip(".") if words else ""
    if word in ("attention", "pellucid"):
        yield from _literal(text, "example")
    elif word in ("math", "latex-math"):
        yield from passage(in_a_line(text), "mathematics")
    elif word in _OUTPUT_WORDS:
        yield from _literal(text, "output")
    elif language := language_of(word):
        yield from read_code(text, language)
    else:
        yield from _literal(text, "verbatim")
