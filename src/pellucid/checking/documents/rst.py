"""reStructuredText: titles, paragraphs, literal blocks, directives, tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pellucid.checking.documents.code import language_of, read_code
from pellucid.checking.documents.csv import read_cells
from pellucid.checking.documents.formulas import passage
from pellucid.checking.documents.lists import introduced, introduction
from pellucid.checking.documents.markdown import fenced_code
from pellucid.checking.documents.mathematics import in_a_line
from pellucid.checking.documents.rst_inline import plain
from pellucid.checking.documents.rst_tables import grid_table, list_table, simple_table
from pellucid.checking.mapped_text import Builder, MappedText
from pellucid.checking.passages import Part, Table
from pellucid.checking.source import Source

_MOST_DEPTH = 10

_LINE = re.compile(r"[^\n]*(?:\n|\Z)")
_ADORNMENT = re.compile(r"([=\-`:'\"~^_*+#<>.])\1{2,}\s*\Z")
_DIRECTIVE = re.compile(
    r"\.\.[ \t]+(?:\|[^|\n]{1,60}\|[ \t]+)?(?P<name>[A-Za-z][\w:-]{0,60})::[ \t]*(?P<argument>[^\r\n]*)"
)
_COMMENT = re.compile(r"\.\.(?:[ \t]|\r?$)", re.MULTILINE)
_OPTION = re.compile(r"[ \t]*:[\w-]+:")
_ITEM = re.compile(r"(?:[-*+•]|\d{1,9}[.)]|#\.|\(\d{1,9}\))[ \t]+")
_GRID = re.compile(r"[ \t]*\+(?:[-=]+\+)+\s*\Z")
_SIMPLE = re.compile(r"[ \t]*=+(?:[ \t]+=+)+\s*\Z")
_DOCTEST = re.compile(r">>> ?")
_CODE = frozenset({"code-block", "code", "sourcecode", "highlight"})
_TRANSPARENT = frozenset(
    [
        "note",
        "warning",
        "tip",
        "hint",
        "important",
        "attention",
        "caution",
        "danger",
        "error",
        "admonition",
        "seealso",
        "topic",
        "sidebar",
        "container",
        "only",
        "rubric",
        "epigraph",
        "versionadded",
        "versionchanged",
        "deprecated",
    ]
)


def read(source: Source) -> list[Part]:
    """The passages and tables of a reStructuredText file."""
    return list(_Blocks(MappedText.whole(source.text), 0).read())


class _Blocks:
    def __init__(self, mapped: MappedText, depth: int) -> None:
        self.mapped = mapped
        self.text = mapped.text
        self.depth = depth
        self.lines = [found.span() for found in _LINE.finditer(self.text) if found.group()]
        self.number = 0
        self.lead = ""  # the line that introduces a list, where only blank lines follow `lead_end`
        self.lead_end = 0

    def line(self, number: int) -> str:
        return self.text[slice(*self.lines[number])] if number < len(self.lines) else ""

    def read(self) -> Iterator[Part]:
        while self.number < len(self.lines):
            line = self.line(self.number)
            if line.strip():
                yield from self.block(line)
            else:
                self.number += 1

    def block(self, line: str) -> Iterator[Part]:
        following = self.line(self.number + 1)
        if line[0] in " \t":
            if self.depth < _MOST_DEPTH:
                return self.nested(self.indented())
            return self.paragraph()
        if line.startswith(".."):
            if directive := _DIRECTIVE.match(line):
                return self.directive(directive)
            if _COMMENT.match(line):
                self.number += 1
                self.indented()
                return iter(())
        if _GRID.match(line):
            return iter(grid_table(self.mapped, self.taken(lambda text: text.lstrip()[:1] in ("+", "|"))))
        if _SIMPLE.match(line):
            return self.simple()
        if _ADORNMENT.match(line):
            return self.overlined(following)
        if _ADORNMENT.match(following) and not _ITEM.match(line):
            return self.title()
        if _DOCTEST.match(line):
            places = self.taken(lambda text: bool(text.strip()))
            return iter(read_code(self.mapped[places[0][0] : places[-1][1]], "python"))
        if self.depth < _MOST_DEPTH and (item := _ITEM.match(line)):
            return self.item(item)
        return self.paragraph()

    def taken(self, belongs: Callable[[str], bool]) -> list[tuple[int, int]]:
        """The lines from here on that belong together."""
        places = []
        while self.number < len(self.lines) and belongs(self.line(self.number)):
            places.append(self.lines[self.number])
            self.number += 1
        return places

    def indented(self) -> MappedText:
        """The indented lines from here on, without their common indentation."""
        places = []
        while self.number < len(self.lines):
            line = self.line(self.number)
            if line.strip() and line[0] not in " \t":
                break
            places.append(self.lines[self.number])
            self.number += 1
        margins = [_margin(self.text[start:end]) for start, end in places if self.text[start:end].strip()]
        margin = min(margins, default=0)
        builder = Builder(self.mapped)
        for start, end in places:
            builder.keep(min(start + margin, end - 1) if not self.text[start:end].strip() else start + margin, end)
        return builder.build()

    def nested(self, text: MappedText) -> Iterator[Part]:
        yield from _Blocks(text, self.depth + 1).read()

    def title(self) -> Iterator[Part]:
        start, end = self.lines[self.number]
        self.number += 2
        yield from passage(plain(self.mapped[start:end]), "heading")

    def overlined(self, following: str) -> Iterator[Part]:
        third = self.line(self.number + 2)
        self.number += 1
        if following.strip() and third[:1] == self.line(self.number - 1)[:1] and _ADORNMENT.match(third):
            yield from self.title()

    def simple(self) -> Iterator[Part]:
        first = self.number
        borders = 0
        while self.number < len(self.lines):
            line = self.line(self.number)
            borders += _SIMPLE.match(line) is not None
            self.number += 1
            if _SIMPLE.match(line) and borders > 1 and not self.line(self.number).strip():
                break
        yield from simple_table(self.mapped, self.lines[first : self.number])

    def item(self, found: re.Match[str]) -> Iterator[Part]:
        start, end = self.lines[self.number]
        if any(self.line(number).strip() for number in range(self.lead_end, self.number)):
            self.lead = ""
        self.number += 1
        builder = Builder(self.mapped)
        builder.keep(start + found.end(), end)
        builder.add(self.indented())
        self.lead_end = self.number
        yield from introduced(self.nested(builder.build()), self.lead)

    def paragraph(self) -> Iterator[Part]:
        start, end = self.lines[self.number]
        self.number += 1
        while self.number < len(self.lines) and self.line(self.number).strip():
            end = self.lines[self.number][1]
            self.number += 1
        text = self.mapped[start:end].stripped()
        is_literal_next = text.text.endswith("::")
        if is_literal_next:
            text = text[: len(text) - (2 if text.text[-3:-2].isspace() or len(text) == 2 else 1)]
        for part in passage(plain(text), "prose"):
            self.lead, self.lead_end = introduction(part), self.number
            yield part
        if is_literal_next:
            literal = self.indented()
            yield from fenced_code(literal, "")

    # Directives

    def directive(self, found: re.Match[str]) -> Iterator[Part]:
        start = self.lines[self.number][0]
        self.number += 1
        name, argument = found["name"].lower().rpartition(":")[2], found["argument"].strip()
        begin = start + found.start("argument")
        content = self.mapped[begin : start + found.end("argument")]
        body = _without_options(self.indented())
        if name in _CODE:
            yield from fenced_code(body, language_of(argument) or argument)
        elif name == "math":
            builder = Builder(self.mapped)
            builder.add(content)
            builder.put("\n", begin, begin)
            builder.add(body)
            for formula in _formulas(builder.build()):
                yield from passage(in_a_line(formula), "mathematics")
        elif name in ("csv-table", "list-table", "table"):
            caption = " ".join(plain(content).text.split())
            for part in self.table(name, body):
                yield Table(part.rows, caption) if isinstance(part, Table) else part
        elif name == "parsed-literal":
            yield from fenced_code(body, "")
        elif name in _TRANSPARENT and self.depth < _MOST_DEPTH:
            yield from passage(plain(content), "prose")
            yield from self.nested(body)

    def table(self, name: str, body: MappedText) -> list[Part]:
        if name == "csv-table":
            return [
                Table(tuple(tuple(plain(cell) for cell in row) for row in table.rows))
                for table in read_cells(body, ",")
            ]
        if name == "list-table":
            return list_table(body)
        return list(self.nested(body)) if self.depth < _MOST_DEPTH else []


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _without_options(body: MappedText) -> MappedText:
    position = 0
    for found in _LINE.finditer(body.text):
        if not _OPTION.match(found.group()):
            break
        position = found.end()
    return body[position : len(body)]


def _formulas(body: MappedText) -> Iterator[MappedText]:
    """Blank lines separate the formulas of one directive."""
    start = 0
    for gap in re.finditer(r"\n[ \t\r]*\n", body.text):
        yield body[start : gap.start()]
        start = gap.end()
    yield body[start : len(body)]
