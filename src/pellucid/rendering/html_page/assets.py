"""Style sheets and scripts, which every page carries in itself."""

from __future__ import annotations

from importlib.resources import files

PACKAGE = "pellucid.rendering.html_page"


def texts(*names: str, package: str = PACKAGE) -> str:
    """Files of a package, one behind the other."""
    return "\n".join((files(package) / name).read_text(encoding="utf-8") for name in names)


def script(*parts: str) -> str:
    """Parts of a script as one function, so that several in a page share no names with each other or with it."""
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


STYLE = texts("page.css", "formulas.css", "matrices.css", "panel.css", "walk.css", "print.css")
ARITHMETIC = texts("expressions.js", "numbers.js", "choice.js", "panel.js")
"""What any page needs to show the arithmetic of a number."""
SCRIPT = script(ARITHMETIC, texts("matrices.js", "walk.js", "page.js"))
