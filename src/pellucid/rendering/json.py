"""JSON: every step with full precision."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation import Derivation
from pellucid.numbers import every_digit
from pellucid.rendering.document import Document
from pellucid.rendering.formats import Appearance


def render(document: Document, appearance: Appearance) -> str:
    """`{"title", "tokens", "steps": [{"name", "axes", "shape", "values"}…]}`.

    Floats are printed so that they read back the same; −∞ is the string "-inf"; exact decimals are strings of
    correctly rounded digits; masks are booleans. The values of blank steps are null. A second derivation to be
    read side by side stands under "beside". Some documents have data of their own.
    """
    if document.data is not None:
        return json.dumps(document.data, ensure_ascii=False, allow_nan=False) + "\n"
    first, *others = (_derivation(one, document.blanks) for one in document.derivations)
    if others:
        first["beside"] = others[0]
    return json.dumps(first, ensure_ascii=False, allow_nan=False) + "\n"


def _derivation(derivation: Derivation, blanks: frozenset[str]) -> dict[str, Any]:
    return {
        "title": derivation.title,
        "tokens": derivation.tokens,
        "steps": [
            {
                "name": step.name,
                "axes": [axis.name for axis in step.axes],
                "shape": list(step.shape),
                "values": None if step.name in blanks else _values(step.value),
            }
            for step in derivation
        ],
    }


def _values(array: Array) -> Any:
    if array.dtype == object:
        return _mapped(array.tolist(), lambda number: "-inf" if number.is_infinite() else every_digit(number))
    if array.dtype == np.float32:
        return _mapped(array.tolist(), lambda number: "-inf" if number == -np.inf else float(str(np.float32(number))))
    if np.isneginf(array).any():
        return _mapped(array.tolist(), lambda number: "-inf" if number == -np.inf else number)
    return array.tolist()


def _mapped(values: Any, change: Any) -> Any:
    return [_mapped(value, change) for value in values] if isinstance(values, list) else change(values)
