"""A generation step by step: the tokens that were chosen, and what was looked at for each; and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.capturing.recording import Recording
from pellucid.capturing.steps import GenerationStep
from pellucid.rendering.formats import Appearance
from pellucid.rendering.recording_summary import percent, verified
from pellucid.rendering.styled_lines import Span, StyledLine, cells, padded, printed, unbroken, wrapped
from pellucid.rendering.terminal import visible

_MOST_KEYS = {1: 4, 2: 3}
"""Keys of a line, by how many kinds of attention it shows."""
_MOST_KEYS_AS_DATA = 16
_HEADINGS = {"cross": "looks most at in the source", "self": "looks most at"}


def generation_text(
    recording: Recording,
    steps: Sequence[GenerationStep],
    title: str,
    appearance: Appearance,
    further: Sequence[tuple[str, str]] = (),
) -> str:
    """A line for each step: the token and the keys with the largest weights, averaged over all heads.

    Args:
        recording: of the generation.
        steps: of it.
        title: one line.
        appearance: colour and width.
        further: options that show more, each with what it shows.
    """
    width = max(appearance.width, 40)
    lines = wrapped([Span(visible(title), "bold")], width)
    for style, words in verified(recording, recording.layers):
        lines += wrapped([Span(words, style)], width, hanging=2)
    kinds = [kind for kind in _HEADINGS if any(layer.kind == kind for step in steps for layer in step.layers)]
    table = [["step", "token", *(_HEADINGS[kind] for kind in kinds)]]
    for number, step in enumerate(steps):
        looks = [_looks(step, kind, _MOST_KEYS[len(kinds)]) for kind in kinds]
        table.append([str(number), visible(step.token), *looks])
    widths = [max(cells(row[column]) for row in table) + 3 for column in range(len(table[0]) - 1)] + [0]
    lines.append([])
    for number, row in enumerate(table):
        styles = ["dim"] * len(row) if number == 0 else ["dim", "bold", *[""] * len(kinds)]
        line: StyledLine = []
        for text, style, wide in zip(row, styles, widths, strict=True):
            line = [*line, *padded([Span(text, style)], wide)]
        lines += wrapped(line, width, hanging=min(sum(widths[:2]), width // 2))
    lines += [
        [],
        *wrapped([Span("Shares are of the weights of the last token read, averaged over all heads.", "dim")], width),
    ]
    if further:
        most = max(cells(option) for option, _ in further)
        lines.append([])
        lines += [[*padded([Span(option, "bold")], most + 3), Span(words, "dim")] for option, words in further]
    return printed(lines, colour=appearance.colour)


def generation_data(recording: Recording, steps: Sequence[GenerationStep], title: str) -> dict[str, Any]:
    """The steps as plain data, for JSON; of the keys those with the largest weights."""
    return {
        "title": title,
        "verified": recording.verify(),
        "steps": [
            {
                "step": number,
                "token": step.token,
                **{
                    kind: [
                        {"key": key, "token": label, "weight": weight}
                        for key, label, weight in _top(step, kind, _MOST_KEYS_AS_DATA)
                    ]
                    for kind in _HEADINGS
                    if any(layer.kind == kind for layer in step.layers)
                },
            }
            for number, step in enumerate(steps)
        ],
    }


def _looks(step: GenerationStep, kind: str, most: int) -> str:
    """The keys with the largest weights as words, none of which is broken."""
    found = _top(step, kind, most)
    return ", ".join(unbroken(f"{visible(label)} {percent(weight)}") for _, label, weight in found)


def _top(step: GenerationStep, kind: str, most: int) -> list[tuple[int, str, float]]:
    """The keys with the largest weights: place, token, weight."""
    looks = step.looks(kind)
    if looks is None:
        return []
    axis, weights = looks
    best = np.argsort(-weights, kind="stable")[:most]
    return [(int(key), axis.label(int(key)), float(weights[key])) for key in best]
