"""MathML, of the kind that pages carry, written in a line as LaTeX mathematics are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from pellucid.checking.mapped_text import Builder, MappedText

_MOST_DEPTH = 30

_TOKEN = re.compile(
    r"<!--(?:[^-]|-(?!->))*+-->"
    r"|<(?P<close>/?)(?P<tag>[A-Za-z][\w:.-]{0,60})(?P<attributes>(?:[^\"'<>]|\"[^\"]*\"|'[^']*')*+)>"
    r"|(?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)"
    r"|(?P<text>[^<&]+)|[<&]"
)
_WORDS = frozenset({"mi", "mn", "mo", "mtext", "ms"})
_SKIPPED = frozenset({"annotation", "annotation-xml", "mphantom"})
_EMPTY = frozenset({"mspace", "none", "mprescripts"})
_WRITTEN = {"⋅": "·", "∗": "*", "\u2061": "", "\u2062": "", "\u2063": "", "\xa0": " ", "⊤": "T", "∑": "Σ", "≃": "≈"}
_REPLACED = re.compile("[" + "".join(_WRITTEN) + "]")
_BARS = frozenset("¯‾_\u0304\u0305")
_ATOM = re.compile(r"√?(?:\d+\.?\d*|\.\d+|[^\W\d]\w*)")
_INDEX = re.compile(r"[\w.′*]+")


@dataclass
class _Node:
    tag: str
    start: int
    end: int
    parts: list[_Node | MappedText] = field(default_factory=list)

    @property
    def children(self) -> list[_Node]:
        return [part for part in self.parts if isinstance(part, _Node)]


def math_in_a_line(mapped: MappedText, start: int, end: int) -> MappedText:
    """The `<math>` element that stands between two offsets, written in a line."""
    return _Writer(mapped).node(_tree(mapped, start, end)).stripped()


def _tree(mapped: MappedText, start: int, end: int) -> _Node:
    root = _Node("math", start, end)
    stack = [root]
    skipped = ""
    for found in _TOKEN.finditer(mapped.text, start, end):
        low, high = found.span()
        tag = (found["tag"] or "").lower().rpartition(":")[2]
        if skipped:
            skipped = "" if found["close"] and tag == skipped else skipped
        elif tag and found["close"]:
            if len(stack) > 1 and stack[-1].tag == tag:
                stack.pop().end = high
        elif tag in _SKIPPED and not found["attributes"].endswith("/"):
            skipped = tag
        elif tag and tag not in ("math", "semantics", "mstyle", "mpadded", "menclose"):
            node = _Node(tag, low, high)
            stack[-1].parts.append(node)
            if tag not in _EMPTY and not found["attributes"].endswith("/") and len(stack) < _MOST_DEPTH:
                stack.append(node)
        elif not tag and stack[-1].tag in _WORDS and (found["text"] or found["entity"]):
            stack[-1].parts.append(_word(mapped, low, high))
    return root


def _word(mapped: MappedText, start: int, end: int) -> MappedText:
    text = mapped.text[start:end]
    builder = Builder(mapped)
    if text.startswith("&") and text.endswith(";"):
        written = unescape(text)
        builder.put(_REPLACED.sub(lambda found: _WRITTEN[found.group()], written), start, end)
        return builder.build()
    position = start
    for found in _REPLACED.finditer(mapped.text, start, end):
        builder.keep(position, found.start())
        builder.put(_WRITTEN[found.group()], *found.span())
        position = found.end()
    builder.keep(position, end)
    return builder.build()


class _Writer:
    def __init__(self, mapped: MappedText) -> None:
        self.mapped = mapped

    def sign(self, text: str, place: int) -> MappedText:
        builder = Builder(self.mapped)
        builder.put(text, place, place + 1)
        return builder.build()

    def joined(self, *parts: MappedText) -> MappedText:
        builder = Builder(self.mapped)
        for part in parts:
            builder.add(part)
        return builder.build()

    def bracketed(self, node: _Node, brackets: str = "()", bare: re.Pattern[str] = _ATOM) -> MappedText:
        inside = self.node(node).stripped()
        if bare.fullmatch(inside.text):
            return inside
        return self.joined(self.sign(brackets[0], node.start), inside, self.sign(brackets[1], node.end - 1))

    def node(self, node: _Node) -> MappedText:
        children = node.children
        match node.tag, children:
            case "mfrac", [above, below, *_]:
                return self.joined(self.bracketed(above), self.sign("/", below.start), self.bracketed(below))
            case "msqrt", [only]:
                return self.joined(self.sign("√", node.start), self.bracketed(only))
            case "msqrt", _:
                return self.joined(self.sign("√(", node.start), self.row(node), self.sign(")", node.end - 1))
            case "mroot", [inside, degree, *_]:
                return self.raised(
                    self.bracketed(inside), _Node("mrow", degree.start, degree.end, [self.one_over(degree)])
                )
            case (("msup" | "mover"), [base, exponent, *_]):
                if node.tag == "mover" and exponent.tag == "mo":
                    return self.barred(self.node(base), exponent)
                return self.raised(self.node(base), exponent)
            case (("msub" | "munder"), [base, index, *_]):
                return self.indexed(self.node(base), index)
            case (("msubsup" | "munderover"), [base, index, exponent, *_]):
                return self.raised(self.indexed(self.node(base), index), exponent)
            case "mtable", _:
                return self.table(node)
            case "mspace", _:
                return self.sign(" ", node.start)
            case "mfenced", _:
                items = [part for child in children for part in (self.sign(", ", child.start), self.node(child))][1:]
                return self.joined(self.sign("(", node.start), *items, self.sign(")", node.end - 1))
            case _:
                return self.row(node)

    def barred(self, base: MappedText, over: _Node) -> MappedText:
        """What has a sign over it; a bar over digits says that these decimals are repeated without end."""
        sign = self.node(over).text.strip()
        if sign not in _BARS or not base.text.isdecimal():
            return base
        digits = (base[place : place + 1] for place in range(len(base)))
        return self.joined(*(part for digit in digits for part in (digit, self.sign("\u0305", over.start))))

    def one_over(self, degree: _Node) -> MappedText:
        return self.joined(self.sign("1/", degree.start), self.bracketed(degree))

    def raised(self, base: MappedText, exponent: _Node) -> MappedText:
        return self.joined(base.stripped(), self.sign("^", exponent.start), self.bracketed(exponent))

    def indexed(self, base: MappedText, index: _Node) -> MappedText:
        return self.joined(base.stripped(), self.sign("_", index.start), self.bracketed(index, "{}", _INDEX))

    def row(self, node: _Node) -> MappedText:
        written = [self.node(part) if isinstance(part, _Node) else part for part in node.parts]
        for place, part in enumerate(node.parts):  # a matrix has its own brackets in a line
            if isinstance(part, _Node) and part.tag == "mtable" and 0 < place < len(node.parts) - 1:
                around = written[place - 1].text.strip() + written[place + 1].text.strip()
                if around in ("[]", "()", "||"):
                    written[place - 1] = written[place + 1] = MappedText("", ())
        return self.joined(*written)

    def table(self, node: _Node) -> MappedText:
        parts = [self.sign("[", node.start)]
        rows = [child for child in node.children if child.tag in ("mtr", "mlabeledtr")]
        for position, row in enumerate(rows):
            parts.append(self.sign(", [" if position else "[", row.start))
            for place, cell in enumerate(row.children):
                if place:
                    parts.append(self.sign(", ", cell.start))
                parts.append(self.node(cell).stripped())
            parts.append(self.sign("]", row.end - 1))
        return self.joined(*parts, self.sign("]", node.end - 1))
