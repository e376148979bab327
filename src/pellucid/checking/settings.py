"""Where a document says how its scores are scaled and masked: once for all, or again for a part of it.

“Without a mask”, “with temperature 2”, “dividing by √d_k”: each holds from where it stands until another is made.
A sentence about other models, about a later chapter, or about what would be, is an aside: it says nothing about the
document's own numbers, unless the numbers beside it prove that it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

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
_NEEDS: dict[re.Pattern[str], tuple[str, ...]] = {
    SQUARE_ROOT: ("√", "sqrt", "root", "wurzel", "racine", "raíz", "raiz", "**"),
    BY_D_K: ("d_k", "dk", "d_{k", "d{k"),
    NO_SCALE: ("scal", "skal", "échel", "echel", "√"),
    UNSCALED_FORMULA: ("softmax",),
    BY_NUMBER: ("divid", "t=", "t =", "temperat", "scale", "multipl"),
    NO_MASK: ("mask", "causal", "bidirect"),
    CAUSAL: ("causal", "kausal", "mask", "tril", "triang", "may ", "future", "masque", "máscara", "mascara"),
}
"""One of these, in small letters, is in every text that a pattern finds something in: quicker to look for."""
NEEDED = tuple(dict.fromkeys(word for words in _NEEDS.values() for word in words))
"""A text that says anything about scale or mask has one of these in it, in small letters; none has a digit."""
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


class Said(NamedTuple):
    """A statement as it stands in a text.

    Args:
        start: its place in the text.
        kind: "root", "d_k", "none", "unscaled" (by a formula) and "number" are about the scale, "mask" about the mask.
        scale: as in `Statement`.
        causal: as in `Statement`.
        aside: whether it is about something else than the document's own numbers.
    """

    start: int
    kind: str
    scale: str
    causal: bool | None
    aside: bool


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


def has_any(text: str, words: Iterable[str]) -> bool:
    """Whether one of some words, or of the signs between words, stands in a text."""
    for word in words:  # noqa: SIM110 - a generator takes twice as long, and there may be a hundred thousand texts
        if word in text:
            return True
    return False


def said_in(text: str, *, is_code: bool) -> list[Said]:
    """Every place in a text that says how scores are scaled or masked, in reading order; asides too."""
    return sorted(_said_in(text, text.lower(), is_code))


def _said_in(text: str, lowered: str, is_code: bool) -> Iterator[Said]:
    def places(pattern: re.Pattern[str]) -> list[re.Match[str]]:
        return list(pattern.finditer(text)) if has_any(lowered, _NEEDS[pattern]) else []

    for pattern, kind, scale in (
        (SQUARE_ROOT, "root", "1/sqrt(d_k)"),
        (BY_D_K, "d_k", "1/d_k"),
        (NO_SCALE, "none", "none"),
        (UNSCALED_FORMULA, "unscaled", "none"),
    ):
        yield from (Said(found.start(), kind, scale, None, is_aside(found)) for found in places(pattern))
    for found in places(BY_NUMBER) if not is_code else ():
        scale = stated_scale(found)
        if scale or found["temperature"] or found["t"]:
            aside = not scale or is_aside(found) or not _OF_ATTENTION.search(sentence_around(found))
            yield Said(found.start(), "number", scale or "none", None, aside)
    unmasked = places(NO_MASK)
    yield from (Said(found.start(), "mask", "", False, is_aside(found)) for found in unmasked)
    for found in places(CAUSAL):
        if not any(low <= found.start() < high for low, high in (one.span() for one in unmasked)):
            yield Said(found.start(), "mask", "", True, is_aside(found))


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
