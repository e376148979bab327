"""Sequences of different lengths as one tensor."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pellucid.nn.tensors import Bool, Int, Tensor


def pad_right(
    sequences: Sequence[Sequence[int]], pad_id: int, device: torch.device
) -> tuple[Int[Tensor, "batch n"], Bool[Tensor, "batch n"]]:
    """Ids with padding behind, and which of them are no padding."""
    longest = max(map(len, sequences))
    ids = [[*sequence, *[pad_id] * (longest - len(sequence))] for sequence in sequences]
    keep = [[True] * len(sequence) + [False] * (longest - len(sequence)) for sequence in sequences]
    return torch.tensor(ids, device=device), torch.tensor(keep, device=device)


def pad_left(
    sequences: Sequence[Sequence[int]], pad_id: int, device: torch.device
) -> tuple[Int[Tensor, "batch n"], Bool[Tensor, "batch n"]]:
    """Ids with padding before, so that what follows is appended at one place; and which are no padding."""
    longest = max(map(len, sequences))
    ids = [[*[pad_id] * (longest - len(sequence)), *sequence] for sequence in sequences]
    keep = [[False] * (longest - len(sequence)) + [True] * len(sequence) for sequence in sequences]
    return torch.tensor(ids, device=device), torch.tensor(keep, device=device)
