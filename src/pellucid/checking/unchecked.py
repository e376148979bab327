"""Printed results that were compared with nothing, so that nobody takes “right” for more than was read.

A result stands behind a relation, in an array, in a table, or in a list beside a name. Numbers of running text, such
as dates and versions, are none, and neither is what a document gives: inputs, sizes, settings.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pellucid.checking.assembled import Assembled
from pellucid.checking.equation_check import EquationCheck
from pellucid.checking.equations import APPROXIMATE, Chain, Side
from pellucid.checking.mapped_text import Span
from pellucid.checking.mention import FOCUS, INFERRED, SECTION, UNNAMED, Mention
from pellucid.checking.mentions import Reading
from pellucid.checking.naming import IGNORED
from pellucid.checking.number_style import number_as_written
from pellucid.checking.printed import Printed, is_near
from pellucid.checking.report import Unchecked
from pellucid.checking.scopes import INPUTS
from pellucid.checking.source import Source
from pellucid.checking.values import Tree, is_literal, leaves

_GIVEN = re.compile(r"\([^()]*$|[<>!]\W*$|\bd_?[{(]?\w{1,7}\W*$|\b(?:n|heads?|tokens?|dim\w*)\W*$", re.IGNORECASE)
"""A label that ends in something given, not computed: “with d_k”, or `sum(axis` of sum(axis=1)."""
_OF_SOFTMAX = re.compile(r"\bexp|\be\^|sum|total|Σ|denominator|numerator|normali|nenner|max", re.IGNORECASE)
_NO_RESULTS = frozenset((FOCUS, SECTION, INFERRED, *INPUTS))
_UNREAD_ARITHMETIC = re.compile(r"\d.*[)\]|’'%⟩>]\s*$|[-+−×·⋅*/^√(]\s*\d[\d.,]*\s*$|\d\s*[×·⋅*]\s*\w")
"""A side with numbers that could not be read, such as cos(0.3), behind which a result stands."""
_LONGEST_SIDE = 200


class _Place(NamedTuple):
    """Where a number stands in the source, and the number."""

    span: Span
    text: str


def unchecked_results(
    read: Reading, assembled: Sequence[Assembled], equations: EquationCheck, source: Source
) -> list[Unchecked]:
    """The results of a document that were compared with nothing, line by line.

    Args:
        read: what was found in it.
        assembled: its worked examples.
        equations: its equations, checked.
        source: the file.
    """
    known = _compared(assembled, equations) | _given(read.mentions)
    mentions = read.mentions
    if not any(built.problem.claims for built in assembled):  # numbers without a name may be about anything
        mentions = [mention for mention in mentions if mention.quantity.step != UNNAMED]
    lines: dict[int, dict[int, _Place]] = {}
    for group in itertools.chain(
        (_of_mention(mention, known) for mention in mentions),
        (_of_chain(chain, known) for chain in read.chains),
    ):
        if group:  # an array belongs to the line on which it begins, and what has been named is not named again
            known.update(place.span.start for place in group)
            first = min(place.span.start for place in group)
            lines.setdefault(source.line(first), {}).update((place.span.start, place) for place in group)
    return [
        _in_words(line, [places[start] for start in sorted(places)], source) for line, places in sorted(lines.items())
    ]


def _in_words(line: int, places: Sequence[_Place], source: Source) -> Unchecked:
    printed = tuple(number_as_written(source, place.span, place.text) for place in places)
    return Unchecked(line, places[0].span, printed)


def _compared(assembled: Sequence[Assembled], equations: EquationCheck) -> set[int]:
    """Where the numbers begin that were compared, or taken as given in their place."""
    places = equations.compared
    for built in assembled:
        for claim in built.problem.claims:
            true = built.verdicts.true.get(claim.step)
            if true is None or np.isnan(float(true[claim.index])):
                continue
            if claim.step in built.problem.inputs and not is_near(claim.printed, float(true[claim.index])):
                continue  # results that are taken as given are given once
            places.add(claim.printed.start)
    return places


def _given(mentions: Sequence[Mention]) -> set[int]:
    """Where the numbers begin that are inputs."""
    return {
        element.start
        for mention in mentions
        if mention.quantity.step in INPUTS
        for element in mention.values.reshape(-1)
        if isinstance(element, Printed)
    }


def _of_mention(mention: Mention, known: set[int]) -> list[_Place]:
    """The results that a mention says something is; none where it may say what is given: `p = 0.1`, `weights = 1`.

    Args:
        mention: of a document.
        known: where the numbers begin that were compared or are given.
    """
    named, values = mention.quantity, mention.values
    if named.step in _NO_RESULTS or mention.code:
        return []
    printed = [one for one in values.reshape(-1) if isinstance(one, Printed) and one.start not in known]
    if not printed or (not values.ndim and _is_given(mention, printed[0])):
        return []
    if named.step == IGNORED and not (_OF_SOFTMAX.search(mention.label) and any(one.places > 0 for one in printed)):
        return []  # sizes, rates, losses
    return [_Place(Span(one.start, one.end), one.text) for one in printed]


def _is_given(mention: Mention, number: Printed) -> bool:
    """Whether a number is said to be a size, an argument or a setting: of “weights with d_k = 3” the 3."""
    is_setting = not mention.quantity.indices and (mention.quantity.symbol or not number.places)
    if is_setting or _GIVEN.search(mention.label):
        return True
    sides = mention.chain.sides if mention.chain is not None else ()
    first = next((side.value for side in sides if side.value is not None), None)
    return first is not None and not leaves(first.tree)  # a name whose value is known


def _of_chain(chain: Chain, known: set[int]) -> list[_Place]:
    """The results of an equation: decimals behind arithmetic, whether that could be read or not, and behind ≈.

    Args:
        chain: the equation.
        known: where the numbers begin that were compared or are given.
    """
    found: list[_Place] = []
    computes = False
    before: Side | None = None
    for side in chain.sides:
        value = side.value
        if value is None:
            before = side
            continue
        tree = value.tree
        if isinstance(tree, Printed) and (not tree.places or chain.text.place(tree.start) in known):
            pass  # the usual case
        elif not is_literal(value):
            computes = True
        elif side.relation and (computes or side.relation in APPROXIMATE or _is_unread(chain, before)):
            found += _decimals(chain, tree, known)
        before = None
    return found


def _is_unread(chain: Chain, side: Side | None) -> bool:
    """Whether a side that could not be read is arithmetic."""
    if side is None:
        return False
    return _UNREAD_ARITHMETIC.search(chain.text.text[max(side.start, side.end - _LONGEST_SIDE) : side.end]) is not None


def _decimals(chain: Chain, tree: Tree, known: set[int]) -> Iterator[_Place]:
    """The printed numbers of a side, where it has decimals: whole numbers count and name as often as they result."""
    elements = tree.reshape(-1) if isinstance(tree, np.ndarray) else (tree,)
    printed = [element for element in elements if isinstance(element, Printed)]
    if any(element.places > 0 for element in printed):
        for element in printed:
            span = chain.text.span(element.start, element.end)
            if span.start not in known:
                yield _Place(span, element.text)
