"""What the words before a number or an array say it is: `Query of "dog"`, `q_dog`, `Q K^T / √d_k`, `a_{12}`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from pellucid.checking.named_places import (
    LEADING_TOKEN,
    WORD_PRODUCT,
    first_of,
    is_known,
    mentioned,
    split_index,
    without_quotes,
)

IGNORED = "ignored"
"""The step of what is named but is no step of the chain: exponentials, sums, largest elements."""

BEYOND = "beyond"
"""The step of what comes after attention in a Transformer, its sum with the input or a feed-forward network, and of
scores to which something is added."""

NO_STEPS = (IGNORED, BEYOND)
"""What is named but cannot be compared with a step of attention."""


class Quantity(msgspec.Struct, frozen=True):
    """What a label names.

    Args:
        step: in the terms of the example format; weight matrices are "weights.query" and so on; `IGNORED` for
            intermediate results of the softmax, `BEYOND` for what goes beyond it.
        indices: tokens or numbers that say which row, or which row and column.
        head: of several, from 0; `None` where none is named.
        symbol: whether a mathematical symbol named it (Q, a_12), not words.
    """

    step: str
    indices: tuple[str, ...] = ()
    head: int | None = None
    symbol: bool = False


_SYMBOL_INDEX = (
    r"(?:_\{(?P<braced>[^{}]{1,40})\}|_?\((?P<round>[^()]{1,40})\)|_(?P<plain>[^\W_]+(?:,[^\W_]+)?)"
    r"|(?P<digits>\d{1,3}))?"
)


def _symbol(letters: str) -> str:
    return rf"(?<![^\W\d])(?<!_\{{)(?:{letters})(?:⃗)?{_SYMBOL_INDEX}(?![\w(])"


_ROLE_WORDS = {
    "query": r"quer(?:y|ies)|anfragen?|abfragen?|requ[êe]tes?|consultas?",
    "key": r"keys?|schl[üu]ssel|cl[ée]s?|claves?|chaves?",
    "value": r"values?|werte?|valeurs?|valor(?:es)?",
    "output": r"outputs?|ausgaben?|sorties?|salidas?|sa[íi]das?",
}
_MATRIX = r"(?:weights?|projections?|gewichts?|poids|pesos)"

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (step, re.compile(pattern, flags))
    for step, pattern, flags in (
        *(
            (f"weights.{role}", rf"\bW\s*[_^]?\s*[{{(]?(?:{letter}|{role})(?:_?\d{{1,2}})?\b", re.IGNORECASE)
            for role, letter in (("query", "q"), ("key", "k"), ("value", "v"), ("output", "o(?:ut)?"))
        ),
        *(
            (
                f"weights.{role}",
                rf"\b(?:{words})[\s_-]*{_MATRIX}(?:[\s_-]*(?:matri(?:x|ces)|matrices?))?\b"
                rf"|{_MATRIX}[\s_-]+matri(?:x|ces)[\s_-]+(?:for|of|to)[\s_-]+(?:the[\s_-]+)?(?:{words})\b",
                re.IGNORECASE,
            )
            for role, words in _ROLE_WORDS.items()
        ),
        *(
            (f"biases.{role}", rf"\bb_\{{?{letter}\b", re.IGNORECASE)
            for role, letter in (("query", "q"), ("key", "k"), ("value", "v"), ("output", "o"))
        ),
        (
            "output",
            r"\bweighted[\s_-]+(?:sums?|averages?|mean|values?|combination)|\bcontext(?:[\s_-]+(?:vectors?|matrix"
            r"|vecs?))?\b"
            r"|\b(?:attention|attn|attended)[\s_-]+(?:outputs?|results?|values?)|\b(?:final"
            r"|self[\s_-]attention)?[\s_-]*outputs?\b"
            r"|\battention\s*\(\s*q|\bgewichtete[\s_-]+summe|\bsomme[\s_-]+pond[ée]r[ée]e|\bsuma[\s_-]+ponderada"
            r"|\bausgaben?\b|\bsorties?\b|\bsalidas?\b|\bkontext\w*",
            re.IGNORECASE,
        ),
        (
            "output",
            r"softmax\s*\([^=]*\)\s*[·×*@]?\s*V\b|(?<!\w)(?:A|α|W|P|weights|attn)(?:_\d+)?\s*[·×*@]?\s*V(?:_\d+)?\b(?!\s*_)"
            r"|\b\w*(?:attn|attention|weights|probs)\w*\s*@\s*(?:[vV]|values?)\s*$"
            r"|\bV\s*[·×*@]?\s*A\b"
            r"|\d\s*[·×*⋅]?\s*v_?\{?\w{0,20}\}?\s*\+.*\d\s*[·×*⋅]?\s*v_?\{?\w{0,20}\}?\s*$",  # 0.2·v_a + 0.8·v_b
            0,
        ),
        ("weights", r"(?<!before )softmax\s*\(", re.IGNORECASE),
        (
            "scaled_scores",
            r"\b(?:attn|attention)[\s_-]+logits?\b|\blogits?\s+before\b|\b(?:raw|unnormali[sz]ed|pre[\s_-]?softmax)"
            r"[\s_-]+(?:attention[\s_-]+)?(?:weights?|logits?)\b|\bbefore\s+(?:the\s+)?softmax"
            r"|\binputs?\s+(?:to|of)\s+(?:the\s+)?softmax|\bpre[\s_-]softmax\b",
            re.IGNORECASE,
        ),
        (
            "weights",
            r"softmax|\battention[\s_-]+(?:weights?|matrix|distributions?|probabilit\w+|map|coefficients?)\b"
            r"|\battn\b(?![\s_-]+scores?)"
            r"|(?<!loss )(?<!class )(?<!sample )\bweights?\b|\bprobabilit\w+|\bprobs?\b|\bgewichte?\b"
            r"|\baufmerksamkeitsgewichte?\b|\bpoids\b|\bpesos\b|\bnormali[sz]ed",
            re.IGNORECASE,
        ),
        (
            "masked_scores",
            r"\bmasked(?![\s_-]+(?:self[\s_-]+)?(?:attention\b|multi))|\b(?:after"
            r"|with)\s+(?:\w+\s+){0,3}mask(?:ing)?\b|\bmaskiert\w*"
            r"|(?<!\w)S\s*\+\s*M\b",
            re.IGNORECASE,
        ),
        (
            "scaled_scores",
            r"\bscal(?:ed|ing)(?:_?\d{1,2})?\b|\bdivid\w+ (?:\w+ ){0,3}by\s+(?:√|sqrt|the square root)"
            r"|/\s*(?:\()?(?:√|sqrt)|/\s*\(?\s*d_?k\b|\bdivided\s+by\b|\bgeteilt\s+durch\b|\bdivisée?s?\s+par\b"
            r"|\bdividid[oa]s?\s+(?:por|entre)\b|\bskalierte?\w*"
            r"|\b[ée]chelle\b|\bescalad\w+"
            r"|(?<!\w)S['′]|(?:^|[^\w)])(?:[A-Za-z]\w*|\))\s*/\s*(?:√|(?:\w{1,9}\.)?sqrt)",
            re.IGNORECASE,
        ),
        (
            "scores",
            r"\bscores?\b|\bq(?:_\w+)?\s*[·×*@.]?\s*k(?:_\w+)?\s*\^?\s*\(?(?:T|⊤|')|\bk\s*\^?\s*\(?(?:T|⊤)\)?\s*[·×*@]?\s*q\b"
            r"|\bdot[\s_-]*products?\b|\bsimilarit\w+"
            r"|\bskalarprodukte?\b|\bproduits?\s+scalaires?\b|\bproductos?\s+escalar(?:es)?\b|\bpuntuaci\w+"
            r"|\bpunktzahl\w*|\blogits?\b|\benerg(?:y|ies)\b",
            re.IGNORECASE,
        ),
        ("mask", r"\bmask\b", re.IGNORECASE),
        ("concatenated", r"\bconcat\w*", re.IGNORECASE),
        ("positions", r"\bposition(?:al|s)?\b|(?<!\w)PE(?!\w)", re.IGNORECASE),
        *((role, rf"\b(?:{words})\b", re.IGNORECASE) for role, words in _ROLE_WORDS.items() if role != "output"),
        (
            "embeddings",
            r"\bembeddings?\b|\binputs?\b|\beingaben?\b|\bentr[ée]es?\b|\bentradas?\b|\bword[\s_-]+vectors?\b",
            re.IGNORECASE,
        ),
    )
)

_SYMBOLS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (step, re.compile(_symbol(letters)))
    for step, letters in (
        ("output", "Z|z|O|o|Out|out|c|C"),
        ("weights", "A|a|α|α̂|P|p|w|attn"),
        ("masked_scores", "M̂"),
        ("scores", "S|s|E|e"),
        ("query", "Q|q"),
        ("key", "K|k"),
        ("value", "V|v"),
        ("mask", "M"),
        ("embeddings", "X|x|H|h"),
    )
)

_OF_ANY = re.compile(r"\b(?:of|for|von|für|de|del|du)\s+[\"“'‘]?([^\W\d]\w*)[\"”'’]?\s*(?:is|=|:)?\s*$")
_SYMBOL_OF = {step: pattern for step, pattern in _SYMBOLS if step in ("query", "key", "value", "embeddings")}

_IGNORED = re.compile(
    r"\bexp(?:onential\w*|s)?\b|\be\^|\bexp\(|\b(?:denominator|numerator|normali[sz]er|(?<!weighted\s)sum\s+of|row\s+sums?"
    r"|partition)\b|\bmax(?:imum)?\b"
    r"|\bshape\b|\bsize\b|\bdimension\w*|\bloss\b|\bgradient\w*|^\W*d_?k\W*$|\btotal\b|(?:^|\W)Σ|^\s*sum\b"
    r"|\bsumme\b|\bnenner\b|\bgrad\b"
    r"|\bl(?:ayer)?_?norm\b|\bdropout\b|\bdifference\b|\berror\b|\bnorm\b",
    re.IGNORECASE,
)
_PRODUCT = re.compile(
    r"(?<!\w)q(?:uery)?(?:_\{(?P<q1>[^{}]+)\}|_?\((?P<q2>[^()]+)\)|_(?P<q3>[^\W_]+)"
    r"|(?P<q4>\d+))?(?:\s*\^\(?[T⊤]\)?)?(?:\s*[·×*@.,]\s*|\s+)"
    r"k(?:ey)?(?:_\{(?P<k1>[^{}]+)\}|_?\((?P<k2>[^()]+)\)|_(?P<k3>[^\W_]+)|(?P<k4>\d+))?(?:\^\(?[T⊤]\)?)?(?!\w)",
    re.IGNORECASE,
)
_HEAD = re.compile(r"\bhead\s*[_#]?\s*(\d+)|\bhead_?(\d+)", re.IGNORECASE)
_AXES = re.compile(r"\s+(?:query|key|token|head|d_\w+)\s*×\s*(?:query|key|token|d_\w+)(?:,\s*\d+\s*×\s*\d+)*\s*$")
"""The axes of a matrix behind its name: `weights query × key, 6 × 6`."""
_BEYOND = re.compile(
    r"(?<!before )(?<!before the )(?<!without )(?<!without the )\b(?:residual|skip[\s_-]connection)"
    r"|\b(?:of|from|after|through|by)\s+(?:the\s+|a\s+)?(?:\w+\s+)?(?:feed[\s_-]?forward|ffn|mlp|relu|gelu)\b"
    r"|\b(?:feed[\s_-]?forward|ffn|mlp)[\s_-]+(?:network[\s_-]+|layer[\s_-]+)?outputs?\b"
    r"|\boutputs?\s*\+|\+\s*(?:\w+\s+)?outputs?\b",
    re.IGNORECASE,
)
"""What makes an output one of more than attention: `X + Output`, `after the feed-forward network`."""
_BIASED = re.compile(
    r"(?<!before )(?<!before the )(?<!without )(?<!without the )(?<!without a )(?<!no )\b(?:bias(?:es|ed)?|alibi)\b",
    re.IGNORECASE,
)
"""What makes scores others than those of queries and keys."""
_SENTENCE = re.compile(r"[.;\n]\s")
_RELATION = re.compile("[=≈]")
_CLAUSE = re.compile(r"[,;.\n]\s")
_NO_PRODUCT = re.compile(r"softmax|exp|scal|weights?\b|/|√", re.IGNORECASE)
_WEIGHTS = re.compile(r"softmax|weight(?!ed)|attn", re.IGNORECASE)
_SNAKE = re.compile(r"(?<=[A-Za-z]{2})_(?=[A-Za-z]{2})")


def quantity(label: str, tokens: Sequence[str] = ()) -> Quantity | None:
    """What a label names; `None` where it names nothing that attention has.

    Documents name the same things again and again, so that answers are kept.

    Args:
        label: the words and symbols before a number, an array or a relation.
        tokens: known tokens, which may stand in the label.
    """
    label = label.strip().rstrip("=≈:→ \n\t")
    return _quantity(label[-400:], tokens if isinstance(tokens, tuple) else tuple(tokens)) if label else None


@lru_cache(maxsize=50_000)
def _quantity(label: str, tokens: tuple[str, ...]) -> Quantity | None:
    label = (_AXES.sub("", label) or label).replace("ᵀ", "^T")
    words = _SNAKE.sub(" ", label)
    head = _head(words)
    found: list[Quantity] = []
    for side in (part for part in _RELATION.split(label) if part.strip()):
        named = _named(side, tokens, head)
        if named is not None and not named.symbol:
            # Words and formulas say what it is; a symbol on the left may say which row.
            if not named.indices and found and found[0].indices:
                return Quantity(named.step, found[0].indices, head)
            return named
        if named is not None:
            found.append(named)
    return found[0] if found else None


def _named(label: str, tokens: tuple[str, ...], head: int | None) -> Quantity | None:
    """What one side names."""
    words = _SNAKE.sub(" ", label)
    product = _PRODUCT.search(words)
    if product and not _NO_PRODUCT.search(words):
        row = first_of(product, "q1", "q2", "q3", "q4")
        column = first_of(product, "k1", "k2", "k3", "k4")
        return Quantity("scores", (row or "",) if column is None else (row or "", column), head)
    if _WEIGHTS.search(words) is None and _IGNORED.search(words):
        return Quantity(IGNORED)
    for step, pattern in _PATTERNS:
        if pattern.search(words):
            if step == "output" and _BEYOND.search(_SENTENCE.split(words)[-1]):
                return Quantity(BEYOND)
            if step in ("scores", "scaled_scores") and _BIASED.search(_SENTENCE.split(words)[-1]):
                return Quantity(BEYOND)
            if step in _SYMBOL_OF and step != "embeddings":  # of query, key and value the one that is named first
                step = min(_ROLES_NAMED, key=lambda role: _first_place(role, words))
            if step.startswith("weights.") and _PROJECTED.search(label):
                step = step.removeprefix("weights.")
            indices = mentioned(label, tokens)
            if (
                not indices
                and step in ("query", "key", "value", "embeddings")
                and (leading := LEADING_TOKEN.match(label))
            ):
                indices = (leading[1],) if _named(leading[1], (), None) is None else ()
            if not indices and (symbol := _SYMBOL_OF.get(step)) is not None:
                found = list(symbol.finditer(label))  # “the keys are k_dog”
                index = first_of(found[-1], "braced", "round", "plain", "digits") if found else None
                indices = split_index(index)
            if not indices and step in _SYMBOL_OF and (of := _OF_ANY.search(label)):
                indices = (of[1],)
            return Quantity(step, indices, head)
    clause = _CLAUSE.split(label)[-1].strip() or label.strip()
    for part in reversed([part for part in clause.split(":") if part.strip()]):
        for step, pattern in _SYMBOLS:
            matched = pattern.search(part)
            if matched and matched.group() in tokens and matched.group()[-1].isdigit():
                continue  # a token that is called w1
            if matched and step == "output" and matched.group()[0] in "ZO" and _is_summand(part, matched):
                return Quantity(BEYOND)
            if matched and _stands_alone(part.strip() if not part[0].isspace() else part, matched):
                index = first_of(matched, "braced", "round", "plain", "digits")
                indices = split_index(index) or mentioned(label, tokens)
                if not indices and step in _SYMBOL_OF and (leading := LEADING_TOKEN.match(label)):
                    indices = (leading[1],) if _named(leading[1], (), None) is None else ()
                return Quantity(step, indices, head, symbol=True)
    pair = WORD_PRODUCT.search(label)
    if pair and is_known(pair["q"], tokens) and is_known(pair["k"], tokens):
        return Quantity("scores", (without_quotes(pair["q"]), without_quotes(pair["k"])), head)
    return None


_PROJECTED = re.compile(
    r"W[_^]?\{?[QKVqkv]\w*\}?\s+[xX]|"
    r"(?<!\w)[A-Zx](?:_\w+)?\s*[·×*@]?\s*W(?=[_^{QKVqkv])|\w\s*[·×*@]\s*\(?W|W\w*\s*[·×*@]\s*[xX\w]|(?i:inputs?"
    r"|embeddings?)\s+(?:times|@)"
    r"|\b(?i:project\w*|multipl\w+|times|after|by|with|through|applying)\s+(?:\w+\s+){0,2}W[_^]?\{?[QKVOqkvo]\w*\}?\b"
    r"(?!.*\b(?i:matri|weights?|projections?\b))[^=]*\b(?i:outputs?|quer(?:y|ies)|keys?|values?|gives?|yields?|get|obtain)\b"
)


_PATTERN_OF = {role: pattern for role, pattern in _PATTERNS if role in ("query", "key", "value")}
_ROLES_NAMED = ("query", "key", "value")


def _first_place(role: str, words: str) -> int:
    """Where a role is first named in a label."""
    found = _PATTERN_OF[role].search(words)
    return found.start() if found else len(words)


def _is_summand(clause: str, found: re.Match[str]) -> bool:
    """Whether a symbol is added to something, or something to it."""
    before, after = clause[: found.start()].rstrip(), clause[found.end() :].lstrip()
    return before[-1:] in ("+", "-", "−") or after[:1] in ("+", "-", "−")


def _stands_alone(clause: str, found: re.Match[str]) -> bool:
    """Whether a symbol is what the clause is about, not a letter of a sentence or a factor of a product."""
    before, after = clause[: found.start()].rstrip(), clause[found.end() :].strip()
    single = found.group() in ("a", "A", "e", "o", "O", "c", "C", "p", "P", "w", "h", "H", "x", "s", "E", "M")
    if before[-1:] and before[-1:] in '"“„‘«' and after[:1] in ('"', "”", "“", "’", "»"):
        return False  # “a” is a word here
    if _is_summand(clause, found):
        return False  # X + Z is not Z
    if single and before and (before[-1].isalnum() or before[-1] in "'’"):
        words_before = len(before.split())
        return words_before <= 3 and not after
    return not (after and after[0] in "·×*@/+-^") or after.startswith("^T =")


def _head(label: str) -> int | None:
    found = _HEAD.search(label)
    return int(found[1] or found[2]) if found else None
