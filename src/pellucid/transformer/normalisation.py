"""LayerNorm (Ba et al. 2016) and RMSNorm (Zhang and Sennrich 2019) as steps."""

from __future__ import annotations

from typing import Generic

from pellucid.derivation import Recorder, V
from pellucid.operations import Centre, Gain, Mean, MeanSquare, Normalise
from pellucid.transformer.axes import by_row, same
from pellucid.transformer.config import TransformerConfig
from pellucid.transformer.weights import Weights

_MEAN, _CENTRE, _MEAN_SQUARE, _GAIN = Mean(), Centre(), MeanSquare(), Gain()


class Norm(Generic[V]):
    """LayerNorm or RMSNorm, step by step."""

    def __init__(self, weights: Weights[V], place: str, config: TransformerConfig) -> None:
        self.place = f"{place}."
        self.centres = config.norm == "layer_norm"
        self.normalise = Normalise(config.norm_eps)
        gain, bias = (weights.vector(f"{place}.{kind}") for kind in ("weight", "bias"))
        assert gain is not None
        self.operands = (gain,) if bias is None else (gain, bias)

    def __call__(self, recorder: Recorder[V], x: V) -> V:
        recorder.enter(self.place)
        if self.centres:
            mean = recorder.apply("mean", _MEAN, x, axes=by_row)
            x = recorder.apply("centred", _CENTRE, x, mean, axes=same)
        mean_square = recorder.apply("mean_square", _MEAN_SQUARE, x, axes=by_row)
        normalised = recorder.apply("normalised", self.normalise, x, mean_square, axes=same)
        return recorder.apply("output", _GAIN, normalised, *self.operands, axes=same)
