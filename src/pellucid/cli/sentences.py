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

    if path is None or str(path) == "-":
        name, data = "standard input", _standard_input("a text in quotation marks or -i FILE", asked=path is not None)
    else:
        name, data = str(path), read_bytes(path)
    return _checked(Sentences(lines_of(data, name), f"{name}, line"))


def read_prompt(typed: str | None) -> str:
    """The beginning of a text: an argument, or else standard input without the line end behind it.

    Args:
        typed: the argument; "-" for standard input also from a terminal.

    Raises:
        InputError: nothing was given, it is empty, is not UTF-8, or holds what is no text.
    """
    if typed is None or typed == "-":
        from pellucid.data.corpora import text_of

        data = _standard_input("the beginning of a text in quotation marks", asked=typed == "-")
        prompt = text_of(data, "standard input").removesuffix("\n").removesuffix("\r")
    else:
        prompt = typed
    if not prompt.strip():
        raise InputError("the prompt is empty; give the beginning of a text in quotation marks, or pipe one in.")
    return checked_text(prompt, "prompt")


def checked_text(text: str, name: str) -> str:
    """A text that was typed for a model to read, if it is one.

    Args:
        text: what was typed; it may be empty.
        name: what it is called in messages.

    Raises:
        InputError: it holds what is no text.
    """
    _checked(Sentences([line.removesuffix("\r") for line in text.split("\n")], f"{name}, line"))
    return text


def _standard_input(instead: str, *, asked: bool) -> bytes:
    """What is piped in.

    Args:
        instead: what can be given in its place, for messages.
        asked: read from a terminal too.
    """
    if sys.stdin is None:
        raise InputError(f"standard input is closed; give {instead}.")
    if not asked and sys.stdin.isatty():
        raise InputError(f"there is no text; give {instead}, or pipe one in.")
    return sys.stdin.buffer.read()


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
