"""Where a document says how its scores are scaled and masked: once for all, or again for a part of it.

“Without a mask”, “with temperature 2”, “dividing by √d_k”: each holds from where it stands until another is made.
A sentence about other models, about a later chapter, or about what would be, is an aside: it says nothing about the
document's own numbers, unless the numbers beside it prove that it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pellucid.checking.passages import Passage

_D = (
    r"(?:d_?\{?k\}?|d_?model|d_?\{?h\}?|d_?head|d|dk|head_dim|k\.(?:size|shape)[\w()\[\]., -]*|q\.(?:size"
    r"|shape)[\w()\[\]., -]*|\w+\.shape\[-1\]|\w+\.size\(-1\))"
)
SQUARE_ROOT = re.compile(
    rf"(?:/|÷|\bdivid\w+ (?:\w+ ){{0,4}}by|\bscal\w+ (?:\w+ ){{0,4}}by|\bdurch|\bpar|\bpor|\bentre"
    rf"|1/)\s*\(?\s*(?:the )?(?:√|(?:np\.|math\.|torch\.)?sqrt|square root of|Wurzel(?: aus)?"
    rf"|racine(?: carr[ée]e)?(?: de)?|ra[íi]z(?: cuadrada)?(?: de)?)\s*\(?\s*(?:{_D}|\d+)"
    rf"|{_D}\s*\*\*\s*-?\s*0?\.5|√\(?\s*d_?k",
    re.IGNORECASE,
)
ROOT_OF_NUMBER = re.compile(r"(?:/|÷|by|durch|par)\s*\(?\s*(?:√|(?:np\.|math\.)?sqrt)\s*\(?\s*(\d{1,4})\b")
BY_D_K = re.compile(
    r"(?:/|÷|divid\w+ (?:\w+ ){0,3}by)\s*\(?\s*(?:d_?\{?k\}?)"
    r"(?![\w*]|\s*\*\*|\s*\^|[^\n)]{0,20}\)\s*\.\s*sqrt)",
    re.IGNORECASE,
)
BY_NUMBER = re.compile(
    r"\bdivid\w+ (?:\w+ ){0,4}?by (?:\w+ ){0,4}?(?:of )?(?P<divisor>√\s*\(?\d+\)?|(?:np\.|math\.)?sqrt\(\d+\)"
    r"|\d+(?:\.\d+)?)(?![\w.]*\s*(?:heads|tokens|×|x))"
    r"|(?<!\w)T\s*=\s*(?P<t>\d+(?:\.\d+)?)(?=[^|]*scal)|\btemperature\b(?: \w+){0,2}?(?: of| is|\s*="
    r"|:)?\s*(?P<temperature>\d+(?:\.\d+)?)"
    r"|\bscale[ds]?(?: factor)? (?:\w+ ){0,3}?by (?P<by>1/\d+(?:\.\d+)?|√\s*\(?\d+\)?|\d+(?:\.\d+)?)"
    r"|\bscale(?: factor)?(?: is| of|\s*=|:)\s*(?P<factor>1/\d+|\d*\.\d+)|\bmultipl\w+ (?:\w+ ){0,4}?(?:by"
    r"|with) (?P<times>1/\d+|\d*\.\d+)",
    re.IGNORECASE,
)
NO_SCALE = re.compile(
    r"\b(?:no|without|omit\w*|skip\w*|ignor\w*|leav\w+ out|unscaled|not)\b(?:\s+\w+){0,3}\s+(?:scal\w+|1/√|√d_?k)"
    r"|\bunscaled (?:dot[- ]product )?attention|\bscale\s*[:=]\s*(?:none|1(?:\.0)?)\b"
    r"|\bnicht skaliert|\bohne (?:die )?skalierung|\bsans (?:mise à l['’])?[ée]chelle|\bsin escalar"
    r"|\bsin (?:el )?escalado",
    re.IGNORECASE,
)
UNSCALED_FORMULA = re.compile(
    r"softmax\s*\(\s*Q\s*[·×*@]?\s*K\s*\^?\s*\(?(?:T|⊤)\)?\s*\)|softmax\s*\(\s*(?:scores|S|attn_scores"
    r"|Q @ K\.T)\s*(?:,[^)]*)?\)",
)
CAUSAL = re.compile(
    r"\bcausal(?:ly)?\b(?![^.\n]{0,30}\bnot\b)|\bmasked self[- ]attention\b|\blook[- ]ahead mask"
    r"|\blower[- ]triangular|\btril\b|\bkausal\w*"
    r"|\bmay (?:only )?(?:attend|see|look)[^.\n]{0,30}(?:itself|before|earlier|previous)|\bfuture (?:tokens"
    r"|positions|words) (?:are|is) (?:masked|hidden)"
    r"|\bmasque causal|\bm[áa]scara causal|\bcausale?\b",
    re.IGNORECASE,
)
NO_MASK = re.compile(
    r"\b(?:no|without(?: a| any)?|not|non)[- ](?:\w+[- ]){0,2}(?:mask\w*|causal)|\bmask\s*[:=]\s*none|\bunmasked\b"
    r"|\bbidirectional\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\b(?:unlike|in contrast|contrary to|whereas|elsewhere|next (?:chapter|section|part|lesson|post|week)"
    r"|later (?:on|chapter|section|we)|(?:will|shall) (?:later|then)?\s*(?:add|introduce|see)|would|could|might"
    r"|nothing to do|other models|GPT|decoder[- ]only|learning rate|sampling|when generating)\b",
    re.IGNORECASE,
)
_OF_ATTENTION = re.compile(
    r"scor|softmax|attention|dot[- ]?product|logit|weight|scal|similar|Q\s*K|\bq\b|skalar|produit|producto",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n\s*\n")


class Statement(NamedTuple):
    """What one place says.

    Args:
        offset: where it stands in the source.
        scale: the factor of the scores, as an example file writes it; empty where it is about the mask.
        causal: whether the mask is causal; `None` where it is about the scale.
    """

    offset: int
    scale: str = ""
    causal: bool | None = None


def first(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first place where a passage says something about its own numbers."""
    return next((found for found in pattern.finditer(text) if not is_aside(found)), None)


def first_number(text: str) -> tuple[re.Match[str], str] | None:
    """The first place where a passage states a scale or temperature as a number, and the factor."""
    for found in BY_NUMBER.finditer(text):
        scale = stated_scale(found)
        if scale and not is_aside(found) and _OF_ATTENTION.search(sentence_around(found)):
            return found, scale
    return None


def is_aside(found: re.Match[str]) -> bool:
    """Whether a match stands in a sentence about something else than the document's own numbers."""
    return _ASIDE.search(sentence_around(found)) is not None


def sentence_around(found: re.Match[str]) -> str:
    """The sentence in which a match stands."""
    text, start, end = found.string, 0, len(found.string)
    for stop in _SENTENCE_END.finditer(text):
        if stop.start() < found.start():
            start = stop.end()
        elif stop.start() >= found.end():
            end = stop.end()
            break
    return text[start:end]


def statements_of(passages: Sequence[Passage]) -> list[Statement]:
    """Every place that says how scores are scaled or masked, in reading order; asides too."""
    known: dict[str, list[tuple[int, str, bool | None]]] = {}
    found: list[Statement] = []
    for passage in passages:
        text = passage.text.text
        if text not in known:
            known[text] = sorted(_in_text(text, passage.kind == "code"), key=lambda place: place[0])
        for start, scale, causal in known[text]:
            found.append(Statement(passage.text.span(start, start + 1).start, scale, causal))
    return found


def _in_text(text: str, is_code: bool) -> Iterator[tuple[int, str, bool | None]]:
    for pattern, scale in (
        (SQUARE_ROOT, "1/sqrt(d_k)"),
        (BY_D_K, "1/d_k"),
        (NO_SCALE, "none"),
        (UNSCALED_FORMULA, "none"),
    ):
        yield from ((found.start(), scale, None) for found in pattern.finditer(text))
    if not is_code:
        for found in BY_NUMBER.finditer(text):
            scale = stated_scale(found)
            if scale or found["temperature"] or found["t"]:
                yield found.start(), scale or "none", None
    taken = [found.span() for found in NO_MASK.finditer(text)]
    yield from ((start, "", False) for start, _ in taken)
    for found in CAUSAL.finditer(text):
        if not any(low <= found.start() < high for low, high in taken):
            yield found.start(), "", True


def stated_scale(match: re.Match[str]) -> str:
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
