"""Plain text: paragraphs between blank lines, titles, tables where they are unmistakable."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from pellucid.checking.documents.formulas import passages_with_formulas
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.passages import Part, Passage, Table
from pellucid.checking.source import Source

_LINE = re.compile(r"[^\n]*(?:\n|\Z)")
_UNDERLINE = re.compile(r"\s*(?:={3,}|-{3,}|~{3,}|─{3,}|═{3,})\s*\Z")
_RULED = re.compile(r"(?P<title>\S[^\n]{0,200}?)\s+[─═]{3,}\s*\Z")
_CAPITALS = re.compile(r"(?:\d+(?:\.\d+)*\.?|[IVX]+\.)[ \t]+[^a-z\n]*[A-Z]{2}[^a-z\n]*\s*\Z")
_RULE_ROW = re.compile(r"[\s|+:=─-]+\Z")
_MOST_LABEL = 80


def read(source: Source) -> list[Part]:
    """The passages and tables of a text."""
    return list(read_text(MappedText.whole(source.text)))


def read_text(mapped: MappedText) -> Iterator[Part]:
    """The passages and tables of a text without markup."""
    block: list[tuple[int, int]] = []
    for found in _LINE.finditer(mapped.text):
        if found.group().strip():
            block.append(found.span())
        elif block:
            yield from _block(mapped, block)
            block = []
    if block:
        yield from _block(mapped, block)


def _block(mapped: MappedText, lines: list[tuple[int, int]]) -> Iterator[Part]:
    """What stands between two blank lines: titles first, then a table or a paragraph."""
    first = lines[0]
    while lines:
        line = mapped.text[slice(*lines[0])]
        following = mapped.text[slice(*lines[1])] if len(lines) > 1 else ""
        if _UNDERLINE.match(following) and not _is_row(line) and not _UNDERLINE.match(line):
            yield Passage("heading", mapped[slice(*lines[0])].stripped())
            lines = lines[2:]
        elif ruled := _RULED.match(line):
            start = lines[0][0]
            yield Passage("heading", mapped[start : start + ruled.end("title")].stripped())
            lines = lines[1:]
        elif lines[0] == first and _CAPITALS.match(line):
            yield Passage("heading", mapped[slice(*lines[0])].stripped())
            lines = lines[1:]
        elif _UNDERLINE.match(line):
            lines = lines[1:]
        else:
            break
    if not lines:
        return
    if table := _table(mapped, lines):
        yield from table
        return
    start, end = lines[0][0], lines[-1][1]
    text = mapped[start : start + len(mapped.text[start:end].rstrip())]
    if _is_set(text.text):
        yield Passage("prose", text)  # columns stay aligned
    else:
        yield from passages_with_formulas(text)


def _is_set(text: str) -> bool:
    """Whether columns are aligned by blanks, as in a matrix that was printed."""
    return "   " in text.strip() or text.startswith("  ")


def _is_row(line: str) -> bool:
    return line.count("|") >= 2 or "\t" in line.strip()


def _table(mapped: MappedText, lines: list[tuple[int, int]]) -> list[Part]:
    """A table, with the line above it as its caption; empty where the lines are none."""
    texts = [mapped.text[slice(*line)] for line in lines]
    for separator, least in (("|", 1), ("\t", 1)):
        counts = [text.strip().count(separator) for text in texts]
        begin = next((index for index, count in enumerate(counts) if count), len(lines))
        rows = [line for line in lines[begin:] if not _RULE_ROW.match(mapped.text[slice(*line)])]
        if begin > 1 or len(rows) < 2:
            continue
        cells = [_row(mapped, line, separator) for line in rows]
        if min(len(row) for row in cells) <= least or len({len(row) for row in cells}) > 2:
            continue
        if separator == "|" and not all(
            text.count("|") >= 2 or len(row) >= 2 for text, row in zip(texts, cells, strict=False)
        ):
            continue
        caption = "" if not begin else " ".join(texts[0].split())
        if len(caption) > _MOST_LABEL:
            return []
        return [Table(tuple(cells), caption)]
    return []


def _row(mapped: MappedText, line: tuple[int, int], separator: str) -> tuple[MappedText, ...]:
    start, end = line
    written = mapped.text[start:end].rstrip()
    edges = [
        start - 1,
        *(start + found.start() for found in re.finditer(re.escape(separator), written)),
        start + len(written),
    ]
    cells = [mapped[low + 1 : high].stripped() for low, high in itertools.pairwise(edges)]
    if separator == "|":
        if written.lstrip().startswith("|"):
            cells = cells[1:]
        if written.endswith("|") and len(cells) > 1:
            cells = cells[:-1]
    return tuple(cells)
