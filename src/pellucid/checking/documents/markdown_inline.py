"""What stands in a paragraph of Markdown: emphasis, code, links, mathematics, HTML.

The signs of emphasis are also those of multiplication and of names: `0.3*0.1 + 0.4*0.3`, `d_k` and `x**2` stay.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from html import unescape

from pellucid.checking.documents.formulas import formulas, passage
from pellucid.checking.documents.mathematics import in_a_line
from pellucid.checking.mapped_text import Builder, MappedText
from pellucid.checking.passages import Kind, Part

_TAGS = (
    "a abbr b bdi big br center cite code dd del details dfn div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li "
    "mark"
    "ol p pre q s samp section small span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var "
    "wbr"
).replace(" ", "|")
_SPECIAL = re.compile(r"[\\`&*_~!\[\]$]|<(?=[A-Za-z/!])")
_SPECIAL_WITHOUT_LINKS = re.compile(r"[\\`&*_~]|<(?=[A-Za-z/!])")
_TOKEN = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)"
    r"|(?P<comment><!--)"
    rf"|<(?P<closing>/?)(?P<tag>{_TAGS})(?=[\s/>])[^<>\n]{{0,400}}>"
    r"|<(?P<auto>https?://[^\s<>]{1,400}|[\w.+-]{1,60}@[\w.-]{1,60})>"
    r"|(?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)"
    r"|(?P<stars>\*+)|(?P<bars>_+)|(?P<strike>~~)"
    r"|(?P<link>!?\[)"
    r"|(?P<target>\]\((?:[^\s()<>]|\([^\s()<>]{0,200}\)){0,1000}"
    r"(?:[ \t]+(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'))?[ \t]*\))"
    r"|(?P<reference>\]\[[^\]\[\n]{0,100}\])"
    r"|(?P<bracket>\])",
    re.IGNORECASE,
)
_RAISED = re.compile(r"([^<>\n]{1,200})</su[bp]\s*>", re.IGNORECASE)
_ATOM = re.compile(r"\d+\.?\d*|\w+")
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def passages(mapped: MappedText, kind: Kind, labels: frozenset[str] = frozenset()) -> Iterator[Part]:
    """A paragraph without its markup; displayed mathematics are passages of their own.

    Args:
        mapped: the paragraph.
        kind: of the passages of its text.
        labels: of the links that are defined somewhere in the document, in lower case.
    """
    if not _SPECIAL.search(mapped.text):
        yield from passage(mapped, kind)
        return
    edits = _Inline(mapped, labels).edits
    builder = Builder(mapped)
    position = 0
    for start, end, text, is_displayed in edits:
        if start < position:
            continue
        builder.keep(position, start)
        position = end
        if isinstance(text, str):
            builder.put(text, start, end)
        elif is_displayed:
            yield from passage(builder.build(), kind)
            builder = Builder(mapped)
            yield from passage(text, "mathematics")
        else:
            builder.add(text)
    builder.keep(position, len(mapped))
    yield from passage(builder.build(), kind)


def plain(mapped: MappedText, labels: frozenset[str] = frozenset()) -> MappedText:
    """A text without its markup, all in one, as in the cell of a table."""
    if not _SPECIAL.search(mapped.text):
        return mapped.stripped()
    builder = Builder(mapped)
    position = 0
    for start, end, text, _ in _Inline(mapped, labels).edits:
        if start < position:
            continue
        builder.keep(position, start)
        position = end
        if isinstance(text, str):
            builder.put(text, start, end)
        else:
            builder.add(text)
    builder.keep(position, len(mapped))
    return builder.build().stripped()


class _Inline:
    """Finds what in a paragraph is to be left out or put differently."""

    def __init__(self, mapped: MappedText, labels: frozenset[str]) -> None:
        self.mapped = mapped
        self.text = mapped.text
        self.labels = labels
        self.edits: list[tuple[int, int, str | MappedText, bool]] = []
        self.openers: dict[str, list[int]] = {}
        self.brackets: list[tuple[int, bool]] = []
        self.scripts: list[str] = []
        self.is_comment_open = False
        has_links = "](" in self.text or "][" in self.text
        self.special = _SPECIAL if has_links else _SPECIAL_WITHOUT_LINKS
        self.code_ends = self.ticks()
        self.scan()
        self.edits.sort(key=lambda edit: edit[:2])

    def ticks(self) -> dict[int, list[int]]:
        """Where runs of backticks start, by their length."""
        found: dict[int, list[int]] = {}
        if "`" in self.text:
            for run in re.finditer("`+", self.text):
                found.setdefault(len(run.group()), []).append(run.start())
        return found

    def edit(self, start: int, end: int, text: str | MappedText = "", is_displayed: bool = False) -> None:
        self.edits.append((start, end, text, is_displayed))

    def scan(self) -> None:
        mathematics = formulas(self.text)
        formula = next(mathematics, None)
        position = 0
        found = self.next_token(0)
        while True:
            if found and found.start() < position:
                found = self.next_token(position)
            while formula and formula.start < position:
                formula = next(mathematics, None)
            if formula and (not found or formula.start <= found.start()):
                inner = self.mapped[formula.inner_start : formula.inner_end]
                self.edit(formula.start, formula.end, in_a_line(inner), formula.is_displayed)
                position = formula.end
                continue
            if not found:
                return
            position = max(self.token(found), found.start() + 1)

    def next_token(self, position: int) -> re.Match[str] | None:
        for special in self.special.finditer(self.text, position):
            if found := _TOKEN.match(self.text, special.start()):
                return found
        return None

    def token(self, found: re.Match[str]) -> int:
        """Deals with a piece of markup; returns where to go on."""
        start, end = found.span()
        match found.lastgroup:
            case "escape":
                self.edit(start, start + 1)
            case "ticks":
                return self.code(start, end)
            case "comment":
                close = -1 if self.is_comment_open else self.text.find("-->", end)
                if close < 0:
                    self.is_comment_open = True  # there is no use in looking again
                    return end
                self.edit(start, close + 3)
                return close + 3
            case "tag":
                self.tag(found)
            case "auto":
                self.edit(start, start + 1)
                self.edit(end - 1, end)
            case "entity":
                self.edit(start, end, unescape(found.group()))
            case "stars" | "bars" | "strike":
                self.emphasis(start, end)
            case "link":
                self.brackets.append((start, found.group() == "!["))
            case "target" | "reference":
                return self.link(found)
            case "bracket" if self.brackets:
                self.brackets.pop()
        return end

    def code(self, start: int, end: int) -> int:
        """A code span, as it is."""
        ends = self.code_ends.get(end - start, [])
        index = bisect_right(ends, start)
        if index == len(ends):
            return end
        close = ends[index]
        self.edit(start, end)
        self.edit(close, close + end - start)
        return close + end - start

    def tag(self, found: re.Match[str]) -> None:
        tag, is_closing = found["tag"].lower(), bool(found["closing"])
        if tag == "br":
            following = self.text[found.end() : found.end() + 2].lstrip("\r")
            self.edit(*found.span(), "" if following.startswith("\n") else "\n")
        elif tag not in ("sub", "sup"):
            self.edit(*found.span())
        elif is_closing:
            self.edit(*found.span(), self.scripts.pop() if self.scripts else "")
        else:
            sign, brackets = ("_", "{}") if tag == "sub" else ("^", "()")
            inside = _RAISED.match(self.text, found.end())
            if inside and _ATOM.fullmatch(inside[1].strip("*_` ")):
                brackets = "  "
            self.edit(*found.span(), sign + brackets[0].strip())
            self.scripts.append(brackets[1].strip())

    def emphasis(self, start: int, end: int) -> None:
        run = self.text[start:end]
        before = self.text[start - 1] if start else " "
        after = self.text[end] if end < len(self.text) else " "
        if len(run) > 3:
            return
        opens = not after.isspace() and (after not in _PUNCTUATION or before.isspace() or before in _PUNCTUATION)
        closes = not before.isspace() and (before not in _PUNCTUATION or after.isspace() or after in _PUNCTUATION)
        is_after_factor = before.isalnum() or before in ")]}"
        is_before_factor = after.isalnum() or after in "([.-√"
        if run[0] == "_":
            opens, closes = opens and not is_after_factor, closes and not is_before_factor
        elif run[0] == "*":
            if is_after_factor and is_before_factor and (len(run) == 1 or (before.isdigit() and after.isdigit())):
                return
            opens = opens and not is_after_factor
        waiting = self.openers.setdefault(run, [])
        if closes and waiting:
            opener = waiting.pop()
            self.edit(opener, opener + len(run))
            self.edit(start, end)
        elif opens:
            waiting.append(start)

    def link(self, found: re.Match[str]) -> int:
        """What is linked to; images are left out."""
        start, end = found.span()
        if not self.brackets:
            return start + 1
        opening, is_image = self.brackets.pop()
        if found.lastgroup == "reference" and not is_image:
            label = found.group()[2:-1] or self.text[opening + 1 : start]
            if label.lower().strip() not in self.labels:
                return start + 1
        if is_image:
            self.edit(opening, end)
        else:
            self.edit(opening, opening + 1)
            self.edit(start, end)
        return end
