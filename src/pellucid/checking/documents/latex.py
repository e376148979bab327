"""LaTeX documents: sections, paragraphs, displayed mathematics, tables, lists, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pellucid.checking.documents.code import language_of, read_code
from pellucid.checking.documents.formulas import passage
from pellucid.checking.documents.labelled_matrix import labelled_matrices
from pellucid.checking.documents.latex_table import read_tabular
from pellucid.checking.documents.lists import introduced, introduction
from pellucid.checking.documents.mathematics import in_a_line
from pellucid.checking.mapped_text import Builder, MappedText
from pellucid.checking.passages import Part, Passage, Table
from pellucid.checking.source import Source

_BODY = re.compile(r"\\begin[ \t]*\{document\}")
_BODY_END = re.compile(r"\\end[ \t]*\{document\}")
_COMMENT = re.compile(r"\\(?:begin\{(?P<literal>verbatim\*?|Verbatim|lstlisting|minted|alltt)\}|.)|%[^\n]*", re.DOTALL)
_EVENT = re.compile(
    r"(?P<blank>\n[ \t\r]*\n\s*)"
    r"|\\begin[ \t]*\{(?P<begin>[A-Za-z]+)\*?\}"
    r"|\\end[ \t]*\{(?P<end>[A-Za-z]+)\*?\}"
    r"|\\(?P<heading>part|chapter|[A-Za-z]*section|[A-Za-z]*paragraph|title|[A-Za-z]*title|caption|captionof)\b\*?"
    r"(?=[ \t]*[\[{])"
    r"|(?P<display>\\\[|\$\$)"
    r"|\\(?P<item>item)\b[ \t]*(?:\[[^\]\n]{0,100}\])?"
    r"|\\(?P<definition>(?:new|renew|provide)command|def|(?:new|provide|Declare)[A-Za-z]*(?:length|color|savebox|operator|environment|"
    r"MathOperator)|let|setlength|author|date|usepackage|definecolor)\b\*?"
    r"|\\(?P<condition>if[a-z]+)\b"
    r"|\\(?P<par>par|medskip|bigskip|smallskip)\b"
    r"|\\(?P<verb>verb)\*?(?P<bar>[^A-Za-z\s*])"
    r"|\\(?:[A-Za-z]+|.)",
    re.DOTALL,
)
_ARGUMENT_TOKEN = re.compile(r"\\.|[{}]", re.DOTALL)
_ARGUMENT_START = re.compile(r"[ \t]*(?:\[[^\]\n]{0,200}\])*[ \t]*\{")
_DEFINITION_NAME = re.compile(r"[ \t]*(?:\\[A-Za-z]+|\{[^{}]{0,100}\})?[ \t]*=?[ \t]*(?:\\[A-Za-z]+)?[ \t]*")
_NEXT_ARGUMENT = re.compile(r"(?:[ \t]*\[[^\]\n]{0,100}\])*(?:#\d)*[ \t]*\{")
_CONDITION_END = re.compile(r"\\fi\b")
_LISTING_OPTIONS = re.compile(r"[ \t]*(?:\[([^\]\n]{0,200})\])?[ \t]*(?:\{([A-Za-z+#]{1,30})\})?[ \t]*\r?\n?")
_LANGUAGE_OPTION = re.compile(r"language=\{?(?:\[[^\]]*\])?([A-Za-z+#]+)")

_MATHEMATICS = frozenset(
    [
        "equation",
        "align",
        "gather",
        "multline",
        "displaymath",
        "eqnarray",
        "flalign",
        "alignat",
        "xalignat",
        "math",
        "dmath",
        "IEEEeqnarray",
    ]
)
_LITERAL = frozenset({"verbatim", "Verbatim", "lstlisting", "minted", "alltt"})
_TABLES = frozenset({"tabular", "tabularx", "longtable", "tabulary", "tblr"})
_SKIPPED = frozenset({"comment", "tikzpicture", "filecontents", "thebibliography", "pgfpicture"})
_FLOATS = frozenset({"table", "figure", "wraptable"})
_LISTS = frozenset({"itemize", "enumerate", "description", "compactitem", "compactenum", "inparaenum"})
_MOST_LISTS = 20  # one in the other


def read(source: Source) -> list[Part]:
    """The passages and tables of a LaTeX document, or of a part of one."""
    mapped = MappedText.whole(source.text)
    start = _BODY.search(source.text)
    end = _BODY_END.search(source.text, start.end() if start else 0)
    body = mapped[start.end() if start else 0 : end.start() if end else len(mapped)]
    reader = _Reader(_without_comments(body))
    if start and (title := re.search(r"\\title[ \t]*(?=\{)", source.text[: start.start()])):
        preamble = _Reader(mapped[: start.start()])
        if place := preamble.argument(title.end()):
            reader.parts += passage(in_a_line(mapped[slice(*place)], prose=True), "heading")
    reader.read()
    return reader.parts


def _without_comments(mapped: MappedText) -> MappedText:
    if "%" not in mapped.text:
        return mapped
    builder = Builder(mapped)
    kept = position = 0
    while found := _COMMENT.search(mapped.text, position):
        position = found.end()
        if found["literal"]:
            end = mapped.text.find(f"\\end{{{found['literal']}}}", position)
            position = end if end >= 0 else position
        elif found.group()[0] == "%":
            builder.keep(kept, found.start())
            line_start = mapped.text.rfind("\n", max(0, found.start() - 200), found.start()) + 1
            is_alone = bool(line_start) and not mapped.text[line_start : found.start()].strip()
            kept = min(found.end() + 1, len(mapped)) if is_alone else found.end()
            position = kept
    builder.keep(kept, len(mapped))
    return builder.build()


def _pairs(text: str) -> dict[int, int]:
    """Where each brace that is closed is closed."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    for found in _ARGUMENT_TOKEN.finditer(text):
        if found.group() == "{":
            opened.append(found.start())
        elif found.group() == "}" and opened:
            closing[opened.pop()] = found.start()
    return closing


@dataclass
class _List:
    """A list that is being read: what introduces it, and how many parts there were where it and its item began."""

    lead: str
    start: int
    item: int


class _Reader:
    def __init__(self, mapped: MappedText) -> None:
        self.mapped = mapped
        self.text = mapped.text
        self.parts: list[Part] = []
        self.position = 0
        self.paragraph = 0  # where the paragraph that is being read began
        self.builder = Builder(mapped)
        self.unclosed: set[str] = set()
        self.closing = _pairs(self.text)
        self.floats: list[int] = []  # how many parts there were where each began
        self.captions: list[str] = []
        self.lists: list[_List] = []
        self.list_before = 0, ""  # how many parts there were where the last list ended, and what introduced it

    def read(self) -> None:
        while found := _EVENT.search(self.text, self.position):
            self.position = found.end()
            self.event(found)
        self.end_paragraph(len(self.text), len(self.text))

    def event(self, found: re.Match[str]) -> None:
        start = found.start()
        if found["blank"] or found["par"]:
            self.end_paragraph(start, self.position)
        elif found["begin"]:
            self.begin(found["begin"], found)
        elif found["end"]:
            self.end_paragraph(start, self.position)
            if found["end"] in _FLOATS and self.floats:
                self.end_float()
            elif found["end"] in _LISTS and self.lists:
                ended = self.lists.pop()
                self.parts[ended.start :] = introduced(self.parts[ended.start :], ended.lead)
                self.list_before = len(self.parts), ended.lead
        elif found["heading"]:
            self.heading(found["heading"], start)
        elif found["display"]:
            self.display(start, "\\]" if found["display"] == "\\[" else "$$")
        elif found["item"]:
            self.end_paragraph(start, self.position)
            if self.lists:
                self.lists[-1].item = len(self.parts)
        elif found["definition"]:
            self.drop(start, self.after_definition())
        elif found["condition"]:
            stop = self.text.find("\n", self.position)
            end = _CONDITION_END.search(self.text, self.position, stop if stop >= 0 else len(self.text))
            if end:
                self.drop(start, end.end())
        elif found["verb"]:
            close = self.text.find(found["bar"], self.position, self.position + 500)
            if close >= 0:
                self.builder.add(self.pending(start))
                self.builder.keep(self.position, close)
                self.paragraph = self.position = close + 1

    # Paragraphs

    def pending(self, end: int) -> MappedText:
        return in_a_line(self.mapped[self.paragraph : max(self.paragraph, end)], prose=True)

    def end_paragraph(self, end: int, following: int) -> None:
        self.builder.add(self.pending(end))
        self.parts += passage(self.builder.build(), "prose")
        self.builder = Builder(self.mapped)
        self.paragraph = self.position = following

    def drop(self, start: int, end: int) -> None:
        """Leaves out what stands between two offsets, in the middle of a paragraph."""
        self.builder.keep(self.paragraph, self.paragraph)
        self.builder.add(self.pending(start))
        self.paragraph = self.position = end

    # Arguments

    def argument(self, position: int) -> tuple[int, int] | None:
        """Where the argument in braces stands that begins at `position`, options before it passed over."""
        opening = _ARGUMENT_START.match(self.text, position)
        if not opening:
            return None
        close = self.closing.get(opening.end() - 1)
        return None if close is None else (opening.end(), close)

    def after_definition(self) -> int:
        name = _DEFINITION_NAME.match(self.text, self.position)
        position = name.end() if name else self.position
        for _ in range(3):
            if not _NEXT_ARGUMENT.match(self.text, position):
                break
            parameters = re.compile(r"(?:#\d)*").match(self.text, position)
            place = self.argument(parameters.end() if parameters else position)
            if not place:
                break
            position = place[1] + 1
        return position

    def find(self, closing: str) -> int:
        """Where something is closed; −1 where it is not, which is looked for only once."""
        if closing in self.unclosed:
            return -1
        found = self.text.find(closing, self.position)
        if found < 0:
            self.unclosed.add(closing)
        return found

    # What is no paragraph

    def heading(self, name: str, start: int) -> None:
        place = self.argument(self.position)
        if not place:
            return
        self.end_paragraph(start, place[1] + 1)
        text = in_a_line(self.mapped[slice(*place)], prose=True)
        if not name.startswith("caption"):
            self.parts += passage(text, "heading")
            if name.endswith("title") and (following := self.argument(self.position)):  # \title…{…}{subtitle}
                self.parts += passage(in_a_line(self.mapped[slice(*following)], prose=True), "prose")
                self.paragraph = self.position = following[1] + 1
        elif self.floats:
            self.captions[-1] = " ".join(text.text.split())
            self.caption_text = text
        else:
            self.parts += passage(text, "prose")

    def display(self, start: int, closing: str) -> None:
        end = self.find(closing)
        if end < 0:
            return
        inner = self.position
        self.end_paragraph(start, end + len(closing))
        self.parts += passage(in_a_line(self.mapped[inner:end]), "mathematics")

    def begin(self, name: str, found: re.Match[str]) -> None:
        start, inner = found.span()
        written = found.group()[found.group().index("{") + 1 : -1]
        whole = name in _MATHEMATICS or name in _LITERAL or name in _TABLES or name in _SKIPPED
        if not whole:
            option = re.compile(r"[ \t]*\[[^\]\n]{0,60}\]").match(self.text, inner)
            self.end_paragraph(start, option.end() if option else inner)
            if name in _FLOATS:
                self.floats.append(len(self.parts))
                self.captions.append("")
            elif name in _LISTS and len(self.lists) < _MOST_LISTS:
                self.lists.append(_List(self.lead(), len(self.parts), len(self.parts)))
            return
        closing = f"\\end{{{written}}}"
        end = self.find(closing)
        if end < 0:
            return
        self.end_paragraph(start, end + len(closing))
        if name in _MATHEMATICS:
            self.parts += passage(in_a_line(self.mapped[start : self.position]), "mathematics")
        elif name in _LITERAL:
            self.parts += self.literal(name, inner, end)
        elif name in _TABLES:
            body = self.mapped[inner:end]
            self.parts += labelled_matrices(body) or read_tabular(body, has_width=name in ("tabularx", "tabulary"))

    def lead(self) -> str:
        """What introduces a list that begins here: what stands before it in its item, or before both of two lists."""
        end, lead = self.list_before
        if len(self.parts) == end:
            return lead
        first = self.lists[-1].item if self.lists else 0
        return introduction(self.parts[-1]) if len(self.parts) > first else ""

    def literal(self, name: str, start: int, end: int) -> Iterator[Part]:
        options = _LISTING_OPTIONS.match(self.text, start, end)
        language = ""
        if options:
            start = options.end()
            if options[2]:
                language = language_of(options[2])
            elif options[1] and (option := _LANGUAGE_OPTION.search(options[1])):
                language = language_of(option[1])
        text = self.mapped[start:end]
        if language:
            yield from read_code(text, language)
        elif text.text.strip():
            yield Passage("verbatim", text[: len(text.text.rstrip())])

    def end_float(self) -> None:
        first, caption = self.floats.pop(), self.captions.pop()
        if not caption:
            return
        for index in range(first, len(self.parts)):
            part = self.parts[index]
            if isinstance(part, Table) and not part.caption:
                self.parts[index] = Table(part.rows, caption)
                return
        self.parts += passage(self.caption_text, "prose")
