"""THE arithmetic: each operation evaluates itself on arrays and states how any one element comes about."""

from pellucid.operations.activations import ACTIVATIONS, GELU, ReLU, SiLU, TanhGELU
from pellucid.operations.append import AppendTokens
from pellucid.operations.choice import ArgMax
from pellucid.operations.elementwise import Add, Multiply
from pellucid.operations.given import Given, Indices
from pellucid.operations.gradients import Descend, NegativeLogLikelihood, SoftmaxGradient, TransposedProduct
from pellucid.operations.heads import ConcatenateHeads, Copy, MeanOverHeads, SplitHeads
from pellucid.operations.lookup import LastRow, LookUp, Rows
from pellucid.operations.mask import Mask
from pellucid.operations.matmul import Linear, MatMul
from pellucid.operations.normalisation import Centre, Gain, Mean, MeanSquare, Normalise
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Pattern, bind
from pellucid.operations.positions import SinusoidalPositions
from pellucid.operations.rotary import RotaryCosines, RotaryFrequencies, RotarySines, Rotate
from pellucid.operations.scale import Scale
from pellucid.operations.soft_cap import SoftCap
from pellucid.operations.softmax import SinkSoftmax, Softmax

__all__ = [
    "ACTIVATIONS",
    "GELU",
    "Add",
    "AppendTokens",
    "ArgMax",
    "Centre",
    "ConcatenateHeads",
    "Copy",
    "Descend",
    "Gain",
    "Given",
    "Indices",
    "LastRow",
    "Linear",
    "LookUp",
    "Mask",
    "MatMul",
    "Mean",
    "MeanOverHeads",
    "MeanSquare",
    "Multiply",
    "NegativeLogLikelihood",
    "Normalise",
    "Operation",
    "Pattern",
    "ReLU",
    "RotaryCosines",
    "RotaryFrequencies",
    "RotarySines",
    "Rotate",
    "Rows",
    "Scale",
    "SiLU",
    "SinkSoftmax",
    "SinusoidalPositions",
    "SoftCap",
    "Softmax",
    "SoftmaxGradient",
    "SplitHeads",
    "TanhGELU",
    "TransposedProduct",
    "bind",
]
