"""Reading documents: from a file of any format to passages and tables."""

from pellucid.checking.documents.opening import open_source
from pellucid.checking.documents.reading import format_of, read_document

__all__ = ["format_of", "open_source", "read_document"]
