"""Which tokens are no words of the text: special ones, as [CLS], and padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pellucid.capturing.inputs import Given, inputs
from pellucid.capturing.labels import tokenizers
from pellucid.capturing.record import Record
from pellucid.capturing.recorder import Pass

Mark = Literal["", "special", "padding"]
Marks = tuple[Mark, ...] | None
"""One for each position; `None` where nothing is known."""

_MOST = 8


@dataclass(frozen=True)
class Token:
    """One token of what a model was given.

    Args:
        text: as the tokenizer names it; its position where there is no tokenizer.
        mark: whether it is a special token or padding.
    """

    text: str
    mark: Mark


def marks(
    passes: Sequence[Pass], record: Record, tokenizer: Any, source_tokenizer: Any = None
) -> list[tuple[Marks, Marks]]:
    """Of the queries and of the keys, for each sequence of the batch.

    Padding is what the mask that the model was given leaves out; without a mask, the tokenizer's padding token.

    Args:
        passes: up to the one of the record.
        record: whose axes are marked.
        tokenizer: pellucid's or transformers'; `None` for none.
        source_tokenizer: of what an encoder reads, where that is another one.
    """
    _, _, n_q, n_k = record.shape
    of_queries, of_keys = tokenizers(record, tokenizer, source_tokenizer)
    return [(marked(query, n_q, of_queries), marked(key, n_k, of_keys)) for query, key in inputs(passes, record)]


def marked(given: Given, n: int, tokenizer: Any) -> Marks:
    """Of one sequence of `n` tokens."""
    ids = given.ids if given.ids is not None and len(given.ids) == n else None
    special, pad = _special(tokenizer)
    if given.padding is None and (ids is None or tokenizer is None):
        return None
    found: list[Mark] = []
    for position in range(n):
        id_ = None if ids is None else ids[position]
        padding = given.padding[position] if given.padding is not None else id_ is not None and id_ == pad
        found.append("padding" if padding else "special" if id_ in special else "")
    return tuple(found)


def _special(tokenizer: Any) -> tuple[set[int], int | None]:
    """Ids that stand for no text, and the one of padding where it stands for nothing else.

    A token for unknown words stands for a word. GPT-2 and its like pad with the token that ends a text.
    """
    if tokenizer is None:
        return set(), None
    if hasattr(tokenizer, "convert_ids_to_tokens"):
        ids = set(getattr(tokenizer, "all_special_ids", ()))
        names = {name: getattr(tokenizer, f"{name}_token_id", None) for name in ("pad", "bos", "eos", "unk")}
    else:
        names = {name: getattr(tokenizer, f"{name}_id", None) for name in ("pad", "bos", "eos", "unk")}
        ids = {id_ for id_ in names.values() if id_ is not None}
    unknown = names["unk"]
    if unknown not in (names["pad"], names["bos"], names["eos"]):
        ids.discard(unknown)
    return ids, None if names["pad"] in (names["bos"], names["eos"], unknown) else names["pad"]


def sentences(marks: Marks, labels: Sequence[str] | None, what: str, chosen: Sequence[int] | None = None) -> list[str]:
    """What a reader should know of some keys or queries.

    Args:
        marks: of all of them.
        labels: their tokens; `None` where they are not known.
        what: "keys" or "queries".
        chosen: which of them are read; `None` for all.
    """
    if marks is None:
        return []
    places = range(len(marks)) if chosen is None else chosen
    said = []
    special = [place for place in places if marks[place] == "special"]
    if special:
        named = [f"{labels[place]} ({place})" if labels else str(place) for place in special[:_MOST]]
        more = f" and {len(special) - _MOST} more" if len(special) > _MOST else ""
        said.append(f"Special tokens among the {what}: {', '.join(named)}{more}")
    padding = [place for place in places if marks[place] == "padding"]
    if padding:
        said.append(f"Padding among the {what}: {_spans(padding)}")
    return said


def _spans(positions: Sequence[int]) -> str:
    """`0, 5–9`"""
    spans: list[list[int]] = []
    for position in positions:
        if spans and spans[-1][1] == position - 1:
            spans[-1][1] = position
        else:
            spans.append([position, position])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in spans)
