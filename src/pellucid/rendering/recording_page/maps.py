"""Weights as levels of shade, and the keys with the largest weights, as bytes and letters.

A level stands for a range of weights, which the page prints: no weight is computed from a level. Levels go by the
square root of a weight, so that 0.01 can be told from 0 beside a weight of 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.numbers import Notation
from pellucid.numbers.texts import texts
from pellucid.rendering.html_page.data import packed, packed_bytes

LEVELS = 32
"""Shades, the lightest for nothing."""
_LETTERS = "0123456789abcdefghijklmnopqrstuv"
_THUMBNAIL = 24  # cells along each side
_PLACES = 4


def levels(weights: Array) -> Array:
    """The level of every weight."""
    return np.asarray(np.rint(np.sqrt(weights.clip(0, 1)) * (LEVELS - 1)), dtype=np.uint8)


def bounds() -> list[str]:
    """Where each level begins, as text; the last one ends at 1."""
    edges = ((np.arange(LEVELS) - 0.5).clip(0) / (LEVELS - 1)) ** 2
    return texts(Notation(_PLACES), edges)


def letters(shades: Array) -> str:
    """Levels as text, a letter each."""
    return bytes(np.frombuffer(_LETTERS.encode(), dtype=np.uint8)[shades]).decode()


def thumbnail(mean: Array, relative: bool) -> list[str]:
    """A map in small, line by line: of every block of cells the largest.

    Args:
        mean: the mean weight of each cell; of a long text the largest ones would be dark everywhere.
        relative: whether the darkest is the largest of these, and not a weight of 1.
    """
    rows, columns = (np.arange(0, size, -(-size // _THUMBNAIL)) for size in mean.shape)
    pooled = np.maximum.reduceat(np.maximum.reduceat(mean, rows, axis=0), columns, axis=1)
    if relative:
        pooled = pooled / max(float(pooled.max()), 1e-300)
    return [letters(row) for row in levels(pooled)]


def packed_levels(weights: Array) -> dict[str, str]:
    """A map for the page."""
    return packed_bytes(levels(weights).tobytes())


def packed_letters(weights: Array) -> str | dict[str, str]:
    """The levels of one row for the page."""
    return packed(letters(levels(weights)))


def listed(keys: Array, weights: Array) -> dict[str, Any]:
    """The largest weights of some queries.

    Args:
        keys: of each query, the keys, (queries, top).
        weights: theirs, likewise.
    """
    printed = texts(Notation(_PLACES), weights, _PLACES)
    codes = np.array([int(text.replace(".", "") if "." in text else f"{text}{'0' * _PLACES}") for text in printed])
    return {"top": keys.shape[1], "keys": _planes(keys), "weights": _planes(codes)}


def _planes(numbers: Array) -> dict[str, str]:
    """Whole numbers as three planes of bytes, the lowest first: the higher ones hardly take room."""
    shifted = numbers.reshape(-1).astype(np.uint32)
    return packed_bytes(b"".join(((shifted >> shift) & 255).astype(np.uint8).tobytes() for shift in (0, 8, 16)))
