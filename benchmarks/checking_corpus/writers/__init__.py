"""One writer a format."""

from checking_corpus.writer import Writer
from checking_corpus.writers.comments import CWriter, PythonWriter, RustWriter
from checking_corpus.writers.markup import HtmlWriter, LatexWriter
from checking_corpus.writers.sheets import CsvWriter, XlsxWriter
from checking_corpus.writers.text import MarkdownWriter, NotebookWriter, RstWriter, TextWriter

WRITERS: dict[str, type[Writer]] = {
    writer.extension: writer
    for writer in (
        MarkdownWriter,
        HtmlWriter,
        LatexWriter,
        NotebookWriter,
        TextWriter,
        RstWriter,
        PythonWriter,
        CWriter,
        RustWriter,
        CsvWriter,
        XlsxWriter,
    )
}

__all__ = ["WRITERS"]
