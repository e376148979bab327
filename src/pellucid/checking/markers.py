"""Lines that say which head or which query the following is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from pellucid.checking.mention import FOCUS, SECTION, Mention
from pellucid.checking.naming import Quantity
from pellucid.checking.settings import has_any

HEAD = re.compile(r"^\W*(?:attention )?head\s*#?\s*(\d{1,2})\b[^\w=\n]{0,3}$", re.IGNORECASE | re.MULTILINE)
_FOCUS = re.compile(
    r"\b(?:look at|focus(?:ing)? on|consider|take|follow|the query(?: is| of| for)?|for|row (?:of|for)"
    r"|attention (?:of|for))\s+(?:the )?(?:word |token |query )?"
    r"(?:[\"“'‘„]([^\"”'’\n]{1,30})[\"”'’]|(\w+)(?=\s*[:.,]?\s*$))",
    re.IGNORECASE | re.MULTILINE,
)
_FOCUSES = ("look", "focus", "consider", "take", "follow", "query", "for", "row", "attention")
"""One of these is in every text that `_FOCUS` finds: quicker to look for."""


def markers(text: str, tokens: Sequence[str], covered: Sequence[tuple[int, int]]) -> Iterator[Mention]:
    """The heads and queries that a passage turns to, with places in the text.

    Args:
        text: of the passage.
        tokens: known tokens.
        covered: stretches that have been read as equations.
    """
    lowered = text.lower()
    for head in HEAD.finditer(text) if "head" in lowered else ():
        yield Mention(Quantity(SECTION, head=int(head[1])), np.empty(0, dtype=object), head[0], offset=head.start())
    for focus in _FOCUS.finditer(text) if has_any(lowered, _FOCUSES) else ():
        if any(low <= focus.start() < high for low, high in covered):
            continue
        word = next(group for group in focus.groups() if group is not None)
        if word in tokens or word.isdigit():
            yield Mention(Quantity(FOCUS, (word,)), np.empty(0, dtype=object), focus[0], offset=focus.start())
