"""Rendering: one document model, and one renderer a file for each format."""

from pellucid.rendering.formats import (
    FORMATS,
    Appearance,
    format_of,
    present,
    present_production,
    present_recording,
    present_report,
    production_document,
    render,
)

__all__ = [
    "FORMATS",
    "Appearance",
    "format_of",
    "present",
    "present_production",
    "present_recording",
    "present_report",
    "production_document",
    "render",
]
