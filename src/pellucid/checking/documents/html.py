"""HTML: blocks as passages, tables as tables, exponents and indices written in a line.

The tokens are found by one expression, so that a page is read in linear time however broken it is, and every
character is known by its place.
"""

from __future__ import annotations

import re
from collections import Counter
from html import unescape

from pellucid.checking.documents.code import language_of
from pellucid.checking.documents.formulas import passages_with_formulas, with_formulas
from pellucid.checking.documents.lists import introduced, introduction
from pellucid.checking.documents.markdown import fenced_code
from pellucid.checking.documents.mathml import math_in_a_line
from pellucid.checking.mapped_text import Builder, MappedText
from pellucid.checking.passages import Part, Passage, Table
from pellucid.checking.source import Source

_MOST_FRAMES = 40

_TOKEN = re.compile(
    r"<!--(?P<comment>)"
    r"|<(?P<close>/?)(?P<tag>[A-Za-z][^\s/<>]{0,60})(?P<attributes>(?:[^\"'<>]|\"[^\"]*\"|'[^']*')*+)>"
    r"|(?P<declaration><[!?][^<>]*+>)"
    r"|(?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)"
    r"|(?P<text>[^<&]+)"
    r"|(?P<other>[<&])"
)
_ATTRIBUTE = re.compile(r"([A-Za-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_LINE_END = re.compile(r"[ \t\r]*+\n\s*")
_INDEX = re.compile(r"[\w.′*]+")
_ATOM = re.compile(r"√?(?:\d+\.?\d*|\.\d+|[^\W\d]\w*)")

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_RAW = frozenset(["script", "style", "template", "textarea", "noscript", "iframe", "svg", "select"])
_BLOCKS = frozenset([
    "p", "div", "section", "article", "li", "ul", "ol", "dl", "dd", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "footer", "blockquote", "figure", "figcaption", "main", "aside", "form", "hr", "address",
    "fieldset", "details", "summary", "nav", "body", "html", "title", "caption", "center", "tr", "td", "th",
    "tbody", "thead", "tfoot", "table", "pre", "head",
])  # fmt: skip
_LISTS = frozenset(["ul", "ol"])
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6", "title"])


def read(source: Source) -> list[Part]:
    """The passages and tables of a page."""
    return read_html(MappedText.whole(source.text))


def read_html(mapped: MappedText) -> list[Part]:
    """The passages and tables of a piece of HTML."""
    page = _Page(mapped)
    page.read()
    return page.without_double_title()


class _TableBeingRead:
    """A table being read; the frames from `floor` on are those of its cells."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self.rows: list[list[MappedText]] = []
        self.caption = ""


class _ListBeingRead:
    """A list being read: what introduces it, and how many parts there were where its last item began or it ended."""

    def __init__(self, lead: str, at: int) -> None:
        self.lead = lead
        self.at = at


class _Frame:
    """A text being written: of a block, of a cell, of an exponent or an index."""

    def __init__(self, mapped: MappedText, tag: str = "", start: int = 0, before: str = "") -> None:
        self.builder = Builder(mapped)
        self.tag = tag
        self.start = start
        self.before = before  # the characters that were written before it


class _Page:
    def __init__(self, mapped: MappedText) -> None:
        self.mapped = mapped
        self.text = mapped.text
        self.parts: list[Part] = []
        self.frames = [_Frame(mapped)]
        self.tail = ""  # the last characters written
        self.open: list[str] = []
        self.counts: Counter[str] = Counter()
        self.tables: list[_TableBeingRead] = []
        self.preformatted: str | None = None  # the info string of the <pre> that is being read
        self.figure_caption: MappedText | None = None
        self.figure_start = 0  # how many parts there were where the figure began
        self.lists: list[_ListBeingRead] = []
        self.ended = _ListBeingRead("", 0)  # the last list that ended
        self.has_term = False
        self.has_title = False  # whether the first part is the title in the head
        self.unclosed: set[str] = set()

    def read(self) -> None:
        position, size = 0, len(self.text)
        while position < size:
            found = _TOKEN.match(self.text, position)
            assert found
            position = found.end()
            if found["comment"] is not None:
                position = self.after("-->", position)
            elif found["tag"]:
                position = self.tag(found)
            elif found["entity"]:
                self.put(unescape(found.group()).replace("\xa0", " "), *found.span())
            elif found["declaration"] is None:
                self.characters(*found.span())
        while self.tables:
            self.end_table()
        self.end_block()

    def without_double_title(self) -> list[Part]:
        """The parts, without the title in the head of a page that has it as a heading too."""
        headings = [part.text.text for part in self.parts if isinstance(part, Passage) and part.kind == "heading"]
        return self.parts[1:] if self.has_title and headings.count(headings[0]) > 1 else self.parts

    def after(self, closing: str, position: int) -> int:
        """After what closes something; where there is none it is looked for only once."""
        if closing not in self.unclosed:
            end = self.text.find(closing, position)
            if end >= 0:
                return end + len(closing)
            self.unclosed.add(closing)
        return position

    # Characters

    def put(self, text: str, start: int, end: int) -> None:
        self.frames[-1].builder.put(text, start, end)
        self.tail = (self.tail + text)[-2:]

    def characters(self, start: int, end: int) -> None:
        builder = self.frames[-1].builder
        self.tail = (self.tail + self.text[max(start, end - 2) : end])[-2:]
        if self.preformatted is not None or self.text.find("\n", start, end) < 0:
            builder.keep(start, end)
            return
        position = start
        for found in _LINE_END.finditer(self.text, start, end):
            builder.keep(position, found.start())
            builder.put(" ", *found.span())
            position = found.end()
        builder.keep(position, end)

    # Tags

    def tag(self, found: re.Match[str]) -> int:
        """Deals with a tag; returns where to go on."""
        tag, attributes, (start, end) = found["tag"].lower(), found["attributes"], found.span()
        if found["close"]:
            self.close(tag, start, end)
            return end
        is_empty = attributes.endswith("/") or tag in _VOID
        if tag in _RAW:
            return end if is_empty else self.raw_end(tag, end)
        if tag == "math" and not is_empty:
            stop = self.after("</math>", end)
            written = math_in_a_line(self.mapped, start, stop)
            self.frames[-1].builder.add(written)
            self.tail = (self.tail + written.text)[-2:]
            return stop
        if "katex-html" in attributes or "MathJax_Preview" in attributes:
            return self.skip(tag, end)
        self.start(tag, attributes, start, end)
        if not is_empty:
            self.open.append(tag)
            self.counts[tag] += 1
        return end

    def raw_end(self, tag: str, position: int) -> int:
        """After an element whose contents are not read."""
        closing = f"</{tag}"
        if closing in self.unclosed:
            return position
        found = re.compile(rf"</{tag}[^<>]{{0,100}}>", re.IGNORECASE).search(self.text, position)
        if not found:
            self.unclosed.add(closing)
            return len(self.text) if tag in ("script", "style") else position
        return found.end()

    def skip(self, tag: str, position: int) -> int:
        """After an element with all that is nested in it."""
        depth = 1
        for found in re.compile(rf"<(/?){re.escape(tag)}(?=[\s/>])", re.IGNORECASE).finditer(self.text, position):
            depth += -1 if found[1] else 1
            if not depth:
                end = self.text.find(">", found.end())
                return end + 1 if end >= 0 else len(self.text)
        return len(self.text)

    def start(self, tag: str, attributes: str, start: int, end: int) -> None:
        if tag == "br":
            self.put("\n", start, end)
        elif tag in ("sub", "sup"):
            self.start_frame(tag, start)
        elif tag == "dt":
            self.new_block(start, end)
            self.has_term = True
        elif tag == "dd" and self.has_term:
            self.put(" ", start, end)
            self.has_term = False
        elif tag == "table" and len(self.tables) < _MOST_FRAMES:
            self.new_block(start, end)
            self.tables.append(_TableBeingRead(len(self.frames)))
        elif tag == "tr" and self.tables:
            self.end_cell()
            self.tables[-1].rows.append([])
        elif tag in ("td", "th") and self.tables:
            self.end_cell()
            self.start_frame("td", start)
        elif tag in _BLOCKS:
            self.new_block(start, end)
            if tag == "pre":
                self.preformatted = _language(attributes)
            elif tag == "figure":
                self.figure_start = len(self.parts)
            elif tag in _LISTS:
                self.lists.append(_ListBeingRead(self.lead(), len(self.parts)))
            elif tag == "li" and self.lists:
                self.lists[-1].at = len(self.parts)
        elif tag == "code" and self.preformatted is not None:
            self.preformatted = _language(attributes) or self.preformatted

    def close(self, tag: str, start: int, end: int) -> None:
        if tag in ("sub", "sup"):
            if self.frames[-1].tag == tag:
                self.end_script(end)
        elif tag in ("td", "th", "tr") and self.tables:
            self.end_cell()
        elif tag == "table" and self.tables:
            self.end_table()
        elif tag == "caption" and self.tables and len(self.frames) == self.tables[-1].floor:
            self.tables[-1].caption = " ".join(self.taken().text.split())
        elif tag == "figcaption" and self.counts["figure"] and not self.tables:
            self.figure_caption = self.taken().stripped()
        elif tag in _BLOCKS and tag != "dt":
            self.new_block(start, end)
            if tag == "pre":
                self.preformatted = None
            elif tag == "figure":
                self.end_figure()
            elif tag in _LISTS and self.lists:
                self.ended = self.lists.pop()
                self.ended.at = len(self.parts)
        if self.counts[tag]:
            while True:
                last = self.open.pop()
                self.counts[last] -= 1
                if last == tag:
                    break

    # Frames: exponents, indices, cells

    def start_frame(self, tag: str, start: int) -> None:
        if len(self.frames) < _MOST_FRAMES:
            self.frames.append(_Frame(self.mapped, tag, start, self.tail))
            self.tail = ""

    def end_script(self, end: int) -> None:
        """An exponent as `^(…)`, an index as `_…`; what is missing of these signs is put there."""
        frame = self.frames.pop()
        text = frame.builder.build().stripped()
        sign, brackets, bare = ("_", "{}", _INDEX) if frame.tag == "sub" else ("^", "()", _ATOM)
        is_bracketed = bare.fullmatch(text.text) is None and not frame.before.endswith(sign + brackets[0])
        if not frame.before.endswith((sign, sign + brackets[0])):
            self.put(sign, frame.start, frame.start + 1)
        if is_bracketed:
            self.put(brackets[0], frame.start, frame.start + 1)
        self.frames[-1].builder.add(text)
        self.tail = text.text[-2:]
        if is_bracketed:
            self.put(brackets[1], end - 1, end)

    def end_cell(self) -> None:
        """Ends the cell that is being read, if there is one, and what is raised or lowered in it."""
        table = self.tables[-1]
        while len(self.frames) > table.floor:
            if self.frames[-1].tag == "td":
                text = with_formulas(self.frames.pop().builder.build()).stripped()
                if not table.rows:
                    table.rows.append([])
                table.rows[-1].append(text)
            else:
                self.end_script(self.frames[-1].start + 1)
        self.tail = ""

    def end_table(self) -> None:
        self.end_cell()
        table = self.tables.pop()
        if len(self.frames) == 1:
            self.end_block()
        rows = tuple(tuple(row) for row in table.rows if row)
        caption = table.caption
        if not caption and self.figure_caption:
            caption, self.figure_caption = " ".join(self.figure_caption.text.split()), None
        if rows:
            self.parts.append(Table(rows, caption))

    # Blocks

    def taken(self) -> MappedText:
        """What has been written since the last block ended."""
        while len(self.frames) > 1 and self.frames[-1].tag != "td":
            self.end_script(self.frames[-1].start + 1)
        text = self.frames[-1].builder.build()
        self.frames[-1].builder = Builder(self.mapped)
        self.tail = ""
        return text

    def new_block(self, start: int, end: int) -> None:
        """Ends a block; in the cell of a table only a line."""
        if len(self.frames) > 1 and any(frame.tag == "td" for frame in self.frames):
            if self.tail.strip():
                self.put("\n", start, end)
            return
        self.end_block()

    def end_block(self) -> None:
        self.has_term = False
        text = self.taken()
        if not text.text.strip() or (self.counts["head"] and not self.counts["title"]):
            return
        if self.preformatted is not None:
            self.parts += fenced_code(text, self.preformatted)
        else:
            is_heading = any(self.counts[tag] for tag in _HEADINGS)
            self.has_title = self.has_title or (not self.parts and self.counts["title"] > 0)
            parts = passages_with_formulas(text, "heading" if is_heading else "prose")
            self.parts += introduced(parts, self.lists[-1].lead) if self.lists else parts

    def lead(self) -> str:
        """What introduces a list that begins here: the text before it, in an item that of the item."""
        if self.lists and self.lists[-1].at == len(self.parts):  # nothing stands before it in the item
            return self.lists[-1].lead
        if not self.parts or self.ended.at == len(self.parts):  # nothing stands between it and another list
            return self.ended.lead
        return introduction(self.parts[-1])

    def end_figure(self) -> None:
        """The caption of a figure belongs to its table; without one it is a paragraph."""
        caption, self.figure_caption = self.figure_caption, None
        if not caption or not caption.text:
            return
        last = self.parts[-1] if len(self.parts) > self.figure_start else None
        if isinstance(last, Table) and not last.caption:
            self.parts[-1] = Table(last.rows, " ".join(caption.text.split()))
        else:
            self.parts += passages_with_formulas(caption)


def _language(attributes: str) -> str:
    """The language of a block of code, as its classes tell: `language-python`, `highlight-python`, `python`."""
    for found in _ATTRIBUTE.finditer(attributes):
        name, words = found[1].lower(), (found[2] or found[3] or found[4] or "").split()
        if name == "data-lang" and words:
            return words[0]
        if name == "class":
            for word in words:
                stem = word.removeprefix("language-").removeprefix("lang-").removeprefix("highlight-")
                if stem != word or language_of(stem):
                    return stem
    return ""
