"""Mentions: the places where a document says what something is, in numbers.

`"dog": Query = [0.4, 0.6, 0.2]`, a matrix under the word “Scores”, a cell of a table: each becomes a mention, with
its numbers as trees whose places are offsets in the source.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from msgspec import structs

from pellucid.arrays import Array
from pellucid.checking.bare_lists import bare_lists
from pellucid.checking.equations import Chain, chains_of
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.markers import HEAD, markers
from pellucid.checking.mention import INFERRED, SECTION, Mention, as_array, as_programs_print, located
from pellucid.checking.naming import Quantity, mentioned, quantity
from pellucid.checking.passages import Part, Passage, Table
from pellucid.checking.printed import Printed
from pellucid.checking.prints import Prints
from pellucid.checking.sides import NotASideError, SideParser
from pellucid.checking.tables import names_one, table_mentions
from pellucid.checking.tokens import CLOSE, OPEN, WORD, Token, tokens_of
from pellucid.checking.values import Tree, Value, leaves
from pellucid.expressions import Exponential, Number, Quotient, SquareRoot

_LABEL = 300
_CLAUSE_END = re.compile(r"(?<!\s)[;.](?=\s)")  # not the dot of q . k
_JOINS = re.compile(r"(?:\s*(?:for|of)\s+[\"“*]?\w+[\"”*]?)?[\s,;&#/*>|-]*(?:and|und|et|y)?\s*")
_MAY_HOLD_ARRAY = re.compile(r"[\[(][\s\[(]{0,40}[-−]?[\d.√∞]")
_SUBJECT = re.compile(
    r"attention|attn|self|softmax|transformer|aufmerksamkeit|atenci|example|beispiel|exemple|ejemplo|intro|exercise"
    r"|solution|question|answer|problem|step|result|summary|notes?$|overview|setup|background|method|appendix",
    re.IGNORECASE,
)
"""What a heading of one word is about where it names no token."""
_RESULTS = ("scores", "scaled_scores", "masked_scores", "weights", "output")
_SUPPOSED = re.compile(
    r"\bmistake|\bwould (?:be|become|give|have|look|change)\b|\bwrong|\bincorrect|\bif we (?:forg|did|had|left|skip)"
    r"|\bhad we\b|\bdropout\b|\bafter (?:\w+ ){0,3}(?:training|updates?|epochs?|gradient)\b",
    re.IGNORECASE,
)
"""Words beside results that are not those of the example: what a slip would give, or what training made of them."""
_NEW_TOKEN = re.compile(r"[^\W\d][\w'’-]{0,19}")
_TRIMMINGS = " \t\n=≈:→-–—*•#/\"“”'‘’."
"""What stands around a token in a label."""
_OF_KEYS = ("scores", "scaled_scores", "masked_scores", "weights")
"""What has a number for each token."""
_OF_TOKENS = ("query", "key", "value", "embeddings", *_OF_KEYS, "output")
"""What has a vector for each token."""
_MAKERS = frozenset({"array", "tensor", "matrix", "asarray"})


@dataclass(frozen=True, eq=False)
class Reading:
    """What was found in a document: its equations and its mentions, in reading order."""

    chains: list[Chain]
    mentions: list[Mention]


def read_parts(parts: Sequence[Part], names: Mapping[str, Decimal], tokens: Sequence[str]) -> Reading:
    """The equations and mentions of a document.

    Args:
        parts: its passages and tables.
        names: values of names, such as d_k.
        tokens: those that it declares.
    """
    equations: dict[tuple[str, bool], list[Chain]] = {}
    reader = _read(parts, names, tokens, equations)
    named = [
        label
        for mention in reader.mentions
        if mention.quantity.step in ("query", "key", "value", "embeddings")
        for label in (*mention.quantity.indices, *(mention.rows or ()))
        if label and not label.isdigit() and label not in tokens
    ]
    if named:  # the document names its tokens where it gives their vectors: read it again, knowing them
        reader = _read(parts, names, [*tokens, *dict.fromkeys(named)], equations)
    mentions = reader.mentions
    if any(isinstance(part, Passage) and part.kind == "comment" for part in parts):
        mentions = sorted(mentions, key=lambda mention: mention.offset)  # code and its comments take turns
    return Reading(reader.found_chains, mentions)


def _read(
    parts: Sequence[Part],
    names: Mapping[str, Decimal],
    tokens: Sequence[str],
    equations: dict[tuple[str, bool], list[Chain]],
) -> _Reader:
    reader = _Reader(names, tokens, equations)
    for part in parts:
        if isinstance(part, Table):
            reader.table(part)
        elif part.kind != "example":
            reader.passage(part)
    return reader


def is_literal(value: Value) -> bool:
    """Whether a value is written down number by number, such as [1/3, 0.5], not computed."""
    if value.plain:
        return True
    if not isinstance(value.tree, np.ndarray):
        return False
    return all(
        isinstance(element, Number)
        or (
            isinstance(element, Quotient)
            and isinstance(element.numerator, Number)
            and isinstance(element.denominator, Number)
        )
        or (isinstance(element, SquareRoot) and isinstance(element.radicand, Number))
        for element in value.tree.reshape(-1)
    )


class _Reader:
    def __init__(
        self, names: Mapping[str, Decimal], tokens: Sequence[str], equations: dict[tuple[str, bool], list[Chain]]
    ) -> None:
        self.names = names
        self.tokens = tuple(tokens)
        self.found_chains: list[Chain] = []
        self.mentions: list[Mention] = []
        self.heading = self.lead = self.last_line = ""  # what may name what follows
        self.equations = equations  # of every passage read so far, by its text and whether a program printed it
        self.last_table = ""
        self.in_code = False
        self.prints = Prints()

    # Passages

    def passage(self, passage: Passage) -> None:
        text = passage.text
        if not text.text.strip():
            return
        if passage.kind == "code":
            self.prints.run(text.text)
        elif passage.kind == "heading":
            self.prints.forget()
        self.lead = passage.lead
        program = passage.kind in ("output", "code")
        self.in_code = passage.kind == "code"
        chains = self.chains(text, program)
        covered: list[tuple[int, int]] = []
        for chain in chains:
            covered += ((side.start, side.end) for side in chain.sides if side.value is not None)
        found: list[tuple[int, Mention]] = list(markers(text, self.tokens, covered)) if passage.kind != "code" else []
        for chain in chains:
            if passage.kind != "code":
                self.found_chains.append(chain)
            if mention := self.of_chain(chain, program):
                found.append((chain.start, mention))
        if passage.kind not in ("code", "output"):
            found += self.lists(text, covered)
        found += self.arrays(text, covered, program, passage.kind)
        found.sort(key=lambda pair: pair[0])
        self.mentions += (mention for _, mention in found if not self.is_supposed(mention))
        if passage.kind == "heading":
            self.heading, self.last_line = text.text.strip(), ""
        else:
            self.last_line = _last_line(text.text)

    def is_supposed(self, mention: Mention) -> bool:
        """Whether a result is one that is said to be wrong or to hold elsewhere, beside one that was given before."""
        step = mention.quantity.step
        if not mention.values.size or step not in _RESULTS:
            return False
        supposed = self.lead.endswith("?") or any(map(_SUPPOSED.search, (mention.label, self.heading)))
        return supposed and any(
            other.quantity.step == step and other.values.size >= mention.values.size for other in self.mentions
        )

    @property
    def context(self) -> list[str]:
        """The lines that may name what follows, the nearest last: a heading, what leads into a list, the line before.

        Inside a list the line before is another item, which names only itself.
        """
        return [line for line in (self.heading, self.lead or self.last_line) if line]

    def chains(self, text: MappedText, program: bool) -> list[Chain]:
        """The equations of a passage; they do not depend on the tokens, so that every text is read once."""
        key = (text.text, program)
        known = self.equations.get(key)
        if known is None:
            known = self.equations[key] = list(chains_of(text, self.names, program=program))
            return known
        return [Chain(text, chain.sides, chain.label) for chain in known]

    def of_chain(self, chain: Chain, program: bool) -> Mention | None:
        """What an equation says its last plain side is."""
        label = self.last_clause(chain.label)
        named = quantity(label[-_LABEL:], self.tokens)
        values = [side.value for side in chain.sides if side.value is not None]
        if named is None and values:
            named = self.of_token(chain.label, _OF_KEYS) or self.inferred(values, chain.label)
        if named is None or not values or (self.in_code and not any(value.shape for value in values)):
            return None
        computed = next((value for value in values if not is_literal(value)), None)
        literal = next((value for value in values if is_literal(value)), None)
        arithmetic = None if computed is None else computed.tree
        named = _refined(named, arithmetic)
        if literal is None:
            if computed is None:
                return None
            value = np.empty((0,), dtype=object)
        else:
            value = as_programs_print(as_array(located(literal.tree, chain.text)))
        return Mention(
            named,
            value,
            label,
            chain,
            program=program,
            offset=chain.text.span(chain.start, chain.start + 1).start,
            computed=arithmetic,
            about=self.about() if not named.indices else (),
        )

    def last_clause(self, label: str) -> str:
        """The part of a label behind the last `;` or full stop, where that names something by itself."""
        ends = [found.start() for found in _CLAUSE_END.finditer(label, 1)]
        for position in reversed(ends):
            clause = label[position + 1 :]
            if quantity(clause, self.tokens) is not None:
                return clause
        return label

    def of_token(self, label: str, steps: Sequence[str]) -> Quantity | None:
        """`dog: … = 0.48` under the heading “Attention weights” is the weight of dog.

        In a list under “Keys:” a word that is no known token yet names one, too.
        """
        token = label.strip(_TRIMMINGS)
        if token not in self.tokens and not (self.lead and _NEW_TOKEN.fullmatch(token)):
            return None
        for line in reversed(self.context):
            named = quantity(line, self.tokens)
            if named is not None and named.step in steps and not named.indices:
                return Quantity(named.step, (token,), named.head)
        return None

    def inferred(self, values: list[Value], label: str) -> Quantity | None:
        """What arithmetic without a name can be: found later, by its operands."""
        computed = next((value for value in values if not is_literal(value)), None)
        if computed is None or computed.single or not any(is_literal(value) for value in values):
            return None
        token = label.strip(_TRIMMINGS)
        return Quantity(INFERRED, (token,) if token in self.tokens or token[:-1] in self.tokens else ())

    def about(self) -> tuple[str, ...]:
        """The token that the line or heading before a passage names."""
        for line in reversed(self.context):
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

    def arrays(
        self, text: MappedText, covered: list[tuple[int, int]], program: bool, kind: str
    ) -> Iterator[tuple[int, Mention]]:
        """Arrays that no equation contains: under a caption, after a colon, in a program's output."""
        if ("[" not in text.text and "(" not in text.text) or not _MAY_HOLD_ARRAY.search(text.text):
            return
        tokens = [
            token
            for start, end in _between(covered, len(text.text))
            if _MAY_HOLD_ARRAY.search(text.text, start, end)
            for token in tokens_of(text.text, start, end)
        ]
        parser = SideParser(tokens, self.names, program=kind == "output")
        ends = sorted(high for _, high in covered)
        position = previous_end = 0
        previous: tuple[int, Mention] | None = None
        while position < len(tokens):
            token = tokens[position]
            if token.kind != OPEN or token.text == "{":
                position += 1
                continue
            begin = position - 1 if position and _is_maker(tokens[position - 1], token) else position
            before = tokens[position - 1] if position else None
            if begin == position and before is not None and before.end == token.start and before.kind in (WORD, CLOSE):
                position += 1  # an index, such as shape[0], or a call
                continue
            try:
                value, end = parser.parse(begin)
            except NotASideError:
                position += 1
                continue
            if (
                not isinstance(value.tree, np.ndarray)
                or not is_literal(value)
                or (token.text == "(" and begin == position and value.tree.ndim > 1)
            ):
                position = max(end, position + 1) if isinstance(value.tree, np.ndarray) else position + 1
                continue
            start = tokens[begin].start
            joins = previous is not None and value.tree.ndim == 1 and _JOINS.fullmatch(text.text, previous_end, start)
            if previous is not None and joins and _extends(previous[1], value.tree):
                # Keys: [1, 0], [0, 1] and [1, 1] are the rows of one matrix; so are vectors line by line.
                previous = (previous[0], _with_row(previous[1], as_array(located(value.tree, text))))
                previous_end, position = tokens[end - 1].end, end
                continue
            if previous is not None:
                yield previous
            previous = None
            before_it = bisect_right(ends, start)
            read_to = max(previous_end, ends[before_it - 1] if before_it else 0)
            is_print = kind in ("output", "verbatim", "comment")
            label = self.array_label(text.text, previous_end, read_to, start, is_print)
            named = (quantity(label, self.tokens) or self.of_token(label, _OF_TOKENS)) if label else None
            if named is not None and not (token.text == "(" and begin == position and named.symbol):
                previous = (
                    start,
                    Mention(
                        named,
                        as_programs_print(as_array(located(value.tree, text))),
                        label,
                        program=program or begin != position,
                        offset=text.span(start, start + 1).start,
                        about=self.about() if not named.indices else (),
                    ),
                )
            previous_end = tokens[end - 1].end
            position = end
        if previous is not None:
            yield previous

    def array_label(self, text: str, previous_end: int, read_to: int, start: int, takes_prints: bool) -> str:
        """The words that name an array: on its line, on the line before, before the passage, or what was printed.

        Args:
            text: of the passage.
            previous_end: where the array before it ends.
            read_to: where what has been read before it ends, equations included.
            start: where it begins.
            takes_prints: whether it may be what a program has printed.
        """
        printed = self.prints.next() if takes_prints else ""
        line_start = text.rfind("\n", 0, start) + 1
        same_line = text[max(line_start, read_to) : start].strip(" \t#/*;%-•>|")
        if re.search(r"\w", same_line):
            return same_line[-_LABEL:]
        for line in reversed(text[previous_end : max(line_start, previous_end)].splitlines()):
            if re.search(r"\w", line):
                return line.strip(" \t#/*;%")[-_LABEL:]
        if printed or previous_end:
            return printed
        lines = (line for line in reversed(self.context) if names_one(line))
        return next((line[-_LABEL:] for line in lines if quantity(line, self.tokens)), "")

    def lists(self, text: MappedText, covered: list[tuple[int, int]]) -> Iterator[tuple[int, Mention]]:
        """Lists without brackets whose label names something, and whose words are tokens."""
        for listed in bare_lists(text):
            if any(low < listed.end and listed.start < high for low, high in covered):
                continue
            named = quantity(listed.label, self.tokens)
            if named is None or not all(word in self.tokens for word in listed.words):
                continue
            about = self.about() if not named.indices else ()
            offset = text.span(listed.start, listed.start + 1).start
            yield (
                listed.start,
                Mention(named, listed.values, listed.label, columns=listed.words or None, offset=offset, about=about),
            )

    # Tables

    def table(self, table: Table) -> None:
        if all(len(row) == 1 for row in table.rows) and not table.caption:
            for row in table.rows:  # lines of text in a sheet
                self.passage(Passage("prose", row[0]))
            return
        first = next((cell for row in table.rows for cell in row if cell.text.strip()), None)
        for title in (
            table.caption,
            *(row[0].text for row in table.rows if sum(bool(cell.text.strip()) for cell in row) == 1),
        ):
            if first is not None and (head := HEAD.match(title.strip())):
                nothing = np.empty(0, dtype=object)
                offset = first.span(0, 1).start - 1
                self.mentions.append(Mention(Quantity(SECTION, head=int(head[1])), nothing, title, offset=offset))
                break
        context = " ".join(part for part in (*self.context, table.caption) if part)
        caption = table.caption
        if HEAD.match(caption.strip()):
            caption = self.last_table  # of another head, beside the one that has the name
        for mention in table_mentions(table, caption, self.context, self.tokens):
            self.last_table = mention.label
            self.mentions.append(
                Mention(
                    mention.quantity,
                    mention.values,
                    mention.label or context,
                    rows=mention.rows,
                    columns=mention.columns,
                    offset=min((leaf.start for leaf in leaves(mention.values)), default=0),
                )
            )
        for row in table.rows:
            for cell in row:
                if any(sign in cell.text for sign in "=≈") and any(map(str.isdigit, cell.text)):
                    self.found_chains += chains_of(cell, self.names)


def _extends(mention: Mention, row: Array) -> bool:
    """Whether a vector can be the next row of what a label without a token names."""
    return not mention.quantity.indices and mention.values.ndim in (1, 2) and mention.values.shape[-1] == len(row)


def _with_row(mention: Mention, row: Array) -> Mention:
    """The mention with one more row; what was a vector becomes a matrix."""
    rows = [*np.atleast_2d(mention.values), row]
    values = np.empty((len(rows), len(row)), dtype=object)
    for position, one in enumerate(rows):
        values[position] = one
    return replace(mention, values=values)


def _between(covered: list[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    """What is left of a text between stretches that are taken."""
    position = 0
    for low, high in sorted(covered):
        if position < low:
            yield position, low
        position = max(position, high)
    if position < length:
        yield position, length


def _is_maker(word: Token, opening: Token) -> bool:
    return word.kind == WORD and opening.text == "(" and word.text.rsplit(".", 1)[-1] in _MAKERS


def _refined(named: Quantity, tree: Tree | None) -> Quantity:
    """What arithmetic says more than words: `sitting · dog = 0.29/√3` is a scaled score."""
    if named.step != "scores" or not isinstance(tree, Quotient):
        return named
    if isinstance(tree.numerator, Printed) and isinstance(tree.denominator, SquareRoot | Number):
        return structs.replace(named, step="scaled_scores")
    return structs.replace(named, step="weights") if isinstance(tree.numerator, Exponential) else named


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
