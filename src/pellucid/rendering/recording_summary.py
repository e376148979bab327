"""The summary of a recording: on one screen, a cell for every head; and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.capturing.layer import Layer
from pellucid.capturing.recording import Recording
from pellucid.capturing.summary import FEWEST, PATTERNS, HeadSummary, Pattern, Summary
from pellucid.rendering.formats import Appearance
from pellucid.rendering.styled_lines import (
    Span,
    StyledLine,
    cells,
    indented,
    padded,
    printed,
    side_by_side,
    unbroken,
    wrapped,
)
from pellucid.rendering.terminal import visible

_EVENNESS = "▁▂▃▄▅▆▇█"
PATTERN_WORDS: dict[Pattern, str] = {
    "previous": "the previous token",
    "own": "themselves",
    "first": "the first token",
    "same_word": "matching words",
    "induction": "what followed (induction)",
}
_LETTERS: dict[Pattern, str] = {"previous": "p", "own": "o", "first": "f", "same_word": "m", "induction": "i"}
_STYLES: dict[Pattern, str] = {
    "previous": "dodger_blue1",
    "own": "dark_orange",
    "first": "grey62",
    "same_word": "green3",
    "induction": "bold medium_orchid",
}
_HIGHEST = 10
"""Lines of a block of layers; more stand beside it where there is room."""
_MOST_REASONS = 3
_INDENT, _GAP = 2, 4


def summary_text(
    recording: Recording,
    summary: Summary,
    title: str,
    appearance: Appearance,
    further: Sequence[tuple[str, str]] = (),
) -> str:
    """One screen: what was read and verified, a cell for each head, and the heads that stand out.

    Args:
        recording: what is summarised.
        summary: of its layers, or of some.
        title: one line.
        appearance: colour and width.
        further: options that show more, each with what it shows.
    """
    width = max(appearance.width, 40)
    lines: list[StyledLine] = wrapped([Span(visible(title), "bold")], width)
    for words in read_lines(summary):
        lines += wrapped([Span(visible(words), "dim")], width)
    for style, words in verified(recording, summary.layers):
        lines += wrapped([Span(words, style)], width, hanging=2)
    lines += [[], *indented(grid(summary, width - _INDENT), _INDENT), []]
    lines += wrapped(legend([summary]), width)
    lines += [[], *_strongest(summary, width)]
    if further:
        lines.append([])
        most = max(cells(option) for option, _ in further)
        lines += [[*padded([Span(option, "bold")], most + 3), Span(words, "dim")] for option, words in further]
    return printed(lines, colour=appearance.colour)


def read_lines(summary: Summary) -> list[str]:
    """The tokens, as one line each of what is read and written."""
    lines: dict[str, None] = {}
    for layer in summary.layers:
        for axis in layer.head(0, sequence=summary.sequence).axes:
            if axis.labels is not None:
                shown = " ".join(axis.labels[:60]) + (" …" if axis.size > 60 else "")
                lines[f"{counted(axis.size, 'token')}: {shown}"] = None
    # A decoder with a cache reads one token at a time: the line with all of them is enough.
    return [
        line for line in lines if not any(line != other and other.endswith(line.partition(": ")[2]) for other in lines)
    ]


def counted(number: int, noun: str) -> str:
    """A number of things: 1 token, 2 tokens."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def verified(recording: Recording, layers: Sequence[Layer]) -> list[tuple[str, str]]:
    """What was verified and what was not, each sentence with its style."""
    proven = [layer for layer in layers if layer.verification]
    sentences = []
    if proven:
        worst = max(layer.verification.difference or 0.0 for layer in proven)
        words = (
            f"✓ {len(proven)} of {counted(len(layers), 'attention')} verified: recomputed in float64, what they give"
        )
        words += f" differs from the model's by at most {worst:.1e} of the largest value."
        sentences.append(("green", words))
    reasons: dict[str, list[str]] = {}
    for place, layer in enumerate(layers):
        if not layer.verification:
            reasons.setdefault(layer.verification.reason, []).append(f"layer {place}")
    for module in recording.unrecorded:
        reasons.setdefault(f"no record, {module.reason}", []).append(module.name or module.class_name)
    for reason, names in list(reasons.items())[:_MOST_REASONS]:
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        sentences.append(("yellow", f"! not verified: {visible(shown)}: {visible(reason)}."))
    if len(reasons) > _MOST_REASONS:
        sentences.append(("yellow", f"! and {len(reasons) - _MOST_REASONS} further reasons; --json has all."))
    sentences += [("yellow", f"! {visible(note)}.") for note in recording.notes]
    return sentences


def layer_words(layers: Sequence[Layer]) -> list[str]:
    """What each layer is called in a list: its place, and its part where there are several parts."""
    parts = [
        "cross" if layer.kind == "cross" else next((p for p in ("encoder", "decoder") if p in layer.name), "")
        for layer in layers
    ]
    several = len(set(parts)) > 1
    return [f"{place} {part}".strip() if several else str(place) for place, part in enumerate(parts)]


def grid(summary: Summary, width: int) -> list[StyledLine]:
    """A line for each layer, a cell for each head: how evenly it looks, and at what."""
    names = layer_words(summary.layers)
    most_heads = max(map(len, summary.heads), default=0)
    label = max(map(cells, (*names, "layer"))) + 1
    cell = 3 if label + 3 * most_heads <= width else 2
    fit = max(1, (width - label) // cell)
    lines: list[StyledLine] = []
    for start in range(0, most_heads, fit):
        stop = min(start + fit, most_heads)
        header: StyledLine = [*padded([Span("layer", "dim")], label), *_numbers(start, stop, cell)]
        rows: list[StyledLine] = []
        for name, heads in zip(names, summary.heads, strict=True):
            row: StyledLine = padded([Span(name, "dim")], label)
            for head in heads[start:stop]:
                row = [*row, *padded(_cell(head), cell)]
            rows.append(row)
        taken = label + cell * (stop - start)
        blocks = min(-(-len(rows) // _HIGHEST), max(1, (width + _GAP) // (taken + _GAP)))
        high = -(-len(rows) // blocks)
        parts = [[header, *rows[first : first + high]] for first in range(0, len(rows), high)]
        lines += [*([[]] if lines else []), *side_by_side(parts, _GAP)]
    return lines


def _numbers(start: int, stop: int, cell: int) -> StyledLine:
    """The numbers of heads above their cells; every fifth where there is no room for each."""
    if cell > 2 or stop <= 10:
        return [Span(f"{head:<{cell}}", "dim") for head in range(start, stop)]
    spans = []
    for head in range(start, stop, 5):
        spans.append(Span(f"{head:<{cell * min(5, stop - head)}}", "dim"))
    return spans


def _cell(head: HeadSummary) -> StyledLine:
    if head.evenness is None:
        return [Span("·", "dim")]
    mark = _EVENNESS[min(int(head.evenness * len(_EVENNESS)), len(_EVENNESS) - 1)]
    if head.pattern is None:
        return [Span(mark), Span(" ")]
    style = _STYLES[head.pattern]
    return [Span(mark, style), Span(_LETTERS[head.pattern], style)]


def legend(summaries: Sequence[Summary]) -> StyledLine:
    """What the marks of grids mean; only those that occur."""
    spans = [Span("▁ looks at one token … █ at all alike", "dim")]
    found = {head.pattern for summary in summaries for head in summary}
    for pattern in PATTERNS:
        if pattern in found:
            spans += [
                Span(unbroken(" ·") + " ", "dim"),
                Span(_LETTERS[pattern], _STYLES[pattern]),
                Span(f" {PATTERN_WORDS[pattern]}", "dim"),
            ]
    return spans


def _strongest(summary: Summary, width: int) -> list[StyledLine]:
    """The heads that give each pattern most; of few tokens, why they are not named."""
    if not any(head.tells for head in summary):
        words = f"What heads look at is told where one may choose among {FEWEST} tokens or more; of fewer, half of the "
        words += "weight falls on one by chance."
        return wrapped([Span(words, "dim")], width)
    lines: list[StyledLine] = []
    label = max(map(cells, PATTERN_WORDS.values())) + 3
    for pattern in PATTERNS:
        heads = summary.strongest(pattern, 4)
        if not heads:
            continue
        line: StyledLine = padded([Span(PATTERN_WORDS[pattern], _STYLES[pattern])], label)
        for head in heads:
            one = [Span(f"{head.layer}.{head.head}", "bold"), Span(f" {percent(head.shares[pattern])}".ljust(8))]
            if cells("".join(span.text for span in [*line, *one]).rstrip()) <= width:
                line = [*line, *one]
        lines.append(line)
    if lines:
        words = "Heads that look most at … (layer.head, and the share of their weight it gets):"
        lines = [*wrapped([Span(words, "dim")], width), *lines]
    return lines


def percent(share: float) -> str:
    """A share as people write it: 98 %, 0.4 %, < 0.1 %."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.0f} %" if share >= 0.0995 or share == 0 else f"{100 * share:.1f} %"


def summary_data(recording: Recording, summary: Summary, title: str) -> dict[str, Any]:
    """The summary as plain data, for JSON.

    Args:
        recording: what is summarised.
        summary: of its layers, or of some.
        title: one line.
    """
    layers = []
    for place, (layer, heads) in enumerate(zip(summary.layers, summary.heads, strict=True)):
        queries, keys = layer.head(0, sequence=summary.sequence).axes
        verification = layer.verification
        layers.append(
            {
                "layer": place,
                "name": layer.name,
                "kind": layer.kind,
                "status": verification.status,
                "reason": verification.reason,
                "difference": verification.difference,
                "tolerance": verification.tolerance,
                "queries": queries.size if queries.labels is None else list(queries.labels),
                "keys": keys.size if keys.labels is None else list(keys.labels),
                "heads": [
                    {
                        "head": head.head,
                        "entropy_bits": head.entropy,
                        "evenness": head.evenness,
                        "shares": head.shares,
                        "pattern": head.pattern,
                    }
                    for head in heads
                ],
            }
        )
    missing = [{"name": one.name, "class": one.class_name, "reason": one.reason} for one in recording.unrecorded]
    return {"title": title, "layers": layers, "unrecorded": missing, "notes": recording.notes}
