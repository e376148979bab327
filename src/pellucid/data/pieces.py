"""Tokens as the text that they stand for, where a vocabulary spells them in signs of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

_SPACE_MARK = "▁"


def reader_of(description: Mapping[str, Any]) -> Callable[[str], str]:
    """What makes text of a token as a vocabulary spells it: the space before a word is a space.

    Args:
        description: a tokenizer.json.
    """
    decoder = description.get("decoder") or {}
    kinds = [decoder.get("type"), *(part.get("type") for part in decoder.get("decoders", ()))]
    if "ByteLevel" in kinds:
        return _from_byte_level
    replaced = [
        part.get("pattern") for part in (decoder, *decoder.get("decoders", ())) if part.get("type") == "Replace"
    ]
    if "Metaspace" in kinds or {"String": _SPACE_MARK} in replaced:
        return lambda token: token.replace(_SPACE_MARK, " ")
    return str


def _from_byte_level(token: str) -> str:
    """The text of bytes that stand as printable characters (Radford et al. 2019, GPT-2's encoder.py).

    Bytes that are no whole character stay visible, as "\\\\xc3".
    """
    table = _bytes()
    if not all(character in table for character in token):
        return token  # added by hand
    return bytes(table[character] for character in token).decode("utf-8", errors="backslashreplace")


@cache
def _bytes() -> dict[str, int]:
    """By its character, every byte: printable ones of Latin-1 are themselves, the others follow from U+0100 on."""
    themselves = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in themselves]
    return {chr(byte): byte for byte in themselves} | {chr(256 + place): byte for place, byte in enumerate(others)}
