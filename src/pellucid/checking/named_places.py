"""Which tokens or positions a text names: `(sitting, The)`, `"dog"`, `sitting · dog`, `row 2`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

WORD_PRODUCT = re.compile(r"(?P<q>[\w'’.\"“”#-]+)\s*[·×*∙•→]\s*(?P<k>[\w'’.\"“”#-]+)")
_QUOTED = re.compile(r"[\"“„”«»'‘’`]([^\"“„”«»`\n]{1,40}?)[\"“”«»'’`](?!\w)")
_BRACKETED = re.compile(r"[(\[]\s*([^()\[\]=]{1,80}?)\s*[)\]](?:\[([^\[\]]{1,40})\])?")
_OF_TOKEN = re.compile(
    r"\b(?:for|of|from|für|von|pour|de|para|row|token|word|wort|mot|position|query|key)\s+[\"“'‘]?([\w#.-]+)[\"”'’]?",
    re.IGNORECASE,
)
LEADING_TOKEN = re.compile(r"^\W{0,3}([\w'’#.-]{1,30}?)\W*[:|–—]")
_COMMON = frozenset({"of", "for", "from", "query", "key", "value", "the", "a", "is", "and", "to", "in", "on", "with"})


def mentioned(label: str, tokens: Sequence[str] = ()) -> tuple[str, ...]:
    """The tokens or positions that a text names, such as `(sitting, The)`, `"dog"` or `row 2`; answers are kept.

    Args:
        label: the text.
        tokens: known ones, which may stand in it.
    """
    return _indices(label, tokens if isinstance(tokens, tuple) else tuple(tokens))


@lru_cache(maxsize=50_000)
def _indices(label: str, tokens: tuple[str, ...]) -> tuple[str, ...]:
    for found in reversed(list(_BRACKETED.finditer(label))):
        parts = split_index(found[1]) + (split_index(found[2]) if found[2] else ())
        pair = (
            len(parts) == 2
            and not found[1].startswith(("Q", "K", "q,", "k,"))
            and label[: found.start()][-1:] not in ("", " ")
        )
        if parts and all(
            is_known(part, tokens) or re.fullmatch(r"\d{1,4}" + r"|[^\W\d]\w*" * pair, part) for part in parts
        ):
            if label[: found.start()].rstrip()[-8:].lower().endswith(("softmax", "exp", "sqrt")) and all(
                part.isdigit() for part in parts
            ):
                continue
            return tuple(map(without_quotes, parts))
    product = WORD_PRODUCT.search(label)
    if product and is_known(product["q"], tokens) and is_known(product["k"], tokens):
        return without_quotes(product["q"]), without_quotes(product["k"])
    quoted = tuple(found[1].strip() for found in _QUOTED.finditer(label))
    if quoted:
        return quoted[:2]
    if tokens:
        found_tokens = [
            word
            for word in re.findall(r"[^\s,;:()\[\]=·×*|\"“”]+", label)
            if word in tokens and word.lower() not in _COMMON
        ]
        if found_tokens:
            return tuple(found_tokens[:2])
        if (leading := LEADING_TOKEN.match(label)) and leading[1] in tokens:
            return (leading[1],)
    for found in _OF_TOKEN.finditer(label):
        if is_known(found[1], tokens) or found[1].isdigit():
            return (found[1],)
    return ()


def is_known(part: str, tokens: Sequence[str]) -> bool:
    """Whether a part of a text is a token, or a token without the number of its occurrence."""
    cleaned = without_quotes(part)
    return cleaned in tokens or cleaned.partition("#")[0] in tokens


def without_quotes(part: str) -> str:
    """A token without the quotation marks around it."""
    return part.strip().strip("\"“”„'‘’`«»").strip()


def split_index(index: str | None) -> tuple[str, ...]:
    """`1,2` and `12` are two positions; `sitting, The` two tokens."""
    if not index:
        return ()
    cleaned = [without_quotes(part) for part in re.split(r"[,;→·]|\s->\s", index) if part.strip()]
    if len(cleaned) == 1 and re.fullmatch(r"[1-9][1-9]", cleaned[0]):
        return cleaned[0][0], cleaned[0][1]
    return tuple(cleaned)


def first_of(found: re.Match[str], *groups: str) -> str | None:
    """The first of some groups that took part in a match."""
    for group in groups:
        text = found[group]
        if text is not None:
            return without_quotes(text)
    return None
