"""Numbers as authors and programs print them. Nothing here comes from pellucid: the checker is not its own judge."""

from __future__ import annotations

import decimal
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

CONTEXT = decimal.Context(prec=40, rounding=decimal.ROUND_HALF_EVEN)
MINUS_INFINITY = "-inf"
Rows = list[list[Any]]
"""Numbers of one matrix; `None` is a score that was masked, −∞."""


@dataclass(frozen=True)
class Arithmetic:
    """A number type: exact decimals with 40 digits, or a float of NumPy."""

    number: Callable[[Any], Any]
    sqrt: Callable[[Any], Any]
    exp: Callable[[Any], Any]


ARITHMETICS: dict[str, Arithmetic] = {
    "decimal": Arithmetic(Decimal, lambda x: x.sqrt(CONTEXT), lambda x: x.exp(CONTEXT)),
    "float64": Arithmetic(lambda x: np.float64(str(x)), np.sqrt, np.exp),
    "float32": Arithmetic(lambda x: np.float32(str(x)), np.sqrt, np.exp),
}


def fixed(value: Any, places: int, rounding: str = decimal.ROUND_HALF_UP) -> str:
    """`value` with `places` decimals; a float is rounded as the shortest decimal that reads back as it."""
    if value is None:
        return MINUS_INFINITY
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    # 30 digits: what a tie lost in 40-digit arithmetic is a tie again.
    exact = decimal.Context(prec=30).plus(exact)
    text = f"{exact.quantize(Decimal(1).scaleb(-places), rounding=rounding, context=CONTEXT):f}"
    return text.removeprefix("-") if not Decimal(text) else text


def cut(value: Any, places: int) -> str:
    """`value` with the digits after `places` decimals dropped."""
    return fixed(value, places, decimal.ROUND_DOWN)


def trimmed(text: str) -> str:
    """A text without the zeros at the end of its decimals."""
    return text.rstrip("0").rstrip(".") if "." in text else text


NUMBER = re.compile(r"(?<![a-z\d])-?(?:inf|\d+\.?\d*(?:e[+-]\d+)?)")


def numpy_print(rows: Rows, dtype: str, precision: int = 8, as_value: bool = False) -> str:
    """What `print` shows of a NumPy array, or a session of its value."""
    array = np.array([[-np.inf if x is None else float(str(x)) for x in row] for row in rows], dtype=dtype)
    if as_value:
        text = np.array2string(array, precision=precision, separator=", ", prefix="array(")
        return f"array({text}{', dtype=float32' if dtype == 'float32' else ''})"
    return str(np.array2string(array, precision=precision))


def torch_print(rows: Rows) -> str:
    """What `print` shows of a float32 tensor of two axes, without PyTorch: importing it takes seconds."""
    flat = [abs(float(str(x))) for row in rows for x in row if x is not None and float(str(x)) != 0]
    whole = all(x == int(x) for x in flat)
    scientific = bool(flat) and (max(flat) / min(flat) > 1000 or max(flat) > 1e8 or min(flat) < 1e-4)

    def text(x: Any) -> str:
        if x is None:
            return MINUS_INFINITY
        single = float(np.float32(str(x)))
        if whole:
            return f"{single:.4e}" if scientific else f"{single:.0f}."
        return f"{single:.4e}" if scientific else f"{single:.4f}"

    texts = [[text(x) for x in row] for row in rows]
    # torch measures the finite numbers that are not zero, and lets the others be narrower.
    measured = [
        t for row, source in zip(texts, rows, strict=True) for t, x in zip(row, source, strict=True) if x is not None
    ]
    width = max((len(t) for t in measured), default=1)
    lines = [", ".join(t.rjust(width) for t in row) for row in texts]
    return "tensor([[" + "],\n        [".join(lines) + "]])"


def half_unit(text: str) -> float:
    """Half a unit of the last digit of a printed number."""
    decimals = text.partition("e")[0].partition(".")[2]
    return 0.5 * 10.0 ** -len(decimals) * 10.0 ** int(text.partition("e")[2] or 0)


def is_rounding_of(text: str, value: Any) -> bool:
    """Whether `text` is `value` to within half a unit of its last digit."""
    if value is None:
        return "inf" in text or "∞" in text
    number = float(text.replace("−", "-"))
    return math.isfinite(number) and abs(number - float(str(value))) <= half_unit(text) * (1 + 1e-9)
