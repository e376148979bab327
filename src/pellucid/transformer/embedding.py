"""From ids to the input of the first layer (Vaswani et al. 2017, §3.4, §3.5)."""

from __future__ import annotations

from typing import Generic

from pellucid.arrays import Array
from pellucid.derivation import AxesOf, Recorder, V
from pellucid.expressions import Name, SquareRoot
from pellucid.operations import Add, LookUp, Scale
from pellucid.transformer.attention import Rotation
from pellucid.transformer.axes import looked_up, same
from pellucid.transformer.config import TransformerConfig
from pellucid.transformer.normalisation import Norm
from pellucid.transformer.positions import PositionTables
from pellucid.transformer.weights import Weights

_ADD, _LOOK_UP = Add(), LookUp()


class Embedding(Generic[V]):
    """From ids to vectors: embedding, scale, position, norm (§3.4, §3.5)."""

    def __init__(self, weights: Weights[V], stack: str, matrix: V, config: TransformerConfig) -> None:
        self.place = f"{stack}.embedding."
        self.matrix = matrix
        self.scale = (
            Scale(SquareRoot(Name("d_model")), {"d_model": config.d_model}) if config.scale_embeddings else None
        )
        learned = config.positions == "learned"
        self.table = weights.matrix(f"{stack}.embedding.positions.weight") if learned else None
        self.norm = Norm(weights, f"{stack}.embedding.norm", config) if config.embedding_norm else None

    def __call__(
        self, recorder: Recorder[V], ids: Array, start: int, tables: PositionTables, axes: AxesOf
    ) -> tuple[V, Rotation[V] | None]:
        """The input of the first layer, and the turns for every layer when positions are rotary."""
        recorder.enter(self.place)
        wanted = recorder.indices("ids", ids, axes)
        x = recorder.apply("embeddings", _LOOK_UP, wanted, self.matrix, axes=looked_up)
        if self.scale is not None:
            x = recorder.apply("scaled_embeddings", self.scale, x, axes=same)
        positions = tables.added(recorder, start, ids.shape[-1], x, self.table)
        if positions is not None:
            x = recorder.apply("x", _ADD, x, positions, axes=same)
        rotation = tables.turns(recorder, start, ids.shape[-1], x)
        return (x if self.norm is None else self.norm(recorder, x)), rotation
