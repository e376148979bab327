"""How the axes of a step follow from those of its operands."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.arrays import Array
from pellucid.derivation import AxesOf, Axis

Axes = tuple[Axis, ...]


def tokens(ids: Array, labels: Sequence[str] | None, start: int) -> AxesOf:
    """The axis of tokens from `start` on."""

    def axes() -> Axes:
        n = ids.shape[-1]
        return (Axis("token", n, None if labels is None else tuple(labels[start : start + n])),)

    return axes


def same(first: Axes, *others: Axes) -> Axes:
    """As the first operand's."""
    return first


def by_row(x: Axes) -> Axes:
    """One number a row."""
    return x[:-1]


def looked_up(ids: Axes, matrix: Axes) -> Axes:
    """Rows of a table."""
    return (*ids, matrix[1])


def _query_columns(x: Axes, weight: Axes, *bias: Axes) -> Axes:
    return (x[0].renamed("query"), weight[1].renamed("heads·d_k"))


def _key_columns(x: Axes, weight: Axes, *bias: Axes) -> Axes:
    return (x[0].renamed("key"), weight[1].renamed("heads·d_k"))


QUERY_KEY_VALUE_AXES = (_query_columns, _key_columns, _key_columns)


def wide(x: Axes, weight: Axes, *bias: Axes) -> Axes:
    """Inside a feed-forward network."""
    return (x[0], weight[1].renamed("d_ff"))


def narrow(x: Axes, weight: Axes, *bias: Axes) -> Axes:
    """The width of the model again."""
    return (x[0], weight[1].renamed("d_model"))


def vocabulary(x: Axes, weight: Axes, *bias: Axes) -> Axes:
    """A number for every entry of the vocabulary."""
    return (x[0], weight[0].renamed("vocabulary"))


def last_token(x: Axes) -> Axes:
    """Of the last token alone."""
    before, width = x
    labels = None if before.labels is None else before.labels[-1:]
    return (Axis(before.name, 1, labels), width)


def appended(earlier: Axes, new: Axes) -> Axes:
    """The keys of earlier tokens, then the new ones."""
    head, before, width = earlier
    after = new[1]
    labels = None if before.labels is None or after.labels is None else (*before.labels, *after.labels)
    return (head, Axis("key", before.size + after.size, labels), width)


def mask_axes(mask: Array) -> Axes:
    """Queries and keys."""
    return (Axis("query", mask.shape[0]), Axis("key", mask.shape[1]))
