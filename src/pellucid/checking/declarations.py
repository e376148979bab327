"""What a document declares in words and formulas: its tokens, its scale, its mask, which way its matrices lie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pellucid.checking.mapped_text import Builder, MappedText, Span
from pellucid.checking.passages import Part, Passage, Table

_TELLING = (
    *("√", "sqrt", "bidirect", "scal", "multipl", "temperat", "scores", "scap", "skal", "échel", "echel", "divid"),
    *("durch", "root", "wurzel", "mask", "más", "mas", "caus", "kaus", "softmax", "token", "word", "sent", "text"),
    *("input", "prompt", "phrase", "sequence", "satz", "frase", "sourc", "consider", "column", "spalte", "head", "d_k"),
    *("dk", "d_{k", "d{k", "attent", "attend", "quer", "key", "label", "tril", "triang", "future", "0.5", "÷"),
    *("k^t", "kt", "k t", "k ^", "h=", "h ="),
)
"""What a passage that declares something has in it, in small letters: most have none of it, and a large document has
tens of thousands of passages."""
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

_D = (
    r"(?:d_?\{?k\}?|d_?model|d_?\{?h\}?|d_?head|d|dk|head_dim|k\.(?:size|shape)[\w()\[\]., -]*|q\.(?:size"
    r"|shape)[\w()\[\]., -]*|\w+\.shape\[-1\]|\w+\.size\(-1\))"
)
_SQUARE_ROOT = re.compile(
    rf"(?:/|÷|\bdivid\w+ (?:\w+ ){{0,4}}by|\bscal\w+ (?:\w+ ){{0,4}}by|\bdurch|\bpar|\bpor|\bentre"
    rf"|1/)\s*\(?\s*(?:the )?(?:√|(?:np\.|math\.|torch\.)?sqrt|square root of|Wurzel(?: aus)?"
    rf"|racine(?: carr[ée]e)?(?: de)?|ra[íi]z(?: cuadrada)?(?: de)?)\s*\(?\s*(?:{_D}|\d+)"
    rf"|{_D}\s*\*\*\s*-?\s*0?\.5|√\(?\s*d_?k",
    re.IGNORECASE,
)
_ROOT_OF_NUMBER = re.compile(r"(?:/|÷|by|durch|par)\s*\(?\s*(?:√|(?:np\.|math\.)?sqrt)\s*\(?\s*(\d{1,4})\b")
_BY_D_K = re.compile(r"(?:/|÷|divid\w+ (?:\w+ ){0,3}by)\s*\(?\s*(?:d_?\{?k\}?)(?![\w*]|\s*\*\*)", re.IGNORECASE)
_BY_NUMBER = re.compile(
    r"\bdivid\w+ (?:\w+ ){0,4}?by (?:\w+ ){0,4}?(?:of )?(?P<divisor>√\s*\(?\d+\)?|(?:np\.|math\.)?sqrt\(\d+\)"
    r"|\d+(?:\.\d+)?)(?![\w.]*\s*(?:heads|tokens|×|x))"
    r"|(?<!\w)T\s*=\s*(?P<t>\d+(?:\.\d+)?)(?=[^|]*scal)|\btemperature\b(?: \w+){0,2}?(?: of| is|\s*="
    r"|:)?\s*(?P<temperature>\d+(?:\.\d+)?)"
    r"|\bscale[ds]?(?: factor)? (?:\w+ ){0,3}?by (?P<by>1/\d+(?:\.\d+)?|√\s*\(?\d+\)?|\d+(?:\.\d+)?)"
    r"|\bscale(?: factor)?(?: is| of|\s*=|:)\s*(?P<factor>1/\d+|\d*\.\d+)|\bmultipl\w+ (?:\w+ ){0,4}?(?:by"
    r"|with) (?P<times>1/\d+|\d*\.\d+)",
    re.IGNORECASE,
)
_NO_SCALE = re.compile(
    r"\b(?:no|without|omit\w*|skip\w*|ignor\w*|leav\w+ out|unscaled|not)\b(?:\s+\w+){0,3}\s+(?:scal\w+|1/√|√d_?k)"
    r"|\bunscaled (?:dot[- ]product )?attention|\bscale\s*[:=]\s*(?:none|1(?:\.0)?)\b"
    r"|\bnicht skaliert|\bohne (?:die )?skalierung|\bsans (?:mise à l['’])?[ée]chelle|\bsin escalar"
    r"|\bsin (?:el )?escalado",
    re.IGNORECASE,
)
_UNSCALED_FORMULA = re.compile(
    r"softmax\s*\(\s*Q\s*[·×*@]?\s*K\s*\^?\s*\(?(?:T|⊤)\)?\s*\)|softmax\s*\(\s*(?:scores|S|attn_scores"
    r"|Q @ K\.T)\s*(?:,[^)]*)?\)",
)
_CAUSAL = re.compile(
    r"\bcausal(?:ly)?\b(?![^.\n]{0,30}\bnot\b)|\bmasked self[- ]attention\b|\blook[- ]ahead mask"
    r"|\blower[- ]triangular|\btril\b|\bkausal\w*"
    r"|\bmay (?:only )?(?:attend|see|look)[^.\n]{0,30}(?:itself|before|earlier|previous)|\bfuture (?:tokens"
    r"|positions|words) (?:are|is) (?:masked|hidden)"
    r"|\bmasque causal|\bm[áa]scara causal|\bcausale?\b",
    re.IGNORECASE,
)
_NO_MASK = re.compile(
    r"\b(?:no|without(?: a| any)?|not|non)[- ](?:\w+[- ]){0,2}(?:mask\w*|causal)|\bmask\s*[:=]\s*none|\bunmasked\b"
    r"|\bbidirectional\b",
    re.IGNORECASE,
)
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


def declarations_of(parts: Sequence[Part]) -> Declarations:
    """What the words of a document declare."""
    found = Declarations()
    candidates: dict[str, tuple[int, Note]] = {}
    read: set[str] = set()
    number = ""
    for passage in _passages(parts):
        text = passage.text.text
        if len(text) > 200_000 or text in read:
            continue  # what is said again declares nothing new
        read.add(text)
        lowered = text.lower()
        if not any(word in lowered for word in _TELLING):
            continue
        _tokens(passage, found)
        for key, pattern in (
            ("root", _SQUARE_ROOT),
            ("d_k", _BY_D_K),
            ("none", _NO_SCALE),
            ("unscaled", _UNSCALED_FORMULA),
        ):
            if key not in candidates and (match := pattern.search(text)):
                candidates[key] = (0, _note(passage, match))
        if not found.root and (match := _ROOT_OF_NUMBER.search(text)):
            found.root = int(match[1])
        match = _BY_NUMBER.search(text) if passage.kind != "code" and "number" not in candidates else None
        stated = "" if match is None else _stated_scale(match)
        if match is not None and stated:
            candidates["number"] = (0, _note(passage, match))
            number = stated
        if _NO_MASK.search(text):
            found.causal = False if found.causal is None else found.causal
        elif _CAUSAL.search(text):
            found.causal = True
        found.columns = found.columns or bool(_COLUMNS.search(text))
        if not found.num_heads and (match := _HEADS.search(text)):
            words = {"two": 2, "three": 3, "four": 4, "eight": 8}
            found.num_heads = int(match[1]) if match[1] else words.get(match[2].lower()) or int(match[2])
        if match := _D_K.search(text):
            found.names.setdefault("d_k", Decimal(match[1]))
        found.about_attention = found.about_attention or bool(_ABOUT.search(text))
        found.shows_scaled = found.shows_scaled or bool(_SCALED_SHOWN.search(text))
        if (
            found.formula is None
            and (match := _FORMULA.search(text))
            and re.search(r"\bV\b", text[match.end() : match.end() + 120])
        ):
            found.formula = _note(passage, match)
        if found.others is None and (match := _OTHERS.search(text)) and _ALL_VALUES.search(text):
            found.others = _note(passage, match)
    spoken_of = (
        ("none", "none"),
        ("root", "1/sqrt(d_k)"),
        ("d_k", "1/d_k"),
        ("number", number),
        ("unscaled", "none"),
    )
    found.scales = list(dict.fromkeys(scale for key, scale in spoken_of if key in candidates))
    return found


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


def _stated_scale(match: re.Match[str]) -> str:
    """The factor that words state, as an expression; empty where it is none."""
    divisor = match["divisor"] or match["temperature"] or match["t"]
    factor = match["factor"] or match["times"]
    if match["by"]:
        # “scaled by 8” and “scaled by √2” mean a division; “scaled by 1/8” and “by 0.1” a factor
        divisor, factor = (match["by"], "") if re.fullmatch(r"\d+|√.*", match["by"]) else ("", match["by"])
    if divisor:
        root = re.search(r"\d+(?:\.\d+)?", divisor)
        assert root is not None
        number = root[0] if "√" not in divisor and "sqrt" not in divisor else f"sqrt({root[0]})"
        return "" if number in ("0", "1") else f"1/{number}"
    return "" if factor in ("0.0", "1.0", None) else str(factor)


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


def _tokens(passage: Passage, found: Declarations) -> None:
    text = passage.text.text
    if not found.query_tokens and (match := _CROSS.search(text)):
        found.query_tokens, found.key_tokens = _WORD.findall(match[1]), _WORD.findall(match[2])
    for pattern in (_LISTED, _BARE_LIST):
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
    if not found.tokens and passage.kind != "code" and (match := _SENTENCE.search(text)):
        words = _WORD.findall(match[1])
        if 2 <= len(words) <= 60:
            found.tokens, found.sentence = words, _note(passage, match)
