"""Which part of a tensor's shape is what: the axes of a tensor, followed through views.

Models multiply matrices of many shapes: (batch · heads, n, d), (batch, heads, n, d), (batch, n · heads, d). An `Atom`
is an axis that was never cut further. A tensor's axes are each a run of atoms; a view regroups the runs and cuts atoms
where it must. Two tensors that share atoms thereby know how they lie to each other, whatever their shapes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from pellucid.nn.tensors import Tensor


class Atom:
    """An axis, or a part of one that a view has cut out. Axes of size 1 have no atom: nothing can be chosen in them."""

    __slots__ = ("parts", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.parts: tuple[Atom, Atom] | None = None

    def __repr__(self) -> str:
        return f"<{self.size}>"

    def cut(self, outer: int) -> tuple[Atom, Atom]:
        """Into `outer` runs; every tensor that has this atom has the two from now on."""
        assert self.parts is None
        assert self.size % outer == 0
        self.parts = (Atom(outer), Atom(self.size // outer))
        return self.parts


Run = tuple[Atom, ...]
Dims = tuple[Run, ...]
"""One run of atoms for each axis of a tensor."""


def fresh(size: int) -> Run:
    """An axis not seen before."""
    return (Atom(size),) if size != 1 else ()


def resolved(run: Iterable[Atom]) -> Run:
    """The atoms as they are cut by now."""
    atoms: list[Atom] = []
    for atom in run:
        atoms += resolved(atom.parts) if atom.parts else [atom]
    return tuple(atoms)


def size(run: Iterable[Atom]) -> int:
    """Positions that a run has."""
    return math.prod(atom.size for atom in run)


def flat(dims: Iterable[Run]) -> Run:
    """All atoms, in their order."""
    return resolved(atom for run in dims for atom in run)


def viewed(dims: Dims, shape: Sequence[int]) -> Dims | None:
    """The axes after a view to `shape`; `None` where it mixes what cannot be told apart any more."""
    waiting = list(reversed(flat(dims)))
    runs: list[Run] = []
    for wanted in shape:
        run: list[Atom] = []
        while wanted > 1:
            if not waiting:
                return None
            atom = waiting.pop()
            if atom.size == 0 or (wanted % atom.size and atom.size % wanted):
                return None
            if atom.size > wanted:
                first, rest = atom.cut(wanted)
                waiting.append(rest)
                atom = first
            run.append(atom)
            wanted //= atom.size
        runs.append(tuple(run))
    return None if waiting else tuple(runs)


def pick(tensor: Tensor, dims: Dims, at: Mapping[Atom, int | Tensor], order: Sequence[Run]) -> Tensor:
    """A part of a tensor with its axes in a certain order.

    Args:
        tensor: its first axes are `dims`; further ones stay as they are, behind.
        dims: what its axes are.
        at: what to take of an atom: one position, or several (a tensor of whole numbers, at most one atom).
        order: the axes of the result, which are all atoms that `at` does not narrow to one position; those that
            the tensor lacks, because it is the same for all their positions, have size 1 in the result.
    """
    runs = [resolved(run) for run in dims]
    behind = tensor.shape[len(dims) :]
    # Axes of size 1 stand for every position: they broadcast.
    kept = [() if length == 1 else run for run, length in zip(runs, tensor.shape[: len(dims)], strict=True)]
    atoms = [atom for run in kept for atom in run]
    tensor = tensor.reshape([*(atom.size for atom in atoms), *behind])
    places: list[Atom] = []
    for atom in atoms:
        axis = len(places)
        where = at.get(atom)
        if where is None:
            places.append(atom)
        elif isinstance(where, int):
            tensor = tensor.select(axis, where)
        else:
            tensor = tensor.index_select(axis, where.to(tensor.device))
            places.append(atom)
    wanted = [atom for run in order for atom in resolved(run) if atom in places]
    if len(wanted) != len(places):
        raise ValueError("an axis is left over")
    tensor = tensor.permute([*(places.index(atom) for atom in wanted), *range(len(places), tensor.ndim)])
    shape: list[int] = []
    taken = 0
    for run in order:
        here = [atom for atom in resolved(run) if atom in places]
        sizes = tensor.shape[taken : taken + len(here)]
        full = [atom for atom in resolved(run) if not isinstance(at.get(atom), int)]
        if here and len(here) != len(full):  # part of a run broadcasts: spell it out
            for position, atom in enumerate(full):
                if atom not in here:
                    tensor = tensor.unsqueeze(taken + position)
                    tensor = tensor.expand(
                        *tensor.shape[: taken + position], atom.size, *tensor.shape[taken + position + 1 :]
                    )
            sizes = tensor.shape[taken : taken + len(full)]
            here = full
        shape.append(math.prod(sizes))
        taken += len(here)
    return tensor.reshape([*shape, *behind])


def positions(index: int, run: Run) -> dict[Atom, int | Tensor]:
    """Where in each atom of a run its position `index` is."""
    places: dict[Atom, int | Tensor] = {}
    for atom in reversed(resolved(run)):
        places[atom] = index % atom.size
        index //= atom.size
    return places
