"""Worked examples made by a seed: words, small numbers, masks, scales."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from checking_corpus.chain import Problem, work

SENTENCES = (
    "cats chase mice",
    "the bird sings",
    "rain falls",
    "she reads the old book",
    "two small boats drift away",
    "the river meets the sea",
    "we bake bread",
    "green tea helps",
    "my sister plays chess at home",
    "stars shine",
    "an owl sees the mouse at night",
    "the train left the station",
    "bring me water",
    "birds of a feather flock",
)
OTHERS = ("der Vogel singt", "le chat dort", "ella lee un libro", "wir backen", "la mer brille")


def make_problem(
    random: Random, *, mask: str | None = None, scale: str | None = None, equal: bool = False, square: bool = False
) -> Problem:
    """An example whose weights are worth printing: no scaled score so large that one key takes everything."""
    while True:
        problem = _draw(random, mask=mask, scale=scale, equal=equal, square=square)
        scaled = work(problem, arithmetic="float64").steps["scaled"]
        if max(abs(x) for head in scaled for row in head for x in row) <= 6:
            return problem


def _draw(random: Random, *, mask: str | None, scale: str | None, equal: bool, square: bool) -> Problem:
    """One example; `equal`: Q = K; `square`: self-attention with more than two tokens, and d_k = d_v."""
    tokens = tuple(random.choice([s for s in SENTENCES if not square or len(s.split()) > 2]).split())
    mask = mask or random.choice(("none", "none", "none", "causal"))
    cross = mask == "none" and not square and not equal and random.random() < 0.15
    key_tokens = tuple(random.choice(OTHERS).split()) if cross else tokens
    d_k = random.choice((2, 3, 3, 4))
    d_v = d_k if square else random.choice((2, 3, 4))
    heads = 2 if not square and not equal and random.random() < 0.12 else 1
    style = random.choice(("integers", "one", "one", "two"))
    projected = not square and not equal and random.random() < 0.25

    def matrix(rows: int, columns: int, style: str = style) -> list[list[str]]:
        return [[_entry(random, style) for _ in range(columns)] for _ in range(rows)]

    if projected:
        d_model = random.choice((2, 3, 4))
        plain = "integers" if style == "integers" else "one"
        inputs = {"x": [matrix(len(tokens), d_model, plain)]}
        if cross:
            inputs["memory"] = [matrix(len(key_tokens), d_model, plain)]
        for name, width in (("query", d_k), ("key", d_k), ("value", d_v)):
            inputs[f"weight_{name}"] = [matrix(d_model, width, plain) for _ in range(heads)]
    else:
        inputs = {
            "query": [matrix(len(tokens), d_k) for _ in range(heads)],
            "key": [matrix(len(key_tokens), d_k) for _ in range(heads)],
            "value": [matrix(len(key_tokens), d_v) for _ in range(heads)],
        }
        if equal:
            inputs["key"] = inputs["query"]
    return Problem(
        tokens=tokens,
        key_tokens=key_tokens,
        inputs=inputs,
        heads=heads,
        mask=mask,
        scale=scale or random.choice(("sqrt",) * 7 + ("none",)),
        places=random.choice((2, 3, 3, 4, 4)),
        score_places=random.choice((None, None, 2, 3)) if style != "integers" else None,
        trim=random.random() < 0.2,
        focus=random.randrange(len(tokens)),
    )


def _entry(random: Random, style: str) -> str:
    if style == "integers":
        return str(random.choice((0, 1, 1, 2, 3, -1) if random.random() < 0.5 else (0, 1, 1, 2)))
    places = 1 if style == "one" else 2
    low = -5 if random.random() < 0.15 else 1
    number = Decimal(random.randint(low * 10 ** (places - 1), 10**places)).scaleb(-places)
    return f"{number:.{places}f}"
