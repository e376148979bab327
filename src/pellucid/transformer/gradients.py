"""Gradients of a loss with respect to every step of a pass, by the chain rule backwards (reverse mode)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from pellucid.arrays import Array
from pellucid.derivation import Derivation, Step
from pellucid.expressions import evaluate
from pellucid.numbers import FLOAT64
from pellucid.operations import (
    GELU,
    Add,
    Centre,
    ConcatenateHeads,
    Copy,
    Gain,
    LastRow,
    Linear,
    LookUp,
    Mask,
    MatMul,
    Mean,
    MeanSquare,
    Multiply,
    NegativeLogLikelihood,
    Normalise,
    Operation,
    ReLU,
    Rotate,
    Rows,
    Scale,
    SiLU,
    Softmax,
    SplitHeads,
    TanhGELU,
)

Gradients = tuple[Array | None, ...]
"""One for each operand; `None` for what has none, as ids have."""


def gradients(derivation: Derivation, loss: Step) -> dict[str, Array]:
    """The gradient of the sum of a step's numbers with respect to every step it comes from, by name.

    Args:
        derivation: a pass in float64.
        loss: a step of it.
    """
    found: dict[str, Array] = {loss.name: np.ones(loss.shape)}
    for step in reversed(list(derivation)):
        if step.name not in found or step.is_given:
            continue
        rule = _RULES.get(type(step.operation))
        if rule is None:  # positions and their turns depend on no weight
            continue
        operands = [operand.value for operand in step.operands]
        for operand, part in zip(
            step.operands, rule(step.operation, found[step.name], step.value, operands), strict=True
        ):
            if part is not None:
                found[operand.name] = found[operand.name] + part if operand.name in found else part
    return found


def _add(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    return g, g


def _multiply(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    return g * x[1], g * x[0]


def _copy(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    return (g,)


def _scale(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    assert isinstance(operation, Scale)
    return (g * evaluate(operation.factor, FLOAT64),)


def _linear(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    assert isinstance(operation, Linear)
    weight = x[1].T if operation.transpose else x[1]
    of_weight = x[0].T @ g
    of_bias = (g.sum(axis=0),) if len(x) == 3 else ()
    return (g @ weight.T, of_weight.T if operation.transpose else of_weight, *of_bias)


def _matmul(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    assert isinstance(operation, MatMul)
    left, right = x
    heads, groups = left.shape[0], right.shape[0]
    shared = np.repeat(right, heads // groups, axis=0)  # a head of the right serves several of the left
    if operation.transpose:
        of_left, of_right = g @ shared, g.swapaxes(-1, -2) @ left
    else:
        of_left, of_right = g @ shared.swapaxes(-1, -2), left.swapaxes(-1, -2) @ g
    return of_left, of_right.reshape(groups, heads // groups, *right.shape[1:]).sum(axis=1)


def _split(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    return (ConcatenateHeads().evaluate(g),)


def _concatenate(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    return (SplitHeads(x[0].shape[0]).evaluate(g),)


def _mask(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    return np.where(x[1], g, 0.0), None


def _softmax(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    return (y * (g - (g * y).sum(axis=-1, keepdims=True)),)


def _look_up(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    of_table = np.zeros(x[1].shape)
    np.add.at(of_table, x[0], g)
    return None, of_table


def _last_row(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    of_x = np.zeros(x[0].shape)
    of_x[-1:] = g
    return (of_x,)


def _rows(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    assert isinstance(operation, Rows)
    of_table = np.zeros(x[0].shape)
    of_table[operation.start : operation.start + len(g)] = g
    return of_table, None


def _mean(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    return (np.broadcast_to(g[..., np.newaxis] / x[0].shape[-1], x[0].shape),)


def _centre(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    return g, -g.sum(axis=-1)


def _mean_square(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    return (2 * x[0] * g[..., np.newaxis] / x[0].shape[-1],)


def _normalise(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    assert isinstance(operation, Normalise)
    spread = x[1] + float(operation.epsilon.value)
    return g / np.sqrt(spread)[..., np.newaxis], (g * x[0]).sum(axis=-1) * -0.5 * spread**-1.5


def _gain(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    of_bias = (g.sum(axis=0),) if len(x) == 3 else ()
    return (g * x[1], (g * x[0]).sum(axis=0), *of_bias)


def _relu(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    return (np.where(x[0] > 0, g, 0.0),)


def _gelu(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    cumulative = (1 + FLOAT64.erf(x[0] / math.sqrt(2))) / 2
    return (g * (cumulative + x[0] * np.exp(-(x[0] ** 2) / 2) / math.sqrt(2 * math.pi)),)


def _tanh_gelu(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    factor = math.sqrt(2 / math.pi)
    t = np.tanh(factor * (x[0] + 0.044715 * x[0] ** 3))
    return (g * ((1 + t) / 2 + x[0] * (1 - t**2) / 2 * factor * (1 + 3 * 0.044715 * x[0] ** 2)),)


def _silu(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    sigmoid = 1 / (1 + np.exp(-x[0]))
    return (g * sigmoid * (1 + x[0] * (1 - sigmoid)),)


def _rotate(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    half = g.shape[-1] // 2
    turned = np.concatenate((g[..., half:] * x[2][..., half:], g[..., :half] * x[2][..., :half]), axis=-1)
    return g * x[1] + turned, None, None


def _loss(operation: Operation, g: Array, y: Array, x: list[Array]) -> Gradients:
    assert isinstance(operation, NegativeLogLikelihood)
    of_probabilities = np.zeros(x[0].shape)
    of_probabilities[:, operation.entry] = -g / x[0][:, operation.entry]
    return (of_probabilities,)


_RULES: Mapping[type[Operation], Callable[[Operation, Array, Array, list[Array]], Gradients]] = {
    Add: _add,
    Multiply: _multiply,
    Copy: _copy,
    Scale: _scale,
    Linear: _linear,
    MatMul: _matmul,
    SplitHeads: _split,
    ConcatenateHeads: _concatenate,
    Mask: _mask,
    Softmax: _softmax,
    LookUp: _look_up,
    LastRow: _last_row,
    Rows: _rows,
    Mean: _mean,
    Centre: _centre,
    MeanSquare: _mean_square,
    Normalise: _normalise,
    Gain: _gain,
    ReLU: _relu,
    GELU: _gelu,
    TanhGELU: _tanh_gelu,
    SiLU: _silu,
    Rotate: _rotate,
    NegativeLogLikelihood: _loss,
}
"""By operation: from the gradient of the result, the result and the operands to the gradients of the operands."""
