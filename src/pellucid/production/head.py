"""One head of an attention as a derivation of its own; and what all heads look at, on average."""

from __future__ import annotations

from pellucid.attention import attention_output, attention_weights, dot_products
from pellucid.derivation import Axis, Builder, Derivation, Step, Subject, derive
from pellucid.operations import MeanOverHeads, Scale


def head_of(attention: Derivation, head: int, title: str) -> Derivation:
    """query, key, value → scores → scaled_scores → masked_scores → weights → output, of one head.

    Args:
        attention: the chain of all heads.
        head: from 0; heads that share keys and values have the same ones.
        title: one line for its reader.
    """

    def plan(builder: Builder) -> None:
        query, key, value = (_of_head(builder, attention, name, head) for name in ("query", "key", "value"))
        mask = None
        if "mask" in attention:
            step = attention["mask"]
            mask = builder.given("mask", step.value, step.axes)
        scaling = attention["scaled_scores"].operation
        assert isinstance(scaling, Scale)
        scores = dot_products(builder, query, key)
        weights = attention_weights(builder, scores, scaling=scaling, mask=mask)
        attention_output(builder, weights, value)

    return derive(plan, Subject(title), digits=attention.notation.digits)


def _of_head(builder: Builder, attention: Derivation, name: str, head: int) -> Step:
    step = attention[name]
    shared = attention["weights"].shape[0] // step.shape[0]  # heads that have the same keys and values
    return builder.given(name, step.value[head // shared], step.axes[1:])


def mean_over_heads(attention: Derivation, rows: Axis, first: int, head: int | None, title: str) -> Derivation:
    """How much each word takes from each token: the weights of one head, or the mean of all heads.

    Args:
        attention: the chain of all heads.
        rows: the words whose rows are shown.
        first: the row of the first of them.
        head: one head; `None` for the mean of all.
        title: one line for its reader.

    Numbers are printed with two places: there are many of them.
    """
    step = attention["weights"]
    values = step.value[:, first : first + rows.size]
    keys = step.axes[2]

    def plan(builder: Builder) -> None:
        if head is not None or len(values) == 1:
            builder.given("weights", values[head or 0], (rows, keys))
            return
        weights = builder.given("weights", values, (step.axes[0], rows, keys))
        builder.apply("mean_weights", MeanOverHeads(), weights, axes=(rows, keys))

    return derive(plan, Subject(title), digits=2)
