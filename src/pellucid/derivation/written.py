"""Derivations that were written as JSON, read again: their numbers and labels, not the arithmetic behind them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from pellucid.arrays import Array
from pellucid.derivation.axis import Axis
from pellucid.derivation.derivation import Derivation, Subject
from pellucid.derivation.step import Step
from pellucid.errors import InputError
from pellucid.numbers import EXACT_DIGITS, FLOAT32, FLOAT64, Exact, Notation, NumberType
from pellucid.operations import Given, Indices

_MINUS_INFINITY = "-inf"
_OF_IDS = ("ids", "choice")


class _Step(msgspec.Struct):
    name: str
    axes: list[str]
    shape: list[int]
    values: Any


class _Written(msgspec.Struct):
    title: str
    tokens: list[str] | dict[str, list[str]]
    steps: list[_Step]


class _Steps(msgspec.Struct):
    steps: msgspec.Raw


def is_written(path: Path) -> bool:
    """Whether a JSON file holds the steps of a derivation, as an example file does not."""
    try:
        msgspec.json.decode(path.read_bytes(), type=_Steps)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False  # what is wrong is said by whoever opens it
    return True


def read_derivation(path: str | Path) -> Derivation:
    """What `pellucid explain --to json` or `Derivation.to_json` wrote; every step is given.

    Steps that were left blank are left out. Numbers of which all are the shortest decimals of float32 make a
    derivation in float32; strings of digits one in exact decimals.

    Raises:
        InputError: the file cannot be read, or holds something else.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    return parse_derivation(content, str(path))


def parse_derivation(content: bytes, where: str) -> Derivation:
    """The same, of what a file holds.

    Args:
        content: JSON.
        where: names the file in messages.

    Raises:
        InputError: it is something else.
    """
    try:
        written = msgspec.json.decode(content, type=_Written)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{where} is no recording: {str(error).rstrip('.')}; `pellucid explain … --to json -o FILE` writes one."
        ) from None
    notation = Notation()
    steps: dict[str, Step] = {}
    for entry in written.steps:
        if entry.values is None:
            continue
        if entry.name in steps:
            raise InputError(f"{where} has the step {entry.name!r} twice; write the recording again.")
        value = _array(entry, where)
        labels = _Labels(written.tokens, entry.name)
        axes = tuple(Axis(name, size, labels(name, size)) for name, size in zip(entry.axes, value.shape, strict=True))
        is_of_ids = value.dtype.kind == "i" and entry.name.rpartition(".")[2] in _OF_IDS
        given = Indices(value) if is_of_ids else Given(value)
        steps[entry.name] = Step(entry.name, given, (), axes, value, notation)
    if not steps:
        raise InputError(f"{where} holds no step; write the recording again.")
    return Derivation(Subject(written.title), steps, _numbers(steps), notation)


def _array(entry: _Step, where: str) -> Array:
    words = list(_words(entry.values))
    values = entry.values
    holds_decimals = any(word != _MINUS_INFINITY for word in words)
    try:
        if holds_decimals:
            values = _mapped(values, lambda number: Decimal(str(number)))
        elif words:
            values = _mapped(values, lambda number: -np.inf if number == _MINUS_INFINITY else number)
        array = np.array(values, dtype=object if holds_decimals else None)
    except (InvalidOperation, ValueError, OverflowError):
        array = np.array(None, dtype=object)
    fits = len(entry.axes) == len(entry.shape) and array.size == np.prod(entry.shape, dtype=np.int64)
    fits = fits and (array.shape == tuple(entry.shape) or array.size == 0)
    if not fits or array.dtype.kind not in ("O" if holds_decimals else "biuf"):
        raise InputError(
            f"{where}: the values of {entry.name} are no numbers of shape {tuple(entry.shape)} with axes "
            f"{', '.join(entry.axes) or 'none'}; write the recording again."
        )
    return array.reshape(entry.shape)


def _words(values: Any) -> Iterator[str]:
    if isinstance(values, str):
        yield values
    elif isinstance(values, list) and any(isinstance(each, list | str) for each in values):
        for each in values:
            yield from _words(each)


def _mapped(values: Any, change: Any) -> Any:
    return [_mapped(value, change) for value in values] if isinstance(values, list) else change(values)


class _Labels:
    """Which tokens the positions of a step stand for: a file lists tokens once, of queries and of keys."""

    def __init__(self, tokens: list[str] | dict[str, list[str]], name: str) -> None:
        same = tokens if isinstance(tokens, list) else None
        queries, keys = (same if isinstance(tokens, list) else tokens.get(kind, []) for kind in ("query", "key"))
        place, _, short = name.rpartition(".")
        if place.startswith("encoder."):  # keys are the source's, in the last cross-attention of a whole pass
            queries = keys
        elif place.startswith("decoder.") and not place.endswith("cross_attention"):
            keys = queries
        self._of = {"query": queries, "token": keys if short == "memory" else queries, "key": keys}

    def __call__(self, axis: str, size: int) -> tuple[str, ...] | None:
        tokens = self._of.get(axis) or []
        if axis == "token" and size == 1:  # after the last token has been taken out
            tokens = tokens[-1:]
        return tuple(tokens) if len(tokens) == size else None


def _numbers(steps: dict[str, Step]) -> NumberType:
    if any(step.value.dtype == object for step in steps.values()):
        return Exact(EXACT_DIGITS)
    floats = [step.value for step in steps.values() if step.value.dtype == np.float64]
    return FLOAT32 if floats and all(map(_of_float32, floats)) else FLOAT64


def _of_float32(array: Array) -> bool:
    """Whether every number is the shortest decimal of a float32."""
    finite = array[np.isfinite(array)]
    with np.errstate(over="ignore"):
        singles = finite.astype(np.float32)
    return bool((singles.astype(str).astype(np.float64) == finite).all())
