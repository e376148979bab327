"""The style sheet and the script, which every page carries in itself."""

from __future__ import annotations

from importlib.resources import files

_FILES = files("pellucid.rendering.html_page")
_STYLES = ("page.css", "formulas.css", "matrices.css", "panel.css", "walk.css", "print.css")
_SCRIPTS = ("expressions.js", "numbers.js", "matrices.js", "panel.js", "walk.js", "page.js")


def _read(name: str) -> str:
    return (_FILES / name).read_text(encoding="utf-8")


STYLE = "\n".join(map(_read, _STYLES))

# In one function, so that several fragments in a page share no names with each other or with the page.
SCRIPT = '(() => {\n"use strict";\n' + "\n".join(map(_read, _SCRIPTS)) + "})();\n"
