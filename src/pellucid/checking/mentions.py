"""Mentions: the places where a document says what something is, in numbers.

`"dog": Query = [0.4, 0.6, 0.2]`, a matrix under the word “Scores”, a cell of a table: each becomes a mention, with
its numbers as trees whose places are offsets in the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from msgspec import structs

from pellucid.checking.bare_lists import bare_lists, items_by_line
from pellucid.checking.equation_forms import EquationForms
from pellucid.checking.equations import Chain, chains_of
from pellucid.checking.loose_arrays import MOST_LABEL, OF_TOKENS, LooseArrays
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.markers import HEAD, markers
from pellucid.checking.mention import INFERRED, SECTION, UNNAMED, Mention, as_array, as_programs_print
from pellucid.checking.naming import Quantity, quantity
from pellucid.checking.passages import Part, Passage, Table
from pellucid.checking.printed import Printed
from pellucid.checking.prints import Prints
from pellucid.checking.problem import PER_KEY, SCORES
from pellucid.checking.surroundings import SUPPOSED, TRIMMINGS, Surroundings
from pellucid.checking.tables import table_mentions
from pellucid.checking.values import Tree, Value, is_literal, is_softmax, leaves
from pellucid.expressions import Exponential, Number, Quotient, SquareRoot

_CLAUSE_END = re.compile(r"(?<!\s)[;.](?=\s)")  # not the dot of q . k
_RESULTS = (*PER_KEY, "output")
_MOST_ABOVE = 2_000
"""Characters before an item of a list, among which its title is looked for."""


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
    equations = _Equations(names)
    reader = _read(parts, names, tokens, equations)
    named = [
        label
        for _, mentions in reader.found
        for mention in mentions
        if mention.quantity.step in ("query", "key", "value", "embeddings")
        for label in (*mention.quantity.indices, *(mention.rows or ()))
        if label and not label.isdigit() and label not in tokens
    ]
    if named:  # the document names its tokens where it gives their vectors: read it again, knowing them
        reader = _read(parts, names, [*tokens, *dict.fromkeys(named)], equations)
    mentions = [
        mention if text is None else mention.placed(text) for text, mentions in reader.found for mention in mentions
    ]
    if any(isinstance(part, Passage) and part.kind == "comment" for part in parts):
        mentions.sort(key=lambda mention: mention.offset)  # code and its comments take turns
    chains = [
        chain if chain.text is text else Chain(text, chain.sides, chain.label)
        for text, chains in reader.found_chains
        for chain in chains
    ]
    return Reading(chains, mentions)


def _read(
    parts: Sequence[Part],
    names: Mapping[str, Decimal],
    tokens: Sequence[str],
    equations: _Equations,
) -> _Reader:
    reader = _Reader(names, tokens, equations)
    for part in parts:
        if isinstance(part, Table):
            reader.table(part)
        elif part.kind != "example":
            reader.passage(part)
    return reader


class _Equations:
    """The equations of passages; they do not depend on the tokens, so that every text is read once."""

    def __init__(self, names: Mapping[str, Decimal]) -> None:
        self.forms = EquationForms(names)
        self.known: dict[tuple[str, bool], list[Chain]] = {}

    def of(self, text: MappedText, program: bool) -> list[Chain]:
        """Those of a text, or of an earlier passage of the same text."""
        key = (text.text, program)
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = self.forms.chains(text, program=program)
        return known


class _Reader:
    """Reads one passage or table after the other.

    What it finds in a passage has its places in the passage: what a document says again and again, after the same
    words, is read once. `found` and `found_chains` say which text each of them belongs to; mentions of tables have
    their places in the source, and no text.
    """

    def __init__(self, names: Mapping[str, Decimal], tokens: Sequence[str], equations: _Equations) -> None:
        self.names = names
        self.tokens = tuple(tokens)
        self.around = Surroundings(tokens)
        self.found: list[tuple[MappedText | None, Sequence[Mention]]] = []
        self.found_chains: list[tuple[MappedText, Sequence[Chain]]] = []
        self.known: dict[tuple[str, ...], Sequence[Mention]] = {}
        self.largest: dict[str, int] = {}  # of each step, how many numbers its largest mention has
        self.largest_before: dict[str, int] = {}  # the same, of what stands before the last heading
        self.equations = equations
        self.last_table = ""
        self.prints = Prints()
        self.loose_arrays = LooseArrays(names, self.around, self.prints)

    # Passages

    def passage(self, passage: Passage) -> None:
        """What a passage says."""
        text = passage.text
        if not text.text.strip():
            return
        if passage.kind == "code":
            self.prints.run(text.text)
        elif passage.kind == "heading":
            self.prints.forget()
            self.largest_before = dict(self.largest)
        self.around.lead = passage.lead
        chains = self.equations.of(text, passage.kind in ("output", "code"))
        if chains and passage.kind != "code":
            self.found_chains.append((text, chains))
        if mentions := self.mentions_in(passage, chains):
            self.add(text, mentions)
        self.around.go_on(passage.kind, text.text)

    def mentions_in(self, passage: Passage, chains: Sequence[Chain]) -> Sequence[Mention]:
        """What a passage says that things are; what it says depends on its text and on what stands before it."""
        if passage.kind not in ("prose", "mathematics", "heading"):  # a print depends on what was printed before
            return self.read(passage, chains)
        around = self.around
        key = (passage.kind, passage.text.text, around.heading, around.lead, around.last_line)
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = self.read(passage, chains)
        return known

    def read(self, passage: Passage, chains: Sequence[Chain]) -> Sequence[Mention]:
        """The mentions in a passage, in reading order, with places in it."""
        text, kind = passage.text.text, passage.kind
        program = kind in ("output", "code")
        covered = [(side.start, side.end) for chain in chains for side in chain.sides if side.value is not None]
        found = list(markers(text, self.tokens, covered)) if kind != "code" else []
        before: tuple[Quantity, int] | None = None  # what the equation before said, and where it ends
        for chain in chains:
            begins = next((side.start for side in chain.sides if side.value is not None), chain.start)
            follows = None if before is None else self.around.goes_on(before[0], text[before[1] : begins])
            before = None
            if mention := self.of_chain(chain, kind, follows):
                found.append(mention)
                before = mention.quantity, chain.sides[-1].end
        if not program:
            found += self.lists(text, covered)
            found += self.items(text)
        found += self.loose_arrays.find(passage.text, covered, program, kind)
        if len(found) > 1:
            found.sort(key=lambda mention: mention.offset)
        return found

    def add(self, text: MappedText | None, mentions: Sequence[Mention]) -> None:
        """Keep mentions; of those in a passage that are supposed only, the numbers without what they are called."""
        kept = []
        for mention in mentions:
            if text is not None and self.is_supposed(mention):
                kept.append(structs.replace(mention, quantity=Quantity(UNNAMED)))
                continue
            kept.append(mention)
            step, size = mention.quantity.step, mention.values.size
            self.largest[step] = max(self.largest.get(step, 0), size)
        self.found.append((text, kept))

    def is_supposed(self, mention: Mention) -> bool:
        """Whether a result is one that is said to be wrong or to hold elsewhere, beside one that was given before.

        A heading says so of what stands under it, beside what was given before it: the title of a page does not.
        """
        step, size = mention.quantity.step, mention.values.size
        if step not in _RESULTS or not 0 < size <= self.largest.get(step, 0):
            return False
        if self.around.lead.endswith("?") or SUPPOSED.search(mention.label):
            return True
        return size <= self.largest_before.get(step, 0) and self.around.supposes

    def of_chain(self, chain: Chain, kind: str, follows: Quantity | None) -> Mention | None:
        """What an equation says its last plain side is.

        Args:
            chain: the equation.
            kind: of its passage.
            follows: what it says where it goes on with a list and has no name of its own.
        """
        label = self.last_clause(chain.label)
        named = quantity(label[-MOST_LABEL:], self.tokens) or follows
        values = [side.value for side in chain.sides if side.value is not None]
        if named is None and values:
            steps = OF_TOKENS if any(value.shape and is_literal(value) for value in values) else PER_KEY
            named = self.around.of_token(chain.label, steps, _title(chain)) or self.inferred(values, chain.label)
        if named is None or not values or (kind == "code" and not any(value.shape for value in values)):
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
            value = as_programs_print(as_array(literal.tree))
        return Mention(
            named,
            value,
            label,
            chain,
            program=kind in ("output", "code"),
            offset=chain.start,
            computed=arithmetic,
            about=self.around.about() if not named.indices else (),
            code=kind == "code",
        )

    def last_clause(self, label: str) -> str:
        """The part of a label behind the last `;` or full stop, where that names something by itself."""
        ends = [found.start() for found in _CLAUSE_END.finditer(label, 1)] if ";" in label or "." in label else ()
        for position in reversed(ends):
            clause = label[position + 1 :]
            if quantity(clause, self.tokens) is not None:
                return clause
        return label

    def inferred(self, values: list[Value], label: str) -> Quantity | None:
        """What arithmetic without a name can be: found later, by its operands."""
        computed = next((value for value in values if not is_literal(value)), None)
        if computed is None or computed.single or not any(is_literal(value) for value in values):
            return None
        token = label.strip(TRIMMINGS)
        return Quantity(INFERRED, (token,) if token in self.tokens or token[:-1] in self.tokens else ())

    def lists(self, text: str, covered: Sequence[tuple[int, int]]) -> Iterator[Mention]:
        """Lists without brackets whose label names something, and whose words are tokens."""
        for listed in bare_lists(text, self.around.last_line):
            if any(low < listed.end and listed.start < high for low, high in covered):
                continue
            named = quantity(listed.label, self.tokens)
            if named is None or not all(word in self.tokens for word in listed.words):
                continue
            about = self.around.about() if not named.indices else ()
            columns = listed.words or None
            yield Mention(named, listed.values, listed.label, columns=columns, offset=listed.start, about=about)

    def items(self, text: str) -> Iterator[Mention]:
        """`cat: 0.31`, line by line or item by item, under a title that names what has a number for each token."""
        if not self.tokens:
            return
        for item in items_by_line(text, self.around.lead):
            if item.word in self.tokens and (named := self.around.of_token(item.word, PER_KEY, item.title)):
                label = f"{item.title} {item.word}"
                yield Mention(named, as_array(item.number), label, offset=item.number.start)

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
                section = Mention(Quantity(SECTION, head=int(head[1])), nothing, title, offset=offset)
                self.add(None, [section])
                break
        context = " ".join(part for part in (*self.around.lines, table.caption) if part)
        caption = table.caption
        if HEAD.match(caption.strip()):
            caption = self.last_table  # of another head, beside the one that has the name
        for mention in table_mentions(table, caption, self.around.lines, self.tokens):
            self.last_table = mention.label or self.last_table
            offset = min((leaf.start for leaf in leaves(mention.values)), default=0)
            named = Mention(
                mention.quantity,
                mention.values,
                mention.label or context,
                rows=mention.rows,
                columns=mention.columns,
                offset=offset,
            )
            self.add(None, [named])
        for row in table.rows:
            for cell in row:
                if any(sign in cell.text for sign in "=≈") and any(map(str.isdigit, cell.text)):
                    self.found_chains.append((cell, list(chains_of(cell, self.names))))


def _title(chain: Chain) -> str:
    """The line above a list in one passage, such as “Keys (from the encoder):”, that the equation is an item of."""
    start = chain.start
    for line in reversed(chain.text.text[max(0, start - _MOST_ABOVE) : start].split("\n")[:-1]):
        if line.rstrip().endswith(":"):
            return line.strip()
        if "=" not in line:
            break
    return ""


def _refined(named: Quantity, tree: Tree | None) -> Quantity:
    """What arithmetic says more than words: `sitting · dog = 0.29/√3` is a scaled score.

    `Without scaling, softmax([8, 2, 4]) = …` are weights, of whichever scores its operands are.
    """
    if isinstance(tree, np.ndarray) and tree.ndim == 1 and named.step in SCORES and is_softmax(tree):
        return structs.replace(named, step=INFERRED)
    if named.step != "scores" or not isinstance(tree, Quotient):
        return named
    if isinstance(tree.numerator, Printed) and isinstance(tree.denominator, SquareRoot | Number):
        return structs.replace(named, step="scaled_scores")
    return structs.replace(named, step="weights") if isinstance(tree.numerator, Exponential) else named
