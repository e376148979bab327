"""The settings of an example: heads, tokens, scale and mask, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.attention import causal_mask, window_mask
from pellucid.errors import ExampleError, InputError, nearest
from pellucid.examples.entries import read_array
from pellucid.expressions import Expression, Name, Number, evaluate, parse, parts
from pellucid.numbers import FLOAT64, as_decimal
from pellucid.operations import Given

_NONE = ("none", "null", "")


def check_heads(num_heads: Any, num_key_value_heads: Any) -> int:
    """The number of key and value heads: as given, or as many as query heads.

    Raises:
        ExampleError: a number below 1, or query heads that do not divide into groups.
    """
    for name, number in (("num_heads", num_heads), ("num_key_value_heads", num_key_value_heads)):
        if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 1):
            raise ExampleError(f"{name} is {number!r}; it needs to be a whole number, 1 or more.")
    key_value = num_heads if num_key_value_heads is None else num_key_value_heads
    if num_heads % key_value:
        raise ExampleError(
            f"num_heads is {num_heads} and num_key_value_heads is {key_value}; "
            "the query heads must divide into equal groups, one for each key and value head."
        )
    return int(key_value)


def head_width(array: Array, name: str, heads: int) -> int:
    """Columns of one head, for an array with all heads side by side or with a leading head axis.

    Raises:
        ExampleError: the heads cannot share the columns, or the leading axis has another size.
    """
    if array.ndim == 3:
        if array.shape[0] != heads:
            raise ExampleError(f"{name} has {array.shape[0]} matrices and there are {heads} heads; make them equal.")
        return int(array.shape[2])
    if array.shape[1] % heads:
        raise ExampleError(
            f"{name} has {array.shape[1]} columns, which {heads} heads cannot share equally; "
            "change the number of heads or of columns."
        )
    return int(array.shape[1] // heads)


def read_tokens(given: Sequence[str] | str | None, field: str) -> tuple[str, ...] | None:
    """Tokens as a tuple of texts; one text is split at spaces.

    Raises:
        ExampleError: there are none, or one is not a text.
    """
    if given is None:
        return None
    tokens = given.split() if isinstance(given, str) else list(given)
    if not tokens:
        raise ExampleError(f"{field} is empty; give at least one token, or leave it out.")
    for position, token in enumerate(tokens):
        if not isinstance(token, str):
            raise ExampleError(f"{field}[{position}] is {token!r}; a token is a text.")
    return tuple(tokens)


def read_scale(given: Any, d_k: int | None) -> Expression:
    """The factor of the scores, as an expression in d_k.

    Args:
        given: "1/sqrt(d_k)", "1/d_k", "none", a number, or an expression.
        d_k: columns of a key; `None` when only scores are given.

    Raises:
        ExampleError: it is not an expression in d_k, is zero or not finite, or needs a d_k that is not known.
    """
    if isinstance(given, bool):
        raise ExampleError(f"scale is {given!r}; it can be 1/sqrt(d_k), 1/d_k, none or a number.")
    if given is None or (isinstance(given, str) and given.strip().lower() in _NONE):
        return Number(Decimal(1))
    if isinstance(given, Expression):
        tree = given
    else:
        try:
            tree = parse(given) if isinstance(given, str) else Number(as_decimal(given))
        except (InputError, ArithmeticError, TypeError, ValueError):
            raise ExampleError(f"scale is {given!r}; it can be 1/sqrt(d_k), 1/d_k, none or a number.") from None
    for name in sorted(_names(tree)):
        if name != "d_k":
            raise ExampleError(
                f"scale is {given!r}, which contains {name!r}{nearest(name, ['d_k', 'none'])}; "
                "it can be 1/sqrt(d_k), 1/d_k, none or a number."
            )
        if d_k is None:
            raise ExampleError(
                "scale is 1/sqrt(d_k) unless you say otherwise, and d_k is unknown when the example starts "
                "from scores; give scale as none or a number, such as 1/sqrt(64)."
            )
    try:
        with FLOAT64.arithmetic():
            value = evaluate(tree, FLOAT64, {} if d_k is None else {"d_k": d_k})
    except InputError:
        value = np.float64("nan")
    if not np.isfinite(value) or value == 0:
        where = f" with d_k = {d_k}" if _names(tree) else ""
        raise ExampleError(f"scale is {given!r}; it needs to be a finite number other than 0{where}.")
    return tree


def _names(tree: Expression) -> set[str]:
    if isinstance(tree, Name):
        return {tree.name}
    return {name for part in parts(tree) for name in _names(part)}


def read_mask(given: Any, n_q: int, n_k: int, *, is_cross: bool) -> Array | None:
    """The mask as booleans (n_q, n_k), true = may attend; `None` for none.

    Args:
        given: "none", "causal", {"window": w}, {"window": w, "causal": False}, or a matrix of 0 and 1, or of
            0 and −inf (to be added to the scores).
        n_q, n_k: rows of queries and keys.
        is_cross: whether queries and keys are different tokens, which have no order between them.

    Raises:
        ExampleError: it is none of these, or does not fit.
    """
    if given is None or (isinstance(given, str) and given.strip().lower() in _NONE):
        return None
    if isinstance(given, str | Mapping):
        if is_cross or n_q != n_k:
            raise ExampleError(
                f"mask is {_shown(given)}, which compares positions of the same tokens, but there are {n_q} queries "
                f"and {n_k} keys of different sequences; give a matrix of {n_q}×{n_k} instead."
            )
        if isinstance(given, Mapping):
            return window_mask(n_q, *_window(given)[:1], causal=_window(given)[1])
        if given.strip().lower() != "causal":
            raise ExampleError(
                f"mask is {given!r}{nearest(given, ['none', 'causal', 'window'])}; "
                "it can be none, causal, {window: 2} or a matrix of 0 and 1."
            )
        return causal_mask(n_q)
    if isinstance(given, np.ndarray) and given.dtype == bool:
        mask = given
    else:
        mask = _allowed(read_array(given, "mask", infinities=True))
    if mask.shape != (n_q, n_k):
        raise ExampleError(f"mask is {'×'.join(map(str, mask.shape))}; it needs {n_q} rows (queries) of {n_k} (keys).")
    return mask


def _allowed(matrix: Array) -> Array:
    """0/1, or 0/−inf to be added to the scores, as booleans."""
    values = Given(matrix).read(FLOAT64)
    additive = bool(np.isneginf(values).any())
    allowed = (0.0, -np.inf) if additive else (0.0, 1.0)
    wrong = ~np.isin(values, allowed)
    if wrong.any():
        row, column = (int(i) for i in np.argwhere(wrong)[0])
        needed = "0 (may attend) or -inf" if additive else "1 (may attend) or 0"
        raise ExampleError(f"mask[{row}][{column}] is {values[row, column]:g}; it needs to be {needed}.")
    return np.asarray(values == (0.0 if additive else 1.0))


def _window(given: Mapping[str, Any]) -> tuple[int, bool]:
    for name in given:
        if name not in ("window", "causal"):
            raise ExampleError(f"mask.{name} is unknown{nearest(name, ['window', 'causal'])}; write {{window: 2}}.")
    window, causal = given.get("window"), given.get("causal", True)
    if isinstance(window, str) and window.isdecimal() and len(window) < 10:
        window = int(window)
    if not isinstance(window, int) or isinstance(window, bool) or window < 1:
        raise ExampleError(f"mask.window is {window!r}; it needs to be a whole number, 1 or more.")
    if isinstance(causal, str) and causal.lower() in ("true", "false"):
        causal = causal.lower() == "true"
    if not isinstance(causal, bool):
        raise ExampleError(f"mask.causal is {causal!r}; it needs to be true or false.")
    return window, causal


def _shown(given: Any) -> str:
    return repr(given) if isinstance(given, str) else "{" + ", ".join(f"{k}: {v}" for k, v in given.items()) + "}"
