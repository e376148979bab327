"""What a model does to scores between the dot products and the softmax, and to weights before the weighted sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.capturing.dims import Dims
from pellucid.nn.tensors import Tensor


@dataclass(eq=False)
class Operand:
    """A tensor that takes part, by reference.

    Args:
        tensor: without a graph of gradients behind it.
        dims: what its axes are; `query`, `key` and `value` have one more, their features.
    """

    tensor: Tensor
    dims: Dims


def hold(tensor: Tensor, dims: Dims) -> Operand:
    """A tensor to be kept. Only one with gradients is detached: a detached one does not tell when it is overwritten."""
    return Operand(tensor.detach() if tensor.requires_grad or tensor.grad_fn is not None else tensor, dims)


@dataclass(frozen=True, eq=False)
class Scaled:
    """× factor"""

    factor: float


@dataclass(frozen=True, eq=False)
class Multiplied:
    """× operand (divided by it when `inverse`)"""

    operand: Operand
    inverse: bool = False


@dataclass(frozen=True, eq=False)
class Plus:
    """+ operand × factor"""

    operand: Operand
    factor: float = 1.0


@dataclass(frozen=True, eq=False)
class Shifted:
    """+ number"""

    number: float


@dataclass(frozen=True, eq=False)
class Filled:
    """Becomes `value` where the operand is true (where it is not, when `inverse`)."""

    operand: Operand
    value: float | Operand
    inverse: bool = False


@dataclass(frozen=True, eq=False)
class Floor:
    """Never less than `value`."""

    value: float


@dataclass(frozen=True, eq=False)
class Tanh:
    """tanh, which with a scaling before and after is a soft cap (Gemma Team 2024, Gemma 2, §2)."""


@dataclass(frozen=True, eq=False)
class Causal:
    """−∞ where the key comes after the query, both counted from 0."""


@dataclass(frozen=True, eq=False)
class Rules:
    """FlexAttention's functions (Dong et al. 2024): of a score and its place, and of a place alone.

    Args:
        score: `score(score, sequence, head, query, key)`, the new score; `None` leaves it.
        mask: `mask(sequence, head, query, key)`, whether it may attend; `None` for always.
    """

    score: Callable[..., Tensor] | None
    mask: Callable[..., Tensor] | None


Change = Rules | Scaled | Multiplied | Plus | Shifted | Filled | Floor | Tanh | Causal


def operands(change: Change) -> tuple[Operand, ...]:
    """The tensors that a change reads."""
    match change:
        case Multiplied(operand) | Plus(operand):
            return (operand,)
        case Filled(operand, value):
            return (operand, value) if isinstance(value, Operand) else (operand,)
    return ()
