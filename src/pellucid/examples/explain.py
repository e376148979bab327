"""From an example to its derivation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from pellucid.arrays import Array
from pellucid.attention import attention_output, attention_weights, dot_products, split_heads
from pellucid.derivation import Axis, Builder, Carry, Derivation, Step, Subject, derive
from pellucid.errors import InputError
from pellucid.examples.example import Example
from pellucid.examples.library import load_example
from pellucid.expressions import Expression
from pellucid.numbers import EXACT_DIGITS, FLOAT32, FLOAT64, Exact, NumberType
from pellucid.operations import Add, Copy, Linear, Scale, SinusoidalPositions, SplitHeads

_CERTAIN_PLACES = {"float64": 14, "float32": 6}


def explain(
    example: str | Path | Example,
    *,
    exact: bool | int = False,
    dtype: Literal["float64", "float32"] = "float64",
    digits: int = 4,
    carry: Carry = "exact",
) -> Derivation:
    """The derivation of an example: every step from its inputs to the output.

    Args:
        example: the name of a shipped example, the path of a file, or an `Example`.
        exact: compute with decimals; `True` for 50 significant digits, a number for as many. Every digit is
            then the correctly rounded true one.
        dtype: otherwise, the floating point to compute in.
        digits: places after the decimal point when numbers are printed; at most 14 in float64, 6 in float32.
        carry: "rounded" computes each step from the previous one as printed; the drift is then kept beside.

    Raises:
        InputError: the example is malformed, unknown, or its results are too large.
    """
    if not isinstance(example, Example):
        example = load_example(example)
    if carry not in ("exact", "rounded"):
        raise InputError(f"carry is {carry!r}; it can be 'exact' or 'rounded'.")
    numbers = number_type(exact, dtype, digits)
    if isinstance(numbers, Exact):
        digits = min(digits, numbers.digits)  # no more are known
    derivation = _derive(example, numbers, digits, carry)
    if example.beside is None:
        return derivation
    return replace(derivation, beside=_derive(example.beside, numbers, digits, carry))


def number_type(exact: bool | int, dtype: str, digits: int) -> NumberType:
    """The number type to compute in.

    Args:
        exact: `True` for decimals of 50 significant digits or as many as are printed; a number for as many.
        dtype: otherwise, the floating point.
        digits: places after the decimal point when numbers are printed.

    Raises:
        InputError: there is no such floating point, or it is not certain of so many digits.
    """
    if exact is not False:
        # Below 1e9, where numbers are printed in full, nine digits can stand before the point.
        return Exact(max(EXACT_DIGITS, digits + 9) if exact is True else exact)
    if dtype not in ("float64", "float32"):
        raise InputError(f"dtype is {dtype!r}; it can be 'float64' or 'float32' (or exact=True).")
    most = _CERTAIN_PLACES[dtype]
    if digits > most:
        raise InputError(
            f"{digits} digits are asked for, and {dtype} is certain of {most}; compute with exact decimals (--exact)."
        )
    return FLOAT64 if dtype == "float64" else FLOAT32


def _derive(example: Example, numbers: NumberType, digits: int, carry: Carry) -> Derivation:
    subject = Subject(example.title, example.purpose, example.focus)
    return derive(lambda builder: _plan(example, builder), subject, numbers=numbers, digits=digits, carry=carry)


def _plan(example: Example, builder: Builder) -> None:
    assert isinstance(example.scale, Expression)
    n_q, n_k = example.rows
    query_axis = Axis("query", n_q, None if example.query_tokens is None else tuple(example.query_tokens))
    key_axis = Axis("key", n_k, None if example.key_tokens is None else tuple(example.key_tokens))
    value: Step | None
    if example.scores is not None:
        d_k = None
        heads = () if example.scores.ndim == 2 else (Axis("head", example.num_heads),)
        scores = builder.given("scores", example.scores, (*heads, query_axis, key_axis))
        value = None if example.value is None else _per_head(example, builder, "value", example.value, key_axis)
    else:
        query, key, value = _query_key_value(example, builder, query_axis, key_axis)
        d_k = query.shape[-1]
        scores = dot_products(builder, query, key)
    scaling = Scale(example.scale, {} if d_k is None else {"d_k": d_k})
    mask = None if example.mask is None else builder.given("mask", example.mask, (query_axis, key_axis))
    weights = attention_weights(builder, scores, scaling=scaling, mask=mask)
    if value is not None:
        weight, bias = (_parameter(builder, kind, "output", of) for kind, of in _parameters(example))
        attention_output(builder, weights, value, weight, bias)


def _query_key_value(example: Example, builder: Builder, query_axis: Axis, key_axis: Axis) -> tuple[Step, Step, Step]:
    if example.embeddings is None:
        query, key, value = (
            _per_head(example, builder, name, getattr(example, name), axis)
            for name, axis in (("query", query_axis), ("key", key_axis), ("value", key_axis))
        )
        return query, key, value
    x = _embedded(example, builder, query_axis)
    memory = x
    if example.memory is not None:
        memory = builder.given("memory", example.memory, (key_axis, Axis("d_model", example.memory.shape[1])))
    query, key, value = (
        _projected(example, builder, name, source, axis)
        for name, source, axis in (
            ("query", x, query_axis),
            ("key", memory, key_axis),
            ("value", memory, key_axis),
        )
    )
    return query, key, value


def _embedded(example: Example, builder: Builder, tokens: Axis) -> Step:
    """The embeddings, with positions added where there are any."""
    assert isinstance(example.embeddings, np.ndarray)
    axes = (tokens, Axis("d_model", example.embeddings.shape[1]))
    embeddings = builder.given("embeddings", example.embeddings, axes)
    if example.positions is None:
        return embeddings
    if isinstance(example.positions, str):
        positions = builder.apply("positions", SinusoidalPositions(), embeddings, axes=axes)
    else:
        positions = builder.given("positions", example.positions, axes)
    return builder.apply("x", Add(), embeddings, positions, axes=axes)


def _projected(example: Example, builder: Builder, name: str, source: Step, tokens: Axis) -> Step:
    """X W + b, split into heads where there are several."""
    heads, width = _heads(example, name), _WIDTH[name]
    joined = name if example.num_heads == 1 else f"projected_{name}"
    weight, bias = (_parameter(builder, kind, name, of) for kind, of in _parameters(example))
    if weight is None:
        columns = Axis(width if example.num_heads == 1 else "d_model", source.shape[1])
        step = builder.apply(joined, Copy(), source, axes=(tokens, columns))
    else:
        columns = Axis(width if example.num_heads == 1 else f"heads·{width}", weight.shape[1])
        operands = [source, weight] + ([] if bias is None else [bias])
        step = builder.apply(joined, Linear(), *operands, axes=(tokens, columns))
    return step if example.num_heads == 1 else split_heads(builder, step, name, SplitHeads(heads), width)


def _per_head(example: Example, builder: Builder, name: str, given: Array, tokens: Axis) -> Step:
    """Queries, keys or values as given: for one head, for all heads side by side, or with a head axis."""
    heads, width = _heads(example, name), _WIDTH[name]
    columns = given.shape[-1]
    if given.ndim == 3:
        return builder.given(name, given, (Axis("head", heads), tokens, Axis(width, columns)))
    if example.num_heads == 1:
        return builder.given(name, given, (tokens, Axis(width, columns)))
    joined = builder.given(f"projected_{name}", given, (tokens, Axis(f"heads·{width}", columns)))
    return split_heads(builder, joined, name, SplitHeads(heads), width)


_WIDTH = {"query": "d_k", "key": "d_k", "value": "d_v"}


def _heads(example: Example, name: str) -> int:
    return example.num_heads if name == "query" else example.num_key_value_heads or example.num_heads


def _parameters(example: Example) -> tuple[tuple[str, dict[str, Array]], ...]:
    return ("weight", example.weights), ("bias", example.biases)


def _parameter(builder: Builder, kind: str, name: str, of: dict[str, Array]) -> Step | None:
    """A weight matrix or a bias, as the step "query_weight" or "query_bias"."""
    if name not in of:
        return None
    axes = tuple(
        Axis("d_in" if size_of == 0 and kind == "weight" else "d_out", size)
        for size_of, size in enumerate(of[name].shape)
    )
    return builder.given(f"{name}_{kind}", of[name], axes)
