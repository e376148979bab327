"""Reports on checked files: one outline of what was found, and one renderer a file for each format."""

from pellucid.rendering.report.formats import ONE_DOCUMENT, REPORT_FORMATS, format_of_report, render_reports

__all__ = ["ONE_DOCUMENT", "REPORT_FORMATS", "format_of_report", "render_reports"]
