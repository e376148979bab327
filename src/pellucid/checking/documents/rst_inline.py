"""What stands in a paragraph of reStructuredText: literals, roles, emphasis, links."""

from __future__ import annotations

import re

from pellucid.checking.documents.mathematics import in_a_line
from pellucid.checking.mapped_text import Builder, MappedText

_SPECIAL = re.compile(r"[\\`*]")
_INLINE = re.compile(
    r"\\(?P<escaped>.)"
    r"|``(?P<literal>[^`\n]{1,1000})``"
    r"|:(?P<role>[A-Za-z][\w:.+-]{0,60}):`(?P<content>[^`]{1,2000})`"
    r"|`(?P<text>[^`<\n]{1,300}?)[ \t]*(?:<[^<>\n]{1,300}>)?`_{0,2}"
    r"|(?<![\w)\]*])\*\*(?P<strong>[^\s*](?:[^*\n]{0,500}[^\s*])?)\*\*(?![\w(\[*])"
    r"|(?<![\w)\]*])\*(?P<emphasis>[^\s*](?:[^*\n]{0,500}[^\s*])?)\*(?![\w(\[*])",
    re.DOTALL,
)


def plain(mapped: MappedText) -> MappedText:
    """A text without its markup."""
    if not _SPECIAL.search(mapped.text):
        return mapped.stripped()
    builder = Builder(mapped)
    position = 0
    for found in _INLINE.finditer(mapped.text):
        group = found.lastgroup if found.lastgroup != "role" else "content"
        assert group
        builder.keep(position, found.start())
        inside = found.span(group)
        if group == "content" and found["role"].lower() == "math":
            builder.add(in_a_line(mapped[slice(*inside)]))
        elif group == "content" and found["role"].lower() in ("sub", "subscript", "sup", "superscript"):
            builder.put("_" if found["role"].lower().startswith("sub") else "^", found.start(), inside[0])
            builder.keep(*inside)
        else:
            builder.keep(*inside)
        position = found.end()
    builder.keep(position, len(mapped))
    return builder.build().stripped()
