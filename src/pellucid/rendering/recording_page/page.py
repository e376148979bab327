"""The page's words and frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pellucid.capturing.layer import Layer
from pellucid.capturing.recording import Recording
from pellucid.errors import InputError
from pellucid.rendering.html_page.assets import ARITHMETIC, script, texts
from pellucid.rendering.html_page.data import as_json
from pellucid.rendering.html_page.frame import framed
from pellucid.rendering.html_page.words import escaped
from pellucid.rendering.recording_page.budget import Budget
from pellucid.rendering.recording_page.data import Progress, RecordingData, budget_of

_PACKAGE = "pellucid.rendering.recording_page"
_STYLE = "\n".join(
    (texts("page.css", "formulas.css", "panel.css"), texts("recording.css", "reading.css", package=_PACKAGE))
)
_SCRIPT = script(ARITHMETIC, texts("head.js", "grid.js", "map.js", "reading.js", "recording.js", package=_PACKAGE))


def recording_page(
    recording: Recording,
    *,
    title: str = "Attention, recorded",
    command: str = "pellucid inspect …",
    rows: Sequence[int | str] = (),
    progress: Progress | None = None,
) -> str:
    """A page that stands on its own: every head of a recording, its map, its rows and their arithmetic.

    The page stays below 15 MB: of short texts it carries every number, of long ones pooled maps, the keys with the
    largest weights, and the arithmetic of a few rows. It says which.

    Args:
        recording: once it is complete.
        title: such as the model's name.
        command: what a reader types to see the rest; options for layer, head and query are put behind it.
        rows: queries whose arithmetic is to be carried, numbers from 0 or tokens; empty for those that there is room
            for. These are carried whatever room they take.
        progress: is told how many heads are done, and of how many.

    Raises:
        InputError: nothing was recorded.
        PositionError: no layer has one of the rows.
    """
    if not recording.layers:
        raise InputError("nothing was recorded, so there is no page to make; run the model inside the with statement.")
    limits = budget_of(recording)
    data = {**RecordingData(recording, limits, rows, progress).data(), "command": command}
    fragment = (
        f'<div class="pellucid recording">\n<style>\n{_STYLE}</style>\n<article>\n<header>\n<h1>{escaped(title)}</h1>\n'
        f'<p class="purpose">{escaped(_text(recording))}</p>\n{_verified(recording)}'
        f'<p class="carried">{escaped(_carried(recording, limits, rows))}</p>\n</header>\n'
        "<noscript><p>This page needs its script, which it carries in itself.</p></noscript>\n</article>\n"
        f'<script type="application/json">{as_json(data)}</script>\n<script>{_SCRIPT}</script>\n</div>\n'
    )
    return framed(title, fragment, "pellucid", _SCRIPT)


_LONGEST_TEXT = 240


def _text(recording: Recording) -> str:
    """What went in, as far as it fits a line or two."""
    for queries, keys in recording.layers[0].tokens:
        if tokens := queries or keys:
            text = " ".join(tokens)
            return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT].rsplit(' ', 1)[0]} …"
    return ""


def _verified(recording: Recording) -> str:
    """What was compared with the model, and how far it was away."""
    layers = recording.layers
    good = [layer for layer in layers if layer.verification]
    sentences = [f"{len(good):,} of {_count(len(layers), 'attention')} verified"]
    if good:
        worst = max(good, key=_distance).verification
        sentences[0] += (
            f": computed again in float64, the weighted sums differ from the model's by at most {worst.difference:.1e} "
            f"of the largest value, and {worst.tolerance:.0e} is allowed"
        )
    sentences += recording.notes
    lines = [f'<p class="verified">{escaped(". ".join(sentences))}.</p>\n']
    doubtful = [f"{layer.name or 'the model'} is {layer.status}" for layer in layers if not layer.verification]
    missing = [f"{module.name} ({module.class_name}) has no record: {module.reason}" for module in recording.unrecorded]
    if doubtful or missing:
        lines.append(f'<p class="note" role="note">{escaped("; ".join((*doubtful, *missing)))}.</p>\n')
    return "".join(lines)


def _distance(layer: Layer) -> float:
    difference, tolerance = layer.verification.difference, layer.verification.tolerance
    return (difference or 0.0) / (tolerance or math.inf)


def _carried(recording: Recording, limits: Budget, rows: Sequence[int | str]) -> str:
    """What the page holds."""
    if limits.whole:
        return "This page holds every weight and the arithmetic of every number."
    sentences = []
    largest = max(max(layer.shape[2:]) for layer in recording.layers)
    if largest > limits.cells:
        sentences.append(
            f"maps pooled to at most {limits.cells} × {limits.cells} cells, of each the largest and the mean weight"
        )
    else:
        sentences.append("the map of every head")
    every = "every query" if limits.every == 1 else f"one query in {limits.every}"
    sentences.append(f"of {every} the {_count(limits.top, 'key')} with the largest weights")
    chosen = len(rows) if rows else limits.rows
    sentences.append(
        f"the arithmetic of {_count(chosen, 'row')} of each head" if chosen else "the arithmetic of no row"
    )
    return f"This page holds {'; '.join(sentences)}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
