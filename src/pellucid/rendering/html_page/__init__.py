"""What an HTML page is made of besides its document: frame, style sheet, script and the data that the script reads."""

from pellucid.rendering.html_page.assets import SCRIPT, STYLE
from pellucid.rendering.html_page.data import page_data
from pellucid.rendering.html_page.frame import framed

__all__ = ["SCRIPT", "STYLE", "framed", "page_data"]
