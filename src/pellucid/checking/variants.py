"""Parts of a worked example that are computed under another setting than the rest: with a mask and without one,
with a temperature, “the same with no scaling”.

A part is taken out of the whole only where the document itself speaks of the other setting before it, and where
fewer of its numbers are wrong under that setting.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pellucid.checking.assemble import assemble
from pellucid.checking.assembled import Assembled
from pellucid.checking.declarations import Declarations
from pellucid.checking.mention import FOCUS, SECTION, Mention
from pellucid.checking.scopes import Scope
from pellucid.checking.settings import Statement
from pellucid.checking.values import leaves

_USUAL = "1/sqrt(d_k)"
_FEWEST = 2
"""Numbers of a part, below which they agree with another setting by chance."""

_BESIDE = 300
"""Characters between two results that are compared with each other."""

Setting = tuple[str, bool]
"""The scale, and whether the mask is causal."""


def by_setting(built: Assembled, declared: Declarations) -> list[Assembled]:
    """A worked example, and the parts of it that are right under a setting of their own.

    Args:
        built: the example under the setting that fits it best.
        declared: what the document declares, place by place.
    """
    if not declared.statements or not wrong_places(built):
        return [built]
    found: list[Assembled] = []
    main = (built.scale, built.causal)
    rows = {claim.printed.start: (claim.step, claim.index[:-1]) for claim in built.problem.claims}
    bare = "scores" in built.problem.inputs  # no queries and keys: nothing says that these were ever scaled
    for settings, mentions in _parts(built.scope.claims, declared.statements, main, bare=bare):
        group: Sequence[Mention] = mentions
        part = _fitting(built, group, settings, declared)
        if part is None:
            group = _contrasted(mentions, rows, wrong_places(built))
            part = _fitting(built, group, settings, declared)
        if part is not None:
            found.append(part)
            built = without(built, places_of(group))
    return [built, *found]


def _fitting(
    built: Assembled, mentions: Sequence[Mention], settings: Sequence[Setting], declared: Declarations
) -> Assembled | None:
    """Results by themselves under the first setting that makes fewer of them wrong; `None` where none does."""
    places = places_of(mentions)
    wrong = len(places & wrong_places(built))
    if sum(mention.values.size for mention in mentions) < _FEWEST or not wrong:
        return None
    for scale, causal in settings:
        part = _under(built, mentions, replace(declared, scales=[scale], causal=causal, statements=[]))
        if part is not None and len(places & wrong_places(part)) < wrong:
            return _described(part, scale, causal)
    return None


def places_of(mentions: Sequence[Mention]) -> set[int]:
    """Where the numbers of some results stand, with those that they are computed from."""
    trees = [tree for mention in mentions for tree in (mention.values, mention.arithmetic) if tree is not None]
    return {leaf.start for tree in trees for leaf in leaves(tree)}


def _contrasted(mentions: Sequence[Mention], rows: Mapping[int, object], wrong: set[int]) -> list[Mention]:
    """Results that are wrong and stand beside right ones of the same rows: they are said to hold under two settings.

    Args:
        mentions: results that stand under one statement.
        rows: the step and row of every claimed number, by its place.
        wrong: where numbers are wrong.
    """
    right: dict[object, list[int]] = {}
    doubtful: list[tuple[Mention, set[object]]] = []
    for mention in mentions:
        places = places_of([mention])
        of = {rows[place] for place in places if place in rows}
        if places & wrong:
            doubtful.append((mention, of))
        else:
            for row in of:
                right.setdefault(row, []).append(mention.offset)
    return [
        mention
        for mention, of in doubtful
        if any(abs(mention.offset - offset) <= _BESIDE for row in of for offset in right.get(row, ()))
    ]


def wrong_places(built: Assembled) -> set[int]:
    """Where the numbers stand that are wrong under the example's setting."""
    return {judgement.claim.printed.start for judgement in built.verdicts.judgements}


def _parts(
    mentions: Sequence[Mention], statements: Sequence[Statement], main: Setting, *, bare: bool
) -> Iterator[tuple[list[Setting], list[Mention]]]:
    """Results under one statement each, with the settings that they may be computed under, the likeliest first.

    Args:
        mentions: results, in reading order.
        statements: of the document.
        main: the setting of the whole.
        bare: whether scores are given, not computed: before a temperature is spoken of they have none.
    """
    scales = [statement for statement in statements if statement.scale]
    masks = [statement for statement in statements if statement.causal is not None]
    groups: dict[tuple[int, int], list[Mention]] = {}
    for mention in mentions:
        if mention.quantity.step in (FOCUS, SECTION):
            continue
        key = tuple(
            bisect_right(stated, mention.offset, key=lambda statement: statement.offset) for stated in (scales, masks)
        )
        groups.setdefault((key[0], key[1]), []).append(mention)
    for (scale, mask), group in groups.items():
        local = scales[scale - 1].scale if scale else main[0]
        causal = bool(masks[mask - 1].causal) if mask else main[1]
        settings = [(local, causal)]
        if local not in (_USUAL, "none", "1/d_k"):
            settings.append((_USUAL, causal))  # a temperature that is spoken of elsewhere, and not for these
            if bare and not scale:
                settings.append(("none", causal))
        settings = [setting for setting in settings if setting != main]
        if settings:
            yield settings, group


def _under(built: Assembled, mentions: Sequence[Mention], declared: Declarations) -> Assembled | None:
    """Results by themselves under another setting; `None` where they cannot be put together under it."""
    starts = [
        mention
        for mention in built.scope.claims
        if mention.quantity.step in built.problem.inputs and mention not in mentions
    ]
    scope = Scope(given=built.scope.given, claims=[*starts, *mentions], head=built.scope.head)
    part = assemble(scope, declared)
    if part is None or part.conventions or (part.scale, part.causal) != (declared.scales[0], declared.causal):
        return None
    return part if part.verdicts.checked else None


def without(built: Assembled, places: set[int]) -> Assembled:
    """The example without the numbers at some places."""
    claims = tuple(claim for claim in built.problem.claims if claim.printed.start not in places)
    mentions = [
        mention
        for mention in built.scope.claims
        if not mention.values.size or any(leaf.start not in places for leaf in leaves(mention.values))
    ]
    scope = replace(built.scope, claims=mentions)
    return replace(built, problem=replace(built.problem, claims=claims), scope=scope)


def _described(part: Assembled, scale: str, causal: bool) -> Assembled:
    """The part with a sentence that says how it was read, in place of those of the whole."""
    count = len(part.problem.claims)
    words = {_USUAL: "1/√d_k", "none": "none"}.get(scale, scale)
    mask = "a causal mask" if causal else "no mask"
    part.reading = [f"{count} of the numbers stand under words of their own: scale {words}, {mask}."]
    return part
