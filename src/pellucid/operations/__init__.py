"""THE arithmetic: each operation evaluates itself on arrays and states how any one element comes about."""

from pellucid.operations.add import Add
from pellucid.operations.given import Given
from pellucid.operations.heads import ConcatenateHeads, Copy, SplitHeads
from pellucid.operations.mask import Mask
from pellucid.operations.matmul import Linear, MatMul
from pellucid.operations.operation import Operation
from pellucid.operations.pattern import Pattern, bind
from pellucid.operations.positions import SinusoidalPositions
from pellucid.operations.scale import Scale
from pellucid.operations.softmax import Softmax

__all__ = [
    "Add",
    "ConcatenateHeads",
    "Copy",
    "Given",
    "Linear",
    "Mask",
    "MatMul",
    "Operation",
    "Pattern",
    "Scale",
    "SinusoidalPositions",
    "Softmax",
    "SplitHeads",
    "bind",
]
