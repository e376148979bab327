"""Products of two matrices: scores perhaps, and with weights the sum that completes a record."""

from __future__ import annotations

from typing import Any

from pellucid.capturing.changes import Operand, Plus, Scaled, hold
from pellucid.capturing.dims import Dims, flat, fresh, resolved
from pellucid.capturing.ledger import Ledger
from pellucid.capturing.record import Record
from pellucid.capturing.trails import Outcome, Scores, Weights
from pellucid.nn.tensors import Tensor


def product(ledger: Ledger, left: Tensor, right: Tensor, result: Tensor) -> None:
    """Left @ right: scores perhaps, or the weighted sum if one of them holds weights."""
    a, b = ledger.trail(left), ledger.trail(right)
    if isinstance(a, Weights) and _sums(ledger, a, a.dims, right, result):
        return
    if isinstance(b, Weights):
        turned = (*b.dims[:-2], b.dims[-1], b.dims[-2])
        if _sums(ledger, b, turned, left.transpose(-1, -2), result, swapped=True):
            return
    if left.ndim == 2 and (ledger.is_parameter(left) or ledger.is_parameter(right)):
        return
    if not result.is_floating_point():
        return
    lead: Dims = tuple(fresh(length) for length in result.shape[:-2])
    rows, columns = fresh(result.shape[-2]), fresh(result.shape[-1])
    ledger.set(
        result,
        Scores(
            (*lead, rows, columns),
            hold(left, (*lead, rows)),
            hold(right.transpose(-1, -2), (*lead, columns)),
            (rows, columns),
        ),
    )


def _sums(
    ledger: Ledger,
    weights: Weights,
    dims: Dims,
    right: Tensor,
    result: Tensor,
    swapped: bool = False,
) -> bool:
    """The weighted sum of `right`, if that is what it is."""
    keys = resolved(weights.keys)
    if flat(dims[-1:]) != keys:
        return False
    scores = weights.scores
    query, key = (scores.right, scores.left) if weights.transposed else (scores.left, scores.right)
    lead_dims = dims[:-2]
    record = Record(
        query=query,
        key=key,
        value=hold(right, (*lead_dims, dims[-1])),
        changes=scores.changes,
        sinks=scores.sinks,
        after=weights.changes,
        keys=weights.keys,
        rows=scores.sides[1 if weights.transposed else 0],
        lead=flat(scores.dims),  # narrowed below
        output=Operand(result, ()),
        dtype=result.dtype,
        notes=weights.notes,
    )
    rows = resolved(record.rows)
    record.lead = tuple(atom for atom in flat(dims) if atom not in rows and atom not in keys)
    features = fresh(result.shape[-2 if swapped else -1])
    moved = result.transpose(-1, -2) if swapped else result
    record.keep_output(moved, dims[:-1])
    outcome = (*dims[:-2], features, dims[-2]) if swapped else (*dims[:-1], features)
    ledger.set(result, Outcome(outcome, record, features))
    ledger.keep(record)
    return True


def bmm(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """A product, of many matrices or of one."""
    product(ledger, args[0], args[1], result)


def baddbmm(ledger: Ledger, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """A product to which something is added."""
    added, left, right = args[:3]
    beta, alpha = float(kwargs.get("beta", 1)), float(kwargs.get("alpha", 1))
    if isinstance(ledger.trail(left), Weights) or isinstance(ledger.trail(right), Weights):
        return
    product(ledger, left, right, result)
    trail = ledger.trail(result)
    if isinstance(trail, Scores):
        trail = trail if alpha == 1 else trail.then(Scaled(alpha))
        if beta:
            trail = trail.then(Plus(ledger.operand(trail, added), beta))
        ledger.set(result, trail)
