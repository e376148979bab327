"""Subscripts as people type them: `k₁` is read as `k1`, `d_ₖ` as `d_k`."""

from __future__ import annotations

import re

import msgspec

from pellucid.checking.mapped_text import MappedText
from pellucid.checking.passages import Part, Passage

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ", "0123456789aeoxhklmnpstijruv")
_ANY = re.compile(r"(?<=[^\W\d_])[₀-₉ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ]+")


def with_plain_subscripts(part: Part) -> Part:
    """The part with subscripts behind letters as plain characters, each in the place of the one it stands for."""
    if isinstance(part, Passage):
        return msgspec.structs.replace(part, text=_plain(part.text))
    rows = tuple(tuple(map(_plain, row)) for row in part.rows)
    return msgspec.structs.replace(part, rows=rows)


def _plain(text: MappedText) -> MappedText:
    if not _ANY.search(text.text):
        return text
    plain = _ANY.sub(lambda found: found[0].translate(_SUBSCRIPTS), text.text)
    return MappedText(plain, text.runs)  # character for character, so that every place stays
