"""A record: what one attention computed from, by reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch

from pellucid.capturing.changes import Change, Filled, Operand, hold, operands
from pellucid.capturing.dims import Atom, Dims, Run, flat, fresh, resolved, size
from pellucid.nn.tensors import Tensor

Finish = Callable[[Tensor, int], Tensor]
"""`finish(heads, sequence)`: what follows on the heads of a sequence, side by side, (n_q, heads · d_v), in float64."""

MOST_ROWS = 128
"""Rows of the output that are kept of a longer sequence, spread evenly: what a record is verified against."""


@dataclass(eq=False)
class Record:
    """One attention: softmax(changes(Q Kᵀ)) V.

    Args:
        query, key, value: as they went into the products, after rotation; no longer projected.
        changes: to the scores, in order.
        sinks: scores of keys without a value, which take their share of the softmax (Xiao et al. 2023).
        after: changes to the weights.
        keys: the axis that the softmax goes over.
        rows: the other axis of the scores that is not shared with `key`; holds heads too where a model stacks them.
        lead: what is left: sequences and heads.
        heads: the heads, where they are known.
        output: the rows of the result that are kept.
        finish: what the model did to the heads before `output`, where they cannot be seen themselves.
        kept: which rows these are; `None` for all.
        kept_run: the axis of the output that has them.
        module: dotted name of the module that computed it.
        kind: "self" or "cross".
        dtype: of the products.
        notes: what a reader should know, a sentence each.
        doubt: why it cannot be verified; empty when it can.
        batch: sequences that the model was given.
    """

    query: Operand
    key: Operand
    value: Operand
    changes: tuple[Change, ...]
    sinks: Operand | None
    after: tuple[Change, ...]
    keys: Run
    rows: Run
    lead: Run
    output: Operand
    heads: Run | None = None
    module: str = ""
    kind: str = "self"
    dtype: torch.dtype = torch.float32
    notes: tuple[str, ...] = ()
    doubt: str = ""
    batch: int = 1
    finish: Finish | None = None
    kept: Tensor | None = None
    kept_run: Run = ()
    versions: list[tuple[Operand, int]] = field(default_factory=list, repr=False)

    def held(self) -> Iterator[Operand]:
        """Every tensor that is kept."""
        yield from (self.query, self.key, self.value)
        for change in (*self.changes, *self.after):
            yield from operands(change)
        if self.sinks is not None:
            yield self.sinks

    def altered(self, **fields: object) -> Record:
        """A copy with other fields."""
        return replace(self, **fields)  # type: ignore[arg-type]  # which fields is up to the caller

    def head_run(self) -> Run:
        """The atoms that stand for heads."""
        if self.heads is not None:
            return resolved(self.heads)
        queries = self._queries()
        return (*self._lead_heads(), *(atom for atom in resolved(self.rows) if atom not in queries))

    def _lead_heads(self) -> Run:
        """What is left of `lead` without the sequences."""
        lead = resolved(self.lead)
        if self.batch > 1:
            for cut in range(len(lead) + 1):
                if size(lead[:cut]) == self.batch:
                    return lead[cut:]
            first = lead[0] if lead else None
            if first is not None and first.size % self.batch == 0:
                return (*first.cut(self.batch)[1:], *lead[1:])
        return lead[1:] if len(lead) > 1 and self.batch > 1 else lead

    def _queries(self) -> Run:
        """Which atoms of the rows stand for queries, where the model never puts heads beside the features.

        Heads that share their keys may be stacked there (multi-query attention, Shazeer 2019, written as one product).
        What a mask tells apart are queries; so is, in self-attention, what is as long as the keys; so is otherwise the
        axis beside the keys.
        """
        rows, keys = resolved(self.rows), resolved(self.keys)
        if len(rows) < 2 or size(rows) == size(keys):
            return rows
        for change in self.changes:
            if isinstance(change, Filled):
                masked = flat(change.operand.dims)
                told = tuple(atom for atom in rows if atom in masked and _spans(change.operand, atom))
                if 0 < len(told) < len(rows) and set(keys) <= set(masked):
                    return told
        long = [atom for atom in rows if atom.size == size(keys)]
        return ((long or rows)[-1],)

    def row_run(self) -> Run:
        """The atoms that stand for queries."""
        heads = self.head_run()
        return tuple(atom for atom in resolved(self.rows) if atom not in heads)

    def batch_run(self) -> Run:
        """The atoms that stand for sequences."""
        heads = self.head_run()
        return tuple(atom for atom in resolved(self.lead) if atom not in heads)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Sequences, heads, queries, keys."""
        return (size(self.batch_run()), size(self.head_run()), size(self.row_run()), size(self.keys))

    def snapshot(self) -> None:
        """Remembers the tensors' versions, so that a later change to one in place is noticed."""
        self.versions = [
            (operand, operand.tensor._version) for operand in self.held() if not operand.tensor.is_inference()
        ]

    def overwritten(self) -> bool:
        """Whether a tensor that is kept was changed in place since."""
        return any(operand.tensor._version != version for operand, version in self.versions)

    def keep_output(self, output: Tensor, dims: Dims) -> None:
        """Keeps rows of the result to verify against; all where they are few.

        Args:
            output: (…, d_v), one axis for each of `dims` and one for the features.
            dims: what its axes are.
        """
        atoms = flat((self.rows,))
        if size(atoms) > MOST_ROWS and len(atoms) == 1:
            for axis, run in enumerate(dims):
                if flat((run,)) == atoms:
                    n = atoms[0].size
                    self.kept = torch.linspace(0, n - 1, MOST_ROWS).round().long()
                    output = output.index_select(axis, self.kept.to(output.device))
                    self.kept_run = fresh(MOST_ROWS)
                    dims = (*dims[:axis], self.kept_run, *dims[axis + 1 :])
                    break
        self.output = hold(output, dims)


def _spans(operand: Operand, atom: Atom) -> bool:
    """Whether a tensor has a number of its own for each position of an atom."""
    lengths = zip(operand.dims, operand.tensor.shape, strict=False)
    return any(length != 1 and atom in flat((run,)) for run, length in lengths)
