"""The frame of a page that stands on its own and may ask for nothing from elsewhere."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from pellucid.rendering.html_page.words import escaped


def framed(title: str, fragment: str, root: str, script: str | None) -> str:
    """A whole page around a fragment.

    Args:
        title: of the window.
        fragment: one element, with everything that the page shows.
        root: the class of that element.
        script: the only one that may run; `None` for none.
    """
    allowed = f"script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'; " if script else ""
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; {allowed}img-src data:; base-uri 'none'; form-action 'none'"
    )
    style = f"body {{ margin: 0 }} .{root} {{ min-height: 100vh }} @page {{ margin: 16mm 14mm }}"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{escaped(title)}</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n{fragment}</body>\n</html>\n"
    )
