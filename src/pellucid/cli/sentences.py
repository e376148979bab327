"""Sentences that a user gives: typed, in a file, or through a pipe."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pellucid.errors import InputError


@dataclass(frozen=True)
class Sentences:
    """What is to be worked on, a line each.

    Args:
        lines: in their order; some may be empty.
        place: what a line's number follows in messages, such as "in.txt, line".
    """

    lines: list[str]
    place: str


def typed_sentences(texts: Iterable[str]) -> Sentences:
    """Arguments of a command; each line of one is a sentence.

    Raises:
        InputError: one is empty, or holds what is no text.
    """
    texts = list(texts)
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            raise InputError(f"text {number} is empty; give a sentence in quotation marks.")
    lines = [line.removesuffix("\r") for text in texts for line in text.rstrip("\r\n").split("\n")]
    return _checked(Sentences(lines, "text" if len(lines) == len(texts) else "line"))


def read_sentences(path: Path | None) -> Sentences:
    """The lines of a file, or of standard input.

    Args:
        path: the file; "-" for standard input also from a terminal, `None` for it unless it is one.

    Raises:
        InputError: it cannot be read, is not UTF-8, holds no text or what is no text, or nothing was given at all.
    """
    from pellucid.data.corpora import lines_of, read_bytes

    if path is None and (sys.stdin is None or sys.stdin.isatty()):
        raise InputError("there is no text; give one in quotation marks, -i FILE, or pipe one in.")
    if path is None or str(path) == "-":
        if sys.stdin is None:
            raise InputError("standard input is closed; give a text in quotation marks or -i FILE.")
        name, data = "standard input", sys.stdin.buffer.read()
    else:
        name, data = str(path), read_bytes(path)
    return _checked(Sentences(lines_of(data, name), f"{name}, line"))


def _checked(sentences: Sentences) -> Sentences:
    for number, line in enumerate(sentences.lines, start=1):
        if line.isprintable():
            continue
        for at, character in enumerate(line, start=1):
            kind = unicodedata.category(character)
            if kind == "Cs":
                raise InputError(f"{sentences.place} {number}, character {at}: this is not UTF-8; convert it first.")
            if kind == "Cc" and character != "\t":
                raise InputError(
                    f"{sentences.place} {number}, character {at} is the control character U+{ord(character):04X}, which"
                    " is no text; remove it."
                )
    return sentences
