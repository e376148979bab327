"""Reading texts: lines, documents, pairs in one file or two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pellucid.errors import CorpusError


@dataclass(frozen=True)
class Pair:
    """A source text and what it may be translated to.

    Args:
        source: the text.
        references: at least one translation.
    """

    source: str
    references: tuple[str, ...]


def read_bytes(path: str | Path) -> bytes:
    """What a file holds.

    Raises:
        CorpusError: it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror or error}.") from None


def text_of(data: bytes, name: str) -> str:
    """Bytes as text.

    Args:
        data: UTF-8, with or without a byte order mark.
        name: of where they come from, for messages.

    Raises:
        CorpusError: they are not UTF-8, or there is no text.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{name}, line {line}: byte 0x{data[error.start]:02X} is not UTF-8; convert the file to UTF-8"
            " (for example with iconv) and try again."
        ) from None
    if not text.strip():
        raise CorpusError(f"{name} is empty; it should hold text.")
    return text


def lines_of(data: bytes, name: str) -> list[str]:
    r"""The lines of bytes, as `\n` and `\r\n` divide them; no other character ends a line.

    Raises:
        CorpusError: as `text_of`.
    """
    lines = [line.removesuffix("\r") for line in text_of(data, name).split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


def read_text(path: str | Path) -> str:
    """A whole file.

    Raises:
        CorpusError: it cannot be read, is not UTF-8, or is empty.
    """
    return text_of(read_bytes(path), str(path))


def read_lines(path: str | Path) -> list[str]:
    r"""The lines of a file, as `\n` and `\r\n` divide them; no other character ends a line.

    Raises:
        CorpusError: as `read_text`.
    """
    return lines_of(read_bytes(path), str(path))


def read_documents(path: str | Path, separator: str | None = None) -> list[str]:
    """The documents of a file.

    Args:
        path: the file.
        separator: what stands between documents, such as "<|end|>"; without it, every line is one.

    Raises:
        CorpusError: as `read_text`, or there is nothing between separators.
    """
    parts = read_lines(path) if separator is None else read_text(path).split(separator)
    documents = [part for part in (part.strip("\r\n") for part in parts) if part.strip()]
    if not documents:
        raise CorpusError(f"{path} holds no document, only the separator {separator!r}.")
    return documents


def read_tsv(path: str | Path, *, reverse: bool = False) -> list[Pair]:
    """The pairs of a file with tab-separated columns: a source and one reference or several.

    Args:
        path: the file.
        reverse: the second column is the source and the first its only reference.

    Raises:
        CorpusError: as `read_text`, or a line does not hold a pair.
    """
    pairs = []
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) < 2:
            raise CorpusError(
                f"{path}, line {number}: there is no tab; a line holds a source, a tab and its translation."
            )
        if not all(fields):
            side = "source" if not fields[0] else "translation"
            raise CorpusError(f"{path}, line {number}: the {side} is missing; a line holds both, with a tab between.")
        if reverse and len(fields) > 2:
            raise CorpusError(
                f"{path}, line {number}: there are {len(fields)} columns; the direction can be reversed where"
                " there are two."
            )
        source, *references = reversed(fields) if reverse else fields
        pairs.append(Pair(source, tuple(references)))
    return pairs


def read_parallel(source: str | Path, targets: str | Path | Sequence[str | Path]) -> list[Pair]:
    """The pairs of files that correspond line by line.

    Args:
        source: the file of the sources.
        targets: the file of the translations, or several, each with one reference for every source.

    Raises:
        CorpusError: as `read_text`, or the files do not correspond.
    """
    paths = [source, *([targets] if isinstance(targets, str | Path) else targets)]
    columns = [read_lines(path) for path in paths]
    for path, column in zip(paths, columns, strict=True):
        if len(column) != len(columns[0]):
            raise CorpusError(
                f"{paths[0]} has {len(columns[0]):,} lines and {path} {len(column):,}; line by line they must"
                " be translations of each other."
            )
    pairs = []
    for number, fields in enumerate(zip(*columns, strict=True), start=1):
        texts = [field.strip() for field in fields]
        if not any(texts):
            continue
        for path, text in zip(paths, texts, strict=True):
            if not text:
                raise CorpusError(f"{path}, line {number}: it is empty, but the same line of the other file is not.")
        pairs.append(Pair(texts[0], tuple(texts[1:])))
    return pairs


def group_references(pairs: Iterable[Pair]) -> list[Pair]:
    """One pair for every source, with all its different references, both in the order of their first appearance."""
    grouped: dict[str, dict[str, None]] = {}
    for pair in pairs:
        grouped.setdefault(pair.source, {}).update(dict.fromkeys(pair.references))
    return [Pair(source, tuple(references)) for source, references in grouped.items()]
