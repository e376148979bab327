"""What is known of the tensors of a forward pass: their trails, which live as long as they do."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import replace
from typing import Any

from torch.utils.weak import WeakTensorKeyDictionary

from pellucid.capturing.changes import Change, Operand, hold
from pellucid.capturing.dims import Dims, fresh
from pellucid.capturing.record import Record
from pellucid.capturing.trails import Scores, Trail, Weights
from pellucid.capturing.writes import Writes
from pellucid.nn.tensors import Tensor


class Ledger:
    """What operations have told so far.

    Args:
        on_record: is given every record when its output is computed.
        is_parameter: whether a tensor lies in a parameter of the model; a product with one is a projection.
        saw_softmax: is called at every softmax.

    Attributes:
        conditions: of tensors of 0 and −∞, what they were made from.
        writes: what becomes of records when tensors are written to.
    """

    def __init__(
        self,
        on_record: Callable[[Record], None],
        is_parameter: Callable[[Tensor], bool],
        saw_softmax: Callable[[], None],
    ) -> None:
        self._on_record = on_record
        self.is_parameter = is_parameter
        self.saw_softmax = saw_softmax
        self._trails: MutableMapping[Tensor, Trail] = WeakTensorKeyDictionary()
        self._followed: set[int] = set()
        """Identities that tensors with a trail have or had, so that most of what comes by need not be looked up; those
        of tensors that are gone are given to others, which need not be tensors."""
        self.conditions: MutableMapping[Tensor, Tensor] = WeakTensorKeyDictionary()
        self.writes = Writes()

    def trail(self, tensor: Any) -> Trail | None:
        """What is known of a tensor."""
        return self._trails.get(tensor) if id(tensor) in self._followed and isinstance(tensor, Tensor) else None

    def set(self, tensor: Tensor, trail: Trail | None) -> None:
        """Notes what is known of it now; nothing, with `None`."""
        if trail is not None:
            self._followed.add(id(tensor))
            self._trails[tensor] = trail
        elif id(tensor) in self._followed:
            self._trails.pop(tensor, None)

    def forget(self, result: Any) -> None:
        """Nothing is known of it any more."""
        if isinstance(result, Tensor):
            self.set(result, None)

    def keep(self, record: Record) -> None:
        """Hands a record on, and watches what it holds."""
        self._on_record(record)
        record.snapshot()
        self.writes.watch(record)

    def changed(self, trail: Scores | Weights, tensor: Tensor, result: Tensor, change: Change) -> None:
        """`result` is `tensor` after a change of its numbers, which may have widened it."""
        if result.shape != tensor.shape:
            dims = ((),) * (result.ndim - tensor.ndim) + trail.dims
            dims = tuple(run or fresh(length) for run, length in zip(dims, result.shape, strict=True))
        else:
            dims = trail.dims
        self.set(result, replace(trail.then(change), dims=dims))

    def operand(self, trail: Scores | Weights, other: Tensor) -> Operand:
        """A tensor that takes part in a change, its axes being those of the trail from behind."""
        return hold(other, aligned(trail.dims, other))


def aligned(dims: Dims, other: Tensor) -> Dims:
    """The axes of a tensor that broadcasts against one with `dims`.

    Raises:
        ValueError: it has more axes.
    """
    if other.ndim > len(dims):
        raise ValueError("it has more axes than the scores")
    return dims[len(dims) - other.ndim :] if other.ndim else ()
