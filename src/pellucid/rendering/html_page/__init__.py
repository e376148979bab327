"""What an HTML page is made of besides its document: style sheet, script and the data that the script reads."""

from pellucid.rendering.html_page.assets import SCRIPT, STYLE
from pellucid.rendering.html_page.data import page_data

__all__ = ["SCRIPT", "STYLE", "page_data"]
