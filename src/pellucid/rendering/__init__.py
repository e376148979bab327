"""Rendering: one document model, and one renderer a file for each format."""

from pellucid.rendering.formats import (
    FORMATS,
    Appearance,
    format_of,
    present,
    present_recording,
    present_report,
    render,
)

__all__ = ["FORMATS", "Appearance", "format_of", "present", "present_recording", "present_report", "render"]
