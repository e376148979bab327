"""One step of gradient descent, opened: the loss, the gradients inside one head, the update, the new loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pellucid.arrays import Array
from pellucid.derivation import Axis, Builder, Derivation, Step, Subject, derive
from pellucid.errors import InputError, no_such
from pellucid.operations import Descend, MatMul, Scale, SoftmaxGradient, TransposedProduct
from pellucid.transformer.gradients import gradients

Pass = Callable[[Mapping[str, Array]], Derivation]
"""From weights by their names in derivations, none for the model's own, to a pass that ends with a loss."""


@dataclass(frozen=True, eq=False)
class TrainingStep:
    """A step of plain gradient descent on the loss of one token.

    Args:
        before: the pass with its loss.
        after: the pass with the new weights.
        head: the chain rule inside one head: from the gradient of its output to its new weights.
        place: the attention that the head is of.
        number: which of its heads.
        rate: of learning.
        gradients: of the loss, by the name of a step or a weight of the pass.
    """

    before: Derivation
    after: Derivation
    head: Derivation
    place: str
    number: int
    rate: float
    gradients: Mapping[str, Array]


def training_step(run: Pass, place: str, head: int, rate: float) -> TrainingStep:
    """Goes one step down the gradient, with all weights.

    Args:
        run: the pass, in float64.
        place: an attention, such as "decoder.layers.0.cross_attention".
        head: the head that is opened, from 0.
        rate: of learning.

    Raises:
        InputError: the rate is no positive number, several heads share keys and values, positions are rotary, or
            numbers overflow.
        PositionError: there is no such place or head.
    """
    if not 0 < rate < math.inf:
        raise InputError(f"the learning rate is {rate:g}; it must be a positive number, such as 0.001.")
    before = run({})
    attention = before.within(place)
    num_heads, num_key_heads = attention["query"].shape[0], attention["key"].shape[0]
    if not 0 <= head < num_heads:
        raise no_such("head", head, num_heads)
    if num_heads != num_key_heads or "unturned_query" in attention:
        raise InputError(
            "a training step is opened for heads with keys and values of their own and without rotary positions; "
            "the models by hand have such."
        )
    found = gradients(before, before["loss"])
    weights = [step for step in before if step.is_given and step.name in found]
    after = run({step.name: step.value - rate * found[step.name] for step in weights})
    opened = _head(attention, found[attention["head_outputs"].name][head], head, rate, before, after)
    return TrainingStep(before, after, opened, place, head, rate, found)


def _head(
    attention: Derivation, gradient: Array, head: int, rate: float, before: Derivation, after: Derivation
) -> Derivation:
    """The chain rule from the output of one head to its part of the weights."""

    def plan(builder: Builder) -> None:
        def loss(prefix: str, of: Derivation) -> None:
            probabilities = of["probabilities"]
            likely = builder.given(f"{prefix}probabilities", probabilities.value, probabilities.axes)
            builder.apply(f"{prefix}loss", of["loss"].operation, likely, axes=of["loss"].axes)

        loss("", before)

        def given(name: str, step: Step) -> Step:
            return builder.given(name, step.value[head], step.axes[1:])

        query, key, value, weights = (given(name, attention[name]) for name in ("query", "key", "value", "weights"))
        scale = attention["scaled_scores"].operation
        assert isinstance(scale, Scale)
        output = builder.given("output_gradient", gradient, attention["head_outputs"].axes[1:])
        values = builder.apply("value_gradient", TransposedProduct(), weights, output, axes=value.axes)
        of_weights = builder.apply("weights_gradient", MatMul(transpose=True), output, value, axes=weights.axes)
        scaled = builder.apply("scaled_gradient", SoftmaxGradient(), weights, of_weights, axes=weights.axes)
        scores = builder.apply("scores_gradient", scale, scaled, axes=weights.axes)
        queries = builder.apply("query_gradient", MatMul(), scores, key, axes=query.axes)
        keys = builder.apply("key_gradient", TransposedProduct(), scores, query, axes=key.axes)
        sources = {"query": "embeddings", "key": "memory" if "memory" in attention else "embeddings"}
        inputs = {
            name: builder.given(name, attention[name].value, attention[name].axes)
            for name in dict.fromkeys(sources.values())
        }
        for name, of in (("query", queries), ("key", keys), ("value", values)):
            source = inputs[sources.get(name, sources["key"])]
            width = of.axes[1]
            columns = slice(head * width.size, (head + 1) * width.size)
            axes = (Axis("d_in", source.shape[1]), Axis("d_out", width.size))
            own = builder.given(f"{name}_weight", attention[f"{name}_weight"].value[:, columns], axes)
            change = builder.apply(f"{name}_weight_gradient", TransposedProduct(), source, of, axes=axes)
            builder.apply(f"new_{name}_weight", Descend(rate), own, change, axes=axes)
        loss("new_", after)

    return derive(
        plan, Subject(f"A training step in head {head}"), numbers=before.numbers, digits=before.notation.digits
    )
