"""A recording as one HTML page: the heads at a glance, any head's map, any row, the arithmetic of any number.

Reading order: `budget` (how much a page carries), `maps` (weights as levels of shade), `palette` (their colours),
`data` (what the page carries), `page` (its words and frame). What the reader then does is in the scripts.
"""

from pellucid.rendering.recording_page.page import recording_page

__all__ = ["recording_page"]
