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
    """What one structure computes from candidate inputs, all candidates at once.

    `steps` has the names of a derivation, and arrays (candidates · heads, rows, columns); what heads share is
    (candidates, rows, columns).

    Args:
        structure: shapes, heads, mask and scale.
        inputs: each with a leading axis of candidates: "query", "embeddings", "weights.output", …
        digits: when given, every number is rounded before it is used, as on paper.
    """

    def __init__(self, structure: Example, inputs: Mapping[str, Array], digits: int | None = None) -> None:
        self.structure = structure
        self.inputs = inputs
        self.digits = digits
        self.steps: dict[str, Array] = {}
        if "scores" in inputs:
            self._keep("scores", _fold(inputs["scores"], structure.num_heads))
        else:
            self._dot_products()
        self._weights()
        if "value" in inputs or "embeddings" in inputs:
            self._output()

    def _write(self, name: str, result: Array) -> Array:
        """A result, as it is used from here on."""
        return self._keep(name, result if self.digits is None else rounded(result, self.digits))

    def _keep(self, name: str, array: Array) -> Array:
        self.steps[name] = array
        return array

    def _dot_products(self) -> None:
        x = self._embedded() if "embeddings" in self.inputs else None
        for name in ("query", "key", "value"):
            heads = self.structure.num_heads if name == "query" else self.structure.num_key_value_heads
            if x is None:
                joined = self.inputs[name]
            else:
                joined = self._projected(name, x if name == "query" else self.inputs.get("memory", x))
            self._keep(name, _fold(joined, heads or 1))
        self._write("scores", MatMul(transpose=True).evaluate(self.steps["query"], self.steps["key"]))

    def _embedded(self) -> Array:
        embeddings = self.inputs["embeddings"]
        if self.structure.positions is None:
            return embeddings
        positions = self.inputs.get("positions")
        if positions is None:
            once = self._write("positions", SinusoidalPositions().evaluate(embeddings[0])[np.newaxis])
            positions = np.broadcast_to(once, embeddings.shape)
        return self._write("x", Add().evaluate(embeddings, positions))

    def _projected(self, name: str, source: Array) -> Array:
        weight, bias = self.inputs.get(f"weights.{name}"), self.inputs.get(f"biases.{name}")
        if weight is None:
            return source
        product = MatMul().evaluate(source, weight)
        return self._write(name, product if bias is None else product + bias[:, np.newaxis])

    def _weights(self) -> None:
        structure, scores = self.structure, self.steps["scores"]
        assert isinstance(structure.scale, Expression)
        names = {"d_k": self.steps["key"].shape[-1]} if "key" in self.steps else {}
        masked = self._write("scaled_scores", Scale(structure.scale, names).evaluate(scores))
        if structure.mask is not None:
            masked = Mask().evaluate(masked, structure.mask)
        self._keep("masked_scores", masked)
        self._write("weights", Softmax().evaluate(masked) if self.digits is None else softmax_on_paper(masked, self.digits))

    def _output(self) -> None:
        if "value" not in self.steps:
            self._keep("value", _fold(self.inputs["value"], self.structure.num_key_value_heads or 1))
        outputs = self._write("head_outputs", MatMul().evaluate(self.steps["weights"], self.steps["value"]))
        _, rows, width = outputs.shape
        heads = self.structure.num_heads
        concatenated = outputs.reshape(-1, heads, rows, width).swapaxes(1, 2).reshape(-1, rows, heads * width)
        if "weights.output" in self.inputs:
            self._projected("output", concatenated)


def _fold(array: Array, heads: int) -> Array:
    """(candidates, rows, heads · columns) or (candidates, heads, rows, columns) → (candidates · heads, …)."""
    if array.ndim == 3:
        candidates, rows, columns = array.shape
        array = array.reshape(candidates, rows, heads, columns // heads).swapaxes(1, 2)
    return array.reshape(-1, *array.shape[2:])
