"""The chain of attention for many candidate inputs at once.

The arithmetic is that of `pellucid.operations`; candidates stand where the operations have their heads. A
structure is an `Example` of which the shapes and settings count, not the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pellucid.arrays import Array
from pellucid.examples import Example
from pellucid.exercises.by_hand import rounded, softmax_on_paper
from pellucid.expressions import Expression
from pellucid.operations import Add, Mask, MatMul, Scale, SinusoidalPositions, Softmax


class Chain:
    """What one structure computes from candidate inputs.

    `steps` has names as in a derivation; its arrays are (candidates · heads, rows, columns), or (candidates,
    rows, columns) for what the heads share.

    Args:
        structure: shapes, heads, mask and scale.
        inputs: as `input_arrays` names them, each with a leading axis of candidates.
        digits: when given, every number is rounded before it is used, as on paper.
    """

    def __init__(self, structure: Example, inputs: Mapping[str, Array], digits: int | None = None) -> None:
        self._structure = structure
        self._inputs = inputs
        self._digits = digits
        self.steps: dict[str, Array] = {}
        if "scores" in inputs:
            self.steps["scores"] = _per_head(inputs["scores"], structure.num_heads)
        else:
            self._dot_products()
        self._weights()
        if "value" in self.steps or "value" in inputs:
            self._output()

    def _write(self, name: str, result: Array) -> Array:
        """A result, as it is used from here on."""
        self.steps[name] = result if self._digits is None else rounded(result, self._digits)
        return self.steps[name]

    def _dot_products(self) -> None:
        x = self._embedded() if "embeddings" in self._inputs else None
        for name in ("query", "key", "value"):
            heads = self._structure.num_heads if name == "query" else self._key_value_heads
            if x is None:
                joined = self._inputs[name]
            else:
                joined = self._projected(name, x if name == "query" else self._inputs.get("memory", x))
            self.steps[name] = _per_head(joined, heads)
        self._write("scores", MatMul(transpose=True).evaluate(self.steps["query"], self.steps["key"]))

    @property
    def _key_value_heads(self) -> int:
        return self._structure.num_key_value_heads or self._structure.num_heads

    def _embedded(self) -> Array:
        embeddings = self._inputs["embeddings"]
        if self._structure.positions is None:
            return embeddings
        positions = self._inputs.get("positions")
        if positions is None:
            each = np.broadcast_to(SinusoidalPositions().evaluate(embeddings[0]), embeddings.shape)
            positions = self._write("positions", each)
        return self._write("x", Add().evaluate(embeddings, positions))

    def _projected(self, name: str, source: Array) -> Array:
        weight, bias = self._inputs.get(f"weights.{name}"), self._inputs.get(f"biases.{name}")
        if weight is None:
            return source
        product = MatMul().evaluate(source, weight)
        return self._write(name, product if bias is None else Add().evaluate(product, bias[:, np.newaxis]))

    def _weights(self) -> None:
        assert isinstance(self._structure.scale, Expression)
        names = {"d_k": self.steps["key"].shape[-1]} if "key" in self.steps else {}
        masked = self._write("scaled_scores", Scale(self._structure.scale, names).evaluate(self.steps["scores"]))
        if self._structure.mask is not None:
            masked = Mask().evaluate(masked, self._structure.mask)
        self.steps["masked_scores"] = masked
        weights = Softmax().evaluate(masked) if self._digits is None else softmax_on_paper(masked, self._digits)
        self._write("weights", weights)

    def _output(self) -> None:
        if "value" not in self.steps:
            self.steps["value"] = _per_head(self._inputs["value"], self._key_value_heads)
        outputs = self._write("head_outputs", MatMul().evaluate(self.steps["weights"], self.steps["value"]))
        heads, (_, rows, width) = self._structure.num_heads, outputs.shape
        concatenated = outputs.reshape(-1, heads, rows, width).swapaxes(1, 2).reshape(-1, rows, heads * width)
        self._projected("output", concatenated)


def _per_head(array: Array, heads: int) -> Array:
    """(candidates, rows, heads · columns) or (candidates, heads, rows, columns) → (candidates · heads, …)."""
    if array.ndim == 3:
        candidates, rows, columns = array.shape
        array = array.reshape(candidates, rows, heads, columns // heads).swapaxes(1, 2)
    return array.reshape(-1, *array.shape[2:])
