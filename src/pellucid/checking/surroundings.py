"""What stands before a passage and may name what is in it: a heading, what leads into a list, the line before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pellucid.checking.named_places import mentioned
from pellucid.checking.naming import Quantity, quantity

TRIMMINGS = " \t\n=≈:→-–—*•#/\"“”'‘’."
"""What stands around a token in a label."""
SUPPOSED = re.compile(
    r"\bmistake|\bwould (?:be|become|give|have|look|change)\b|\bwrong|\bincorrect|\bif we (?:forg|did|had|left|skip)"
    r"|\bhad we\b|\bdropout\b|\bafter (?:\w+ ){0,3}(?:training|updates?|epochs?|gradient)\b",
    re.IGNORECASE,
)
"""Words beside results that are not those of the example: what a slip would give, or what training made of them."""
_SUBJECT = re.compile(
    r"attention|attn|self|softmax|transformer|aufmerksamkeit|atenci|example|beispiel|exemple|ejemplo|intro|exercise"
    r"|solution|question|answer|problem|step|result|summary|notes?$|overview|setup|background|method|appendix",
    re.IGNORECASE,
)
"""What a heading of one word is about where it names no token."""
_NEXT = re.compile(
    r"[\s,;]*(?:(?:and|und|et|y)\s+)?(?P<quote>[\"“„«]?)(?P<token>[^\W\d][\w'’#-]{0,29}?)[\"”“»]?\s*[:=]?\s*"
)
"""A token by itself between two numbers of a list, in quotation marks or not."""
_NEW_TOKEN = re.compile(r"[^\W\d][\w'’-]{0,19}")


class Surroundings:
    """The words that a reader of a passage has in mind, the passage before it being the last.

    Args:
        tokens: known tokens.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tuple(tokens)
        self.heading = self.lead = self.last_line = ""
        self.supposes = False  # whether the heading says that what follows is wrong, or holds elsewhere

    def go_on(self, kind: str, text: str) -> None:
        """Keep of a passage that has been read what may name the next.

        Args:
            kind: of the passage.
            text: of the passage.
        """
        if kind == "heading":
            self.heading, self.last_line = text.strip(), ""
            self.supposes = SUPPOSED.search(self.heading) is not None
        else:
            self.last_line = _last_line(text)

    @property
    def lines(self) -> list[str]:
        """The lines that may name what follows, the nearest last: a heading, what leads into a list, the line before.

        Inside a list the line before is another item, which names only itself.
        """
        return [line for line in (self.heading, self.lead or self.last_line) if line]

    def about(self) -> tuple[str, ...]:
        """The token that the line or heading before a passage names."""
        for line in reversed(self.lines):
            if found := mentioned(line, self.tokens):
                return found[:1]
            word = line.strip().strip("\"“”'‘’:*")
            if (
                re.fullmatch(r"[^\W\d]\w{0,19}", word)
                and not _SUBJECT.match(word)
                and quantity(word, self.tokens) is None
            ):
                return (word,)
        return ()

    def of_token(self, label: str, steps: Sequence[str], title: str = "") -> Quantity | None:
        """`dog: … = 0.48` under the heading “Attention weights” is the weight of dog.

        In a list under “Keys:” a word that is no known token yet names one, too.

        Args:
            label: what stands before the number.
            steps: what it can be.
            title: the line above the list in the same passage; empty where there is none.
        """
        token = label.strip(TRIMMINGS)
        if token not in self.tokens and not ((title or self.lead) and _NEW_TOKEN.fullmatch(token)):
            return None
        for line in (title,) if title else reversed(self.lines):
            named = quantity(line, () if title else self.tokens)  # “Keys (from the encoder):” is not about “the”
            if named is not None and named.step in steps and not named.indices:
                return Quantity(named.step, (token,), named.head)
        return None

    def goes_on(self, named: Quantity, between: str) -> Quantity | None:
        """`Keys: "cat" [0, 1], "sat" [2, 0]`: a list that has named a token goes on with the same of another one.

        Args:
            named: what the item before is.
            between: what stands between it and this one.
        """
        found = _NEXT.fullmatch(between)
        if found is None or len(named.indices) != 1 or not (found["quote"] or found["token"] in self.tokens):
            return None
        return Quantity(named.step, (found["token"],), named.head)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
