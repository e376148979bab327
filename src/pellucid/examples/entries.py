"""Numbers as people give them, nested lists of numbers and texts such as "1/3", as arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import ExampleError, InputError
from pellucid.expressions import Expression, Name, Number, evaluate, parse, parts
from pellucid.numbers import FLOAT64, as_decimal

_MOST_NUMBERS = 20_000_000
_MOST_DEPTH = 3
_LARGEST = Decimal("1e308")
_PLAIN = re.compile(r"[-+]?(?:\d{1,500}\.?\d{0,500}|\.\d{1,500})(?:[eE][-+]?\d{1,4})?")


def read_array(given: Any, field: str, *, ndim: tuple[int, ...] = (2,), infinities: bool = False) -> Array:
    """An array from nested lists, tuples or arrays; rows of equal length, no NaN.

    Args:
        given: numbers, or texts such as "0.3", "1/3", "sqrt(2)", "-inf", "2e-3".
        field: what it is called in messages, such as "query".
        ndim: numbers of axes it may have.
        infinities: whether −inf is a number here, as it is in masks and scores.

    Returns:
        A float array for arrays of floats; otherwise an object array of decimals and expressions, so that exact
        mode sees what was written.

    Raises:
        ExampleError: with the field, what arrived and the remedy.
    """
    if isinstance(given, np.ndarray) and given.dtype != object:
        return _numeric(given, field, ndim, infinities)
    if isinstance(given, np.ndarray):
        given = given.tolist()
    shape = _shape(given, field)
    if len(shape) not in ndim:
        needed = " or ".join({1: "a list of numbers", 2: "a list of rows", 3: "a list of matrices"}[n] for n in ndim)
        raise ExampleError(f"{field} is {_describe(len(shape))}; it needs {needed}.")
    if 0 in shape:
        raise ExampleError(f"{field} is empty; give at least one row with one number.")
    if int(np.prod(shape, dtype=np.int64)) > _MOST_NUMBERS:
        raise ExampleError(f"{field} has more than {_MOST_NUMBERS:,} numbers.")
    entries = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        number = given
        for position in index:
            number = number[position]
        entries[index] = _entry(number, field + "".join(f"[{i}]" for i in index), infinities)
    return entries


def _numeric(given: Array, field: str, ndim: tuple[int, ...], infinities: bool) -> Array:
    if given.dtype.kind not in "fiu":
        raise ExampleError(f"{field} has dtype {given.dtype}; it needs real numbers.")
    if given.ndim not in ndim:
        raise ExampleError(f"{field} has shape {given.shape}; it needs {' or '.join(map(str, ndim))} axes.")
    if 0 in given.shape:
        raise ExampleError(f"{field} has shape {given.shape}, which is empty; give at least one row.")
    wrong = np.isnan(given) | (np.isposinf(given) if infinities else np.isinf(given))
    if given.dtype.kind == "f" and wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        where = "".join(f"[{i}]" for i in place)
        raise ExampleError(f"{field}{where} is {given[place]}; every entry needs to be a finite number.")
    return given


def _shape(given: Any, field: str, depth: int = 0) -> tuple[int, ...]:
    if not _is_list(given):
        return ()
    if depth == _MOST_DEPTH:
        raise ExampleError(f"{field} is a list; at most {_MOST_DEPTH} levels (heads, rows, numbers) have a meaning.")
    if len(given) == 0:
        return (0,)
    first = _shape(given[0], f"{field}[0]", depth + 1)
    for position, item in enumerate(given):
        shape = _shape(item, f"{field}[{position}]", depth + 1) if position else first
        if shape == first:
            continue
        if len(shape) == len(first) == 1:
            raise ExampleError(
                f"{field} is ragged: row {position} has {shape[0]} numbers and row 0 has {first[0]}; "
                "give every row the same length."
            )
        raise ExampleError(
            f"{field}[{position}] is {_describe(len(shape))} and {field}[0] is {_describe(len(first))}"
            + (f" of another shape ({_times(shape)}, not {_times(first)})" if len(shape) == len(first) else "")
            + "; give them all the same shape."
        )
    return (len(given), *first)


def _is_list(given: Any) -> bool:
    if isinstance(given, np.ndarray):
        return given.ndim > 0
    return isinstance(given, Sequence) and not isinstance(given, str | bytes)


def _describe(ndim: int) -> str:
    return {0: "a single value", 1: "a list of numbers", 2: "a list of rows"}.get(ndim, "a list of matrices")


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _entry(given: Any, where: str, infinities: bool) -> Decimal | Expression:
    if isinstance(given, bool) or given is None or isinstance(given, dict):
        raise ExampleError(f"{where} is {_shown(given)}; it needs a number such as 0.3 or 1/3.")
    if isinstance(given, str):
        entry = _parse(given.strip(), where)
    elif isinstance(given, Expression):
        entry = given
    else:
        try:
            entry = as_decimal(given)
        except (ArithmeticError, TypeError, ValueError):
            raise ExampleError(f"{where} is {_shown(given)}; it needs a number such as 0.3 or 1/3.") from None
    value = entry if isinstance(entry, Decimal) else _value(entry, where)
    if value.is_nan():
        raise ExampleError(f"{where} is NaN; every entry needs to be a finite number.")
    if value.is_infinite():
        if value > 0 or not infinities:
            remedy = "only -inf has a meaning here" if infinities else "only masks and scores may hold -inf"
            raise ExampleError(f"{where} is {'inf' if value > 0 else '-inf'}; {remedy}.")
        return value
    if value.copy_abs() > _LARGEST:
        raise ExampleError(f"{where} is beyond 1e308; use smaller numbers.")
    return entry


def _parse(text: str, where: str) -> Decimal | Expression:
    if text.lower() in ("nan", ".nan", "-nan"):
        return Decimal("NaN")
    if text.lower().lstrip("+-") in (".inf",):
        text = text.replace(".", "")
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    try:
        tree = parse(text)
    except InputError as error:
        raise ExampleError(f"{where}: {error}") from None
    return tree.value if isinstance(tree, Number) else tree


def _value(tree: Expression, where: str) -> Decimal:
    names = sorted({node.name for node in _nodes(tree) if isinstance(node, Name)})
    if names:
        raise ExampleError(f"{where} contains {names[0]!r}; it needs a number such as 0.3, 1/3 or sqrt(2).")
    try:
        with FLOAT64.arithmetic():
            return as_decimal(float(evaluate(tree, FLOAT64)))
    except InputError as error:
        raise ExampleError(f"{where}: {error}") from None


def _nodes(tree: Expression) -> list[Expression]:
    return [tree, *(node for part in parts(tree) for node in _nodes(part))]


def _shown(given: Any) -> str:
    try:
        text = repr(given)
    except ValueError:  # a whole number of thousands of digits
        text = "too long a number"
    return text if len(text) <= 40 else f"{text[:40]}…"
