"""What a document declares in words and formulas: its tokens, its scale, its mask, which way its matrices lie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pellucid.checking.mapped_text import Builder, MappedText, Span
from pellucid.checking.passages import Part, Passage, Table
from pellucid.checking.settings import NEEDED, ROOT_OF_NUMBER, Said, Statement, has_any, said_in

_TELLING = (
    *("√", "sqrt", "bidirect", "scal", "multipl", "temperat", "scores", "scap", "skal", "échel", "echel", "divid"),
    *("durch", "root", "wurzel", "mask", "más", "mas", "caus", "kaus", "softmax", "token", "word", "sent", "text"),
    *("input", "prompt", "phrase", "sequence", "satz", "frase", "sourc", "consider", "column", "spalte", "head", "d_k"),
    *("dk", "d_{k", "d{k", "attent", "attend", "quer", "key", "label", "tril", "triang", "future", "÷"),
    *("k^t", "kt", "k t", "k ^", "h=", "h ="),
    *NEEDED,
)
"""What a passage that declares something has in it, in small letters: most have none of it, and a large document has
tens of thousands of passages."""
_WITHOUT_DIGITS = dict.fromkeys(map(ord, "0123456789"))
_NUMBER = re.compile("[0-9]+")
_KINDS_OF_NUMBERS = ("", "", "22", "222", "222", "22222")
"""By how many digits it has."""
_QUOTES = ('"', "'", "“", "„", "«", "‘")
_SENTENCE = re.compile(
    r"\b(?:sentence|text|input|prompt|phrase|sequence|satz|frase|source|sentences|tokens of|words of|tokens in"
    r"|consider)\b[^\n\"“”„«‘]{0,30}[:=]?\s*[\"“„«‘]([^\"“”»’\n]{3,200})[\"”“»’]",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"\b(query[ _]tokens|key[ _]tokens|tokens|words|labels)\b\s*(?:are|=|:"
    r"|is)?\s*[\[(]?\s*((?:[\"'“‘][^\"'”’\n]{1,30}[\"'”’]\s*,?\s*(?:and\s+)?){2,})",
    re.IGNORECASE,
)
_BARE_LIST = re.compile(
    r"\b(query[ _]tokens|key[ _]tokens|tokens|words)\b\s*(?:are\s*:?|="
    r"|:)\s*\[?([^\W\d][\w'’#.-]*(?:\s*,\s*(?:and\s+)?[^\W\d.][\w'’#-]*|\s*,\s*\.)+)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"'“‘]([^\"'”’\n]{1,30})[\"'”’]")
_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")

_COLUMNS = re.compile(
    r"\b(?:tokens?|words?)\s+(?:are|is|as|form|stand in|in)\s+(?:the\s+)?columns?|\bcolumns?\s+(?:are|is"
    r"|correspond\w* to|stand for|per)\s+(?:the |a |one )?(?:tokens?|words?)"
    r"|\b(?:each|every|one)\s+column\s+(?:is|stands for|holds|corresponds to|belongs to|for|per)\s+(?:a |one "
    r"|the )?\w*\s*(?:tokens?|words?)|\bcolumn vectors?\b|\bone token a column\b|\bjede spalte\b|\bK\s*\^?\s*(?:T"
    r"|⊤)\s*Q\b",
    re.IGNORECASE,
)
_HEADS = re.compile(
    r"\b(?:num_heads|n_heads|number of heads|h)\s*[:=]\s*(\d{1,2})\b|\b(two|2|three|3|four|4|eight"
    r"|8)\s+(?:attention )?heads\b",
    re.IGNORECASE,
)
_D_K = re.compile(r"(?<![√(])(?<!sqrt)(?<!sqrt\()\bd_\{?k\}?\s*=\s*(\d{1,4})\b")
_ABOUT = re.compile(
    r"attention|attn|softmax|\bquer(?:y|ies)\b|transformer|aufmerksamkeit|atenci[óo]n|masked scores|scaled scores"
    r"|attention weights|Q\s*K\s*\^?(?:T|ᵀ|⊤)",
    re.IGNORECASE,
)
_SCALED_SHOWN = re.compile(r"\d\s*\)?\s*[/÷]\s*\(?\s*(?:√|(?:np\.|math\.)?sqrt)\s*\(?\s*\d+\)?\)?\s*[=≈]\s*[-−]?\d")
_FORMULA = re.compile(r"Attention\s*\(\s*Q\s*,\s*K\s*\)")
_OTHERS = re.compile(
    r"\b(?:other words|rest of (?:the )?(?:input )?tokens|all other|remaining (?:tokens"
    r"|words))\b[^.\n]{0,60}\bkeys?\b|\bkeys?\b[^.\n]{0,80}\b(?:other words|rest of (?:the )?(?:input )?tokens"
    r"|other tokens)\b",
    re.IGNORECASE,
)
_ALL_VALUES = re.compile(r"\b(?:all|every)\b[^.\n]{0,20}\bvalues?\b[^.\n]{0,60}", re.IGNORECASE)


@dataclass
class Note:
    """Something that the words of a document say, and where."""

    span: Span
    text: str


@dataclass
class Declarations:
    """What a document declares.

    Args:
        tokens: of its sentence or list; empty where it names none. `query_tokens` and `key_tokens` likewise.
        sentence: the sentence they come from; empty where they are listed.
        scales: "1/sqrt(d_k)", "1/d_k", "none" or "1/8": every one that is spoken of, the likeliest first.
        root: the number under a root that scores are divided by, as in QKᵀ/√2; 0 where there is none.
        causal: whether a causal mask is declared; `None` where nothing is said.
        columns: whether it says that tokens are columns.
        num_heads: as stated; 0 where nothing is said.
        names: values of names that may stand in equations.
        formula: a formula of attention that leaves V out of its arguments.
        about_attention: whether it speaks of attention or a softmax at all.
        shows_scaled: whether scores are shown divided by a root, with a result.
        others: a sentence that takes the keys of the other words only, against values of all.
        statements: where it says how scores are scaled and masked, in reading order.
    """

    tokens: list[str] = field(default_factory=list)
    query_tokens: list[str] = field(default_factory=list)
    key_tokens: list[str] = field(default_factory=list)
    sentence: Note | None = None
    scales: list[str] = field(default_factory=list)
    root: int = 0
    causal: bool | None = None
    columns: bool = False
    num_heads: int = 0
    names: dict[str, Decimal] = field(default_factory=dict)
    formula: Note | None = None
    others: Note | None = None
    shows_scaled: bool = False
    about_attention: bool = False
    statements: list[Statement] = field(default_factory=list)


def declarations_of(parts: Sequence[Part]) -> Declarations:
    """What the words of a document declare."""
    found = Declarations()
    scales: dict[str, str] = {}
    known: dict[str, list[Said]] = {}
    telling: dict[str, bool] = {}  # of texts without their digits: many differ in their numbers only
    silent: set[tuple[str, bool]] = set()  # forms of texts that say nothing of scale or mask
    for passage in _passages(parts):
        text = passage.text.text
        if len(text) > 200_000:
            continue
        if text in known:  # what is said again declares nothing new, but it holds from where it stands
            found.statements += _statements(passage, known[text])
            continue
        letters = text.translate(_WITHOUT_DIGITS)
        tells = telling.get(letters)
        if tells is None:
            tells = telling[letters] = has_any(letters.lower(), _TELLING)
        if not tells:
            continue
        form = _NUMBER.sub(_number_of_its_kind, text), passage.kind == "code"
        if form in silent:
            continue  # what else it declares, the first of its form has declared
        said = known[text] = said_in(text, is_code=passage.kind == "code")
        if not said:
            silent.add(form)
        found.statements += _statements(passage, said)
        lowered = text.lower()
        _tokens(passage, lowered, found)
        meant = [one for one in said if not one.aside]
        for one in meant:
            if one.scale:
                scales.setdefault(one.kind, one.scale)
        if not found.root and (match := ROOT_OF_NUMBER.search(text)):
            found.root = int(match[1])
        masks = [one.causal for one in meant if one.causal is not None]
        if False in masks:
            found.causal = False if found.causal is None else found.causal
        elif masks:
            found.causal = True
        if not found.columns and has_any(lowered, ("column", "spalte", "q")):
            found.columns = bool(_COLUMNS.search(text))
        if not found.num_heads and (match := _HEADS.search(text)):
            words = {"two": 2, "three": 3, "four": 4, "eight": 8}
            found.num_heads = int(match[1]) if match[1] else words.get(match[2].lower()) or int(match[2])
        if "d_" in lowered and (match := _D_K.search(text)):
            found.names.setdefault("d_k", Decimal(match[1]))
        found.about_attention = found.about_attention or bool(_ABOUT.search(text))
        if not found.shows_scaled and has_any(text, ("√", "sqrt")):
            found.shows_scaled = bool(_SCALED_SHOWN.search(text))
        if (
            found.formula is None
            and (match := _FORMULA.search(text))
            and re.search(r"\bV\b", text[match.end() : match.end() + 120])
        ):
            found.formula = _note(passage, match)
        if found.others is None and "key" in lowered and (match := _OTHERS.search(text)) and _ALL_VALUES.search(text):
            found.others = _note(passage, match)
    likeliest = ("none", "root", "d_k", "number", "unscaled")
    found.scales = list(dict.fromkeys(scales[kind] for kind in likeliest if kind in scales))
    return found


def _number_of_its_kind(number: re.Match[str]) -> str:
    """What stands for a number in the form of a text: sizes have up to four digits, those of one may be words."""
    written = number.group()
    return written if len(written) == 1 else _KINDS_OF_NUMBERS[min(len(written), len(_KINDS_OF_NUMBERS) - 1)]


def _statements(passage: Passage, said: Sequence[Said]) -> Iterator[Statement]:
    """What a passage says about scale and mask, with places in the source."""
    for one in said:
        yield Statement(passage.text.span(one.start, one.start + 1).start, one.scale, one.causal)


def _passages(parts: Sequence[Part]) -> Iterator[Passage]:
    for part in parts:
        if isinstance(part, Passage) and part.kind != "example":
            yield part
        elif isinstance(part, Table):
            if part.caption:
                yield Passage("prose", _unplaced(part))
            for row in part.rows:
                for cell in row:
                    if re.search(r"[^\W\d]{3}", cell.text):
                        yield Passage("prose", cell)


def _unplaced(table: Table) -> MappedText:
    """A caption as a passage; it is pointed at by its table's first cell."""
    first = next((cell for row in table.rows for cell in row if cell.text), None)
    builder = Builder(first if first is not None else MappedText.whole(""))
    builder.put(table.caption, 0, 1)
    return builder.build()


def _note(passage: Passage, match: re.Match[str]) -> Note:
    return Note(passage.text.span(match.start(), match.end()), match.group().strip())


_CROSS = re.compile(
    r"\bquer(?:y"
    r"|ies)\b[^.\"“”\n]{0,40}[\"“„]([^\"“”\n]{2,120})[\"“”][^.\"“”\n]{0,40}\bkeys?\b[^.\"“”\n]{0,40}[\"“„]([^\"“”\n]{2,120})[\"“”]",
    re.IGNORECASE,
)


def _tokens(passage: Passage, lowered: str, found: Declarations) -> None:
    """The tokens that a passage names; `lowered` is its text in small letters."""
    text = passage.text.text
    if not found.query_tokens and "quer" in lowered and (match := _CROSS.search(text)):
        found.query_tokens, found.key_tokens = _WORD.findall(match[1]), _WORD.findall(match[2])
    for pattern in (_LISTED, _BARE_LIST) if has_any(lowered, ("token", "word", "label")) else ():
        for match in pattern.finditer(text):
            if pattern is _LISTED:
                words = _QUOTED.findall(match[2])
            else:
                words = [part.strip() for part in re.split(r",\s*(?:and\s+)?", match[2]) if part.strip()]
            name = match[1].lower().replace(" ", "_")
            if name == "query_tokens" and not found.query_tokens:
                found.query_tokens = words
            elif name == "key_tokens" and not found.key_tokens:
                found.key_tokens = words
            elif not found.tokens or found.sentence is not None:
                found.tokens, found.sentence = words, None
    is_quoting = not found.tokens and passage.kind != "code" and has_any(text, _QUOTES)
    if is_quoting and (match := _SENTENCE.search(text)):
        words = _WORD.findall(match[1])
        if 2 <= len(words) <= 60:
            found.tokens, found.sentence = words, _note(passage, match)
