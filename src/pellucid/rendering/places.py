"""What the places of a whole pass are called in headings."""

from __future__ import annotations

from collections.abc import Iterable

from pellucid.derivation import Step

_SUBLAYERS = {
    "embedding": "embeddings and positions",
    "self_attention": "self-attention",
    "cross_attention": "cross-attention",
    "feed_forward": "feed-forward network",
    "norm": "norm",
}
_STACKS = {"encoder": "Encoder", "decoder": "Decoder"}
_END = "The next word"


def place_titles(steps: Iterable[Step]) -> dict[str, str]:
    """By the name of a step: the heading under which it stands, "Encoder, layer 0: self-attention".

    Layers are counted from 0, as in the names of steps; of a stack with one layer they are not counted. A derivation
    of one place has no headings.
    """
    made = [step for step in steps if not step.is_given]
    places = list(dict.fromkeys(step.place for step in made))
    return {step.name: _title(step, places) for step in made} if any(places) else {}


def _title(step: Step, places: list[str]) -> str:
    stack, *rest = step.place.split(".")
    if not stack:
        return _END
    if not rest:
        return f"{_STACKS[stack]}: the last token"
    title, sublayer = _STACKS[stack], "_".join(rest)
    if rest[0] == "layers":
        several = any(place.startswith(f"{stack}.layers.1") for place in places)
        title += f", layer {rest[1]}" if several else ""
        sublayer = rest[2] if len(rest) > 2 else step.short_name
    if sublayer.endswith("_sum"):
        return f"{title}: residual connection around {_SUBLAYERS[sublayer.removesuffix('_sum')]}"
    if sublayer.endswith("_norm"):
        normed = step.place.removesuffix("_norm").removesuffix(".norm")
        when = "before" if places.index(step.place) < places.index(normed) else "after"
        return f"{title}: norm {when} {_SUBLAYERS[sublayer.removesuffix('_norm')]}"
    return f"{title}: {_SUBLAYERS[sublayer]}"
