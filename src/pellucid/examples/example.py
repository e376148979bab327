"""An example: the inputs of one worked computation, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation import Axis
from pellucid.errors import ExampleError, PositionError, nearest
from pellucid.examples.entries import read_array
from pellucid.examples.settings import (
    check_heads,
    head_width,
    read_mask,
    read_scale,
    read_tokens,
)
from pellucid.expressions import Expression

PROJECTIONS = ("query", "key", "value", "output")


@dataclass(eq=False)
class Example:
    """The inputs of a worked computation of attention: the file format, as an object.

    Arrays may be nested lists, with numbers or texts such as "1/3", or NumPy arrays. Rows are tokens.

    Args:
        query, key, value: (n_q, num_heads·d_k), (n_k, num_key_value_heads·d_k), (n_k, num_key_value_heads·d_v);
            or with a leading head axis.
        embeddings: in their place, x (n, d_model), to be projected with `weights` (x @ W) and `biases`;
            without `weights`, query, key and value are x itself.
        memory: cross-attention: keys and values are projected from it (n_k, d_model).
        positions: "sinusoidal", or numbers (n, d_model), added to the embeddings.
        scores: in place of query and key, raw scores (n_q, n_k) or (num_heads, n_q, n_k); `value` is optional.
        tokens: labels of the rows; for cross-attention `query_tokens` and `key_tokens`.
        scale: "1/sqrt(d_k)", "1/d_k", "none", a number, or an expression in d_k.
        mask: "none", "causal", {"window": 2}, or a matrix: 1 may attend, 0 may not (or 0 and −inf, to be added).
        layout: "columns" when the tokens are the columns of query, key, value, embeddings, memory, positions.
        focus: the query token to spell out.
        claims: what a document prints, kept for checking.
        beside: a second example to be read side by side with this one.

    Raises:
        ExampleError: on creation, when the fields contradict each other; a sentence names field and remedy.
    """

    title: str = "Attention"
    purpose: str = ""
    tokens: Sequence[str] | None = None
    query_tokens: Sequence[str] | None = None
    key_tokens: Sequence[str] | None = None
    query: Any = None
    key: Any = None
    value: Any = None
    embeddings: Any = None
    memory: Any = None
    positions: Any = None
    weights: dict[str, Any] = field(default_factory=dict)
    biases: dict[str, Any] = field(default_factory=dict)
    scores: Any = None
    num_heads: int = 1
    num_key_value_heads: int | None = None
    scale: str | float | Expression | None = "1/sqrt(d_k)"
    mask: Any = "none"
    layout: str = "rows"
    focus: int | str | None = None
    claims: Sequence[Any] = ()
    beside: Example | None = None

    def __post_init__(self) -> None:
        self.num_key_value_heads = check_heads(self.num_heads, self.num_key_value_heads)
        self._read_arrays()
        source = self._source()
        n_q, n_k = self._rows(source)
        self._label(n_q, n_k)
        d_k = self._check_shapes(source)
        self.scale = read_scale(self.scale, d_k)
        self.mask = read_mask(self.mask, n_q, n_k, is_cross=self.is_cross)
        self._check_focus(n_q)

    @property
    def is_cross(self) -> bool:
        """Whether keys and values come from other tokens than the queries."""
        return self.memory is not None or list(self.query_tokens or ()) != list(self.key_tokens or ())

    @property
    def rows(self) -> tuple[int, int]:
        """n_q and n_k."""
        return self._rows(self._source())

    def _read_arrays(self) -> None:
        if self.layout not in ("rows", "columns"):
            raise ExampleError(f"layout is {self.layout!r}; it can be 'rows' or 'columns' (tokens are columns).")
        for name in ("query", "key", "value"):
            self._read(name, ndim=(2, 3) if self.num_heads > 1 else (2,))
        for name in ("embeddings", "memory"):
            self._read(name, ndim=(2,))
        if not isinstance(self.positions, str):
            self._read("positions", ndim=(2,))
        elif self.positions != "sinusoidal":
            raise ExampleError(f"positions is {self.positions!r}; it can be 'sinusoidal' or a matrix, one row a token.")
        if self.scores is not None:
            self.scores = read_array(self.scores, "scores", ndim=(3,) if self.num_heads > 1 else (2,), infinities=True)
        self.weights = self._projections("weights", self.weights, ndim=2)
        self.biases = self._projections("biases", self.biases, ndim=1)

    def _read(self, name: str, ndim: tuple[int, ...]) -> None:
        given = getattr(self, name)
        if given is not None:
            array = read_array(given, name, ndim=ndim)
            setattr(self, name, array.swapaxes(-1, -2) if self.layout == "columns" else array)

    def _projections(self, field_name: str, given: dict[str, Any], ndim: int) -> dict[str, Array]:
        for name in given:
            if name not in PROJECTIONS:
                raise ExampleError(
                    f"{field_name}.{name} is unknown{nearest(name, list(PROJECTIONS))}; "
                    f"there are {', '.join(PROJECTIONS)}."
                )
        return {name: read_array(matrix, f"{field_name}.{name}", ndim=(ndim,)) for name, matrix in given.items()}

    def _source(self) -> str:
        """What the chain starts from: "query", "embeddings" or "scores"."""
        given = [name for name in ("query", "embeddings", "scores") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ExampleError(f"{given[0]} and {given[1]} are both given; start from one of them.")
        if not given:
            raise ExampleError(
                "there is nothing to compute from; give query, key and value, or embeddings and weights, or scores."
            )
        (source,) = given
        if source == "query":
            missing = [name for name in ("key", "value") if getattr(self, name) is None]
            if missing:
                raise ExampleError(f"{missing[0]} is missing; query needs key and value beside it.")
        allowed = {"query": ("key", "value"), "embeddings": ("memory", "positions"), "scores": ("value",)}[source]
        for name in ("key", "value", "memory", "positions"):
            if getattr(self, name) is not None and name not in allowed:
                raise ExampleError(f"{name} has no meaning when the example starts from {source}; leave it out.")
        if source != "embeddings":
            for name in ("query", "key", "value"):
                if name in self.weights or name in self.biases:
                    raise ExampleError(
                        f"weights.{name} projects embeddings, but the example starts from {source}; "
                        "give embeddings, or leave the weights out."
                    )
        elif self.weights:
            missing = [name for name in ("query", "key", "value") if name not in self.weights]
            if missing:
                raise ExampleError(
                    f"weights.{missing[0]} is missing; give query, key and value weights, or none of them "
                    "for queries, keys and values that are the embeddings themselves."
                )
        for name in self.biases:
            if name not in self.weights:
                raise ExampleError(f"biases.{name} is given without weights.{name}; give both or leave it out.")
        if "output" in self.weights and source == "scores" and self.value is None:
            raise ExampleError("weights.output projects the weighted sum, which needs value; give value.")
        return source

    def _rows(self, source: str) -> tuple[int, int]:
        if source == "scores":
            return int(self.scores.shape[-2]), int(self.scores.shape[-1])
        if source == "query":
            return int(self.query.shape[-2]), int(self.key.shape[-2])
        memory = self.embeddings if self.memory is None else self.memory
        return int(self.embeddings.shape[0]), int(memory.shape[0])

    def _label(self, n_q: int, n_k: int) -> None:
        """Tokens for the rows; every list given must fit its rows."""
        field_of = {"query": "query_tokens", "key": "key_tokens"}
        if self.tokens is not None:
            self.tokens = read_tokens(self.tokens, "tokens")
            if self.query_tokens is None:
                self.query_tokens, field_of["query"] = self.tokens, "tokens"
            if self.key_tokens is None and self.memory is None:
                self.key_tokens, field_of["key"] = self.tokens, "tokens"
        self.query_tokens = read_tokens(self.query_tokens, "query_tokens")
        self.key_tokens = read_tokens(self.key_tokens, "key_tokens")
        if self.query_tokens is None and self.key_tokens is not None and self.memory is None and n_q == n_k:
            self.query_tokens = self.key_tokens
        for side, labels, rows in (("query", self.query_tokens, n_q), ("key", self.key_tokens, n_k)):
            if labels is not None and len(labels) != rows:
                remedy = (
                    "give query_tokens and key_tokens, or as many rows as tokens"
                    if n_q != n_k and field_of[side] == "tokens"
                    else "give one token a row"
                )
                raise ExampleError(
                    f"{field_of[side]} has {len(labels)} tokens, but there {_are(rows, side)}; {remedy}."
                )

    def _check_focus(self, n_q: int) -> None:
        if self.focus is None:
            return
        labels = None if self.query_tokens is None else tuple(self.query_tokens)
        try:
            Axis("query", n_q, labels).position(self.focus)
        except PositionError as error:
            raise ExampleError(f"focus: {error}") from None

    def _check_shapes(self, source: str) -> int | None:
        """Whether the shapes fit; returns d_k where it is known."""
        if source == "embeddings":
            return self._check_projections()
        d_k = None
        kv_heads = self.num_key_value_heads
        assert kv_heads is not None
        if source == "query":
            d_q = head_width(self.query, "query", self.num_heads)
            d_k = head_width(self.key, "key", kv_heads)
            if d_q != d_k:
                raise ExampleError(
                    f"query has {d_q} numbers a row and key has {d_k} (for each head); "
                    "a dot product needs the same d_k on both sides."
                )
        elif self.scores.ndim == 3 and self.scores.shape[0] != self.num_heads:
            raise ExampleError(
                f"scores has {self.scores.shape[0]} matrices, but num_heads is {self.num_heads}; make them equal."
            )
        if self.value is not None:
            d_v = head_width(self.value, "value", kv_heads)
            n_k = self._rows(source)[1]
            if self.value.shape[-2] != n_k:
                raise ExampleError(
                    f"value has {self.value.shape[-2]} rows and there are {n_k} keys; give one value a key."
                )
            self._check_output(self.num_heads * d_v)
        return d_k

    def _check_projections(self) -> int:
        d_model = self.embeddings.shape[1]
        memory = self.embeddings if self.memory is None else self.memory
        if isinstance(self.positions, np.ndarray) and self.positions.shape != self.embeddings.shape:
            raise ExampleError(
                f"positions is {_shape(self.positions)} and embeddings is {_shape(self.embeddings)}; "
                "they are added, so the shapes must be equal."
            )
        columns: dict[str, int] = {"query": d_model, "key": memory.shape[1], "value": memory.shape[1]}
        heads = {"query": self.num_heads, "key": self.num_key_value_heads, "value": self.num_key_value_heads}
        for name, rows in columns.items():
            if name in self.weights:
                matrix = self.weights[name]
                if matrix.shape[0] != rows:
                    source = "memory" if self.memory is not None and name != "query" else "embeddings"
                    raise ExampleError(
                        f"weights.{name} is {_shape(matrix)} and {source} has {rows} numbers a row; "
                        f"x @ W needs a matrix of {rows} rows."
                    )
                columns[name] = matrix.shape[1]
                self._check_bias(name)
            if columns[name] % (heads[name] or 1):
                raise ExampleError(
                    f"{name} has {columns[name]} columns, which {heads[name]} heads cannot share equally; "
                    "change the number of heads or of columns."
                )
        widths = {name: columns[name] // (heads[name] or 1) for name in columns}
        if widths["query"] != widths["key"]:
            raise ExampleError(
                f"query has {widths['query']} numbers a row and key has {widths['key']} (for each head); "
                "a dot product needs the same d_k on both sides."
            )
        self._check_output(self.num_heads * widths["value"])
        return widths["key"]

    def _check_output(self, width: int) -> None:
        if "output" not in self.weights:
            return
        matrix = self.weights["output"]
        if matrix.shape[0] != width:
            raise ExampleError(
                f"weights.output is {_shape(matrix)} and the heads together have {width} columns; "
                f"it needs {width} rows."
            )
        self._check_bias("output")

    def _check_bias(self, name: str) -> None:
        if name in self.biases and self.biases[name].shape[0] != self.weights[name].shape[1]:
            raise ExampleError(
                f"biases.{name} has {self.biases[name].shape[0]} numbers and weights.{name} has "
                f"{self.weights[name].shape[1]} columns; they must be equal."
            )


def _are(rows: int, side: str) -> str:
    noun = {"query": ("query row", "query rows"), "key": ("key row", "key rows")}[side]
    return f"is 1 {noun[0]}" if rows == 1 else f"are {rows} {noun[1]}"


def _shape(array: Array) -> str:
    return "×".join(map(str, array.shape))
