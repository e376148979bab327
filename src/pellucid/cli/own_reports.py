"""Reports that `check` itself has written, so that a folder they lie in can be checked again."""

from __future__ import annotations

import re

_COUNT = rb"[\d,]+\s+"
_TEXT = re.compile(
    rb"[^\n]+:\s+(?:right(?:,\s+as\s+far\s+as\s+it\s+could\s+be\s+read)?\.\s+" + _COUNT + rb"numbers?\s+checked"
    rb"|(?:wrong|rounding)\s+" + _COUNT + rb"(?:wrong|drift|last\s+digit|convention|missing)\b"
    rb"|there\s+is\s+nothing\s+in\s+it\s+to\s+check\.|nothing\s+in\s+it\s+could\s+be\s+checked\.)"
    rb"|" + _COUNT + rb"files:\s+" + _COUNT + rb"|::(?:error|warning|notice)\s"
)
_JSON = re.compile(rb"\s*\[\s*(?:\]\s*\Z|\{\s*\"file\":)")
_MARKDOWN = re.compile(
    rb"(?m)^---\n\n## What pellucid found\n\n\*\*(?:right|rounding|wrong)\*\*: "
    rb"|\A# [^\n]*: (?:right|rounding|wrong)\n\n\*\*(?:right|rounding|wrong)\*\*: "
)
_HTML = re.compile(rb"<div class=\"pellucid-report\">")


def is_own_report(suffix: str, data: bytes) -> bool:
    """Whether a file is a report that `check` has written.

    Args:
        suffix: of its name, in lower case.
        data: its contents.
    """
    if suffix == ".json":
        return _JSON.match(data) is not None
    if suffix in (".html", ".htm", ".xhtml"):
        return _HTML.search(data) is not None
    return _TEXT.match(data) is not None or _MARKDOWN.search(data) is not None
