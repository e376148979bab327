"""Two summaries side by side, and the heads that differ most; and as data."""

from __future__ import annotations

from typing import Any

from pellucid.capturing.comparison import Comparison
from pellucid.capturing.recording import Recording
from pellucid.rendering.formats import Appearance
from pellucid.rendering.recording_summary import grid, legend, read_lines, summary_data, verified
from pellucid.rendering.styled_lines import Span, StyledLine, indented, padded, printed, side_by_side, wrapped
from pellucid.rendering.styled_lines import width as width_of
from pellucid.rendering.terminal import visible

_INDENT, _GAP, _MOST = 2, 4, 6
NOT_ALIKE = "They have not the same layers, heads, queries and keys: weights cannot be compared one by one."
"""What is said where heads have no others to stand against."""


def comparison_text(
    recordings: tuple[Recording, Recording], comparison: Comparison, titles: tuple[str, str], appearance: Appearance
) -> str:
    """Both summaries, side by side where there is room, and the heads that differ most.

    Args:
        recordings: that are compared.
        comparison: of their layers, or of some.
        titles: one line each.
        appearance: colour and width.
    """
    room = max(appearance.width, 40)
    summaries = (comparison.left, comparison.right)
    grids = [grid(summary, room - _INDENT) for summary in summaries]
    beside = sum(max(map(width_of, lines), default=0) for lines in grids) + _GAP + _INDENT <= room
    half = (room - _GAP) // 2 if beside else room
    columns: list[list[StyledLine]] = []
    for recording, summary, title, lines in zip(recordings, summaries, titles, grids, strict=True):
        column = wrapped([Span(visible(title), "bold")], half)
        for words in read_lines(summary):
            column += wrapped([Span(visible(words), "dim")], half)
        for style, words in verified(recording, summary.layers):
            column += wrapped([Span(words, style)], half, hanging=2)
        columns.append(
            [*(column if not beside else [padded(line, half) for line in column]), [], *indented(lines, _INDENT)]
        )
    if beside:
        # Grids begin on the same line.
        tops = [len(column) - len(lines) for column, lines in zip(columns, grids, strict=True)]
        for column, lines in zip(columns, grids, strict=True):
            top = len(column) - len(lines)
            column[top:top] = [[]] * (max(tops) - top)
        lines = side_by_side(columns, _GAP)
    else:
        lines = [*columns[0], [], *columns[1]]
    lines += [[], *wrapped(legend(summaries), room), []]
    lines += _furthest(comparison, room)
    return printed(lines, colour=appearance.colour)


def _furthest(comparison: Comparison, room: int) -> list[StyledLine]:
    if not comparison.distances:
        return wrapped([Span(NOT_ALIKE, "dim")], room)
    words = "Heads that differ most (layer.head, and the Jensen–Shannon divergence of their weights in bits: "
    words += "0 for the same, 1 for no key in common):"
    line: StyledLine = []
    for layer, head, distance in comparison.furthest(_MOST):
        line += [Span(f"{layer}.{head}", "bold"), Span(f" {distance:.3f}   ")]
    return [*wrapped([Span(words, "dim")], room), *wrapped(line, room)]


def comparison_data(
    recordings: tuple[Recording, Recording], comparison: Comparison, titles: tuple[str, str]
) -> dict[str, Any]:
    """The comparison as plain data, for JSON."""
    left, right = (
        summary_data(recording, summary, title)
        for recording, summary, title in zip(recordings, (comparison.left, comparison.right), titles, strict=True)
    )
    return {"left": left, "right": right, "distances": [list(heads) for heads in comparison.distances]}
