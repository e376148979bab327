"""A generation, step by step: which pass chose which token, and what it looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from pellucid.arrays import Array
from pellucid.capturing.compute import Head
from pellucid.derivation import Axis
from pellucid.errors import InputError

if TYPE_CHECKING:
    from pellucid.capturing.layer import Layer
    from pellucid.capturing.recording import Recording


@dataclass(frozen=True, eq=False)
class GenerationStep:
    """One forward pass that chose a token.

    Args:
        token: that was chosen.
        layers: of the pass.
    """

    token: str
    layers: Sequence[Layer]

    def looks(self, kind: str = "self", *, sequence: int = 0) -> tuple[Axis, Array] | None:
        """The weights of the last query, averaged over all heads of a kind, with their keys.

        Args:
            kind: "self" or "cross".
            sequence: which of the batch.

        Returns:
            The keys and (n_k,) weights; `None` where there is no attention of that kind. Layers that keep only the
            last keys (a sliding window) are left out.

        Raises:
            PositionError: there is no such sequence.
        """
        layers = [layer for layer in self.layers if layer.kind == kind]
        if not layers:
            return None
        longest = max(layers, key=lambda layer: layer.shape[3])
        rows = []
        for layer in layers:
            _, heads, n_q, n_k = layer.shape
            if n_k == longest.shape[3]:
                for head in range(heads):
                    rows.append(Head(layer.record, sequence, head).rows([n_q - 1]).weights[0].cpu())
        weights: Array = torch.stack(rows).mean(0).numpy()
        return longest.head(0, sequence=sequence).axes[1], weights


def generation_steps(recording: Recording, tokens: Sequence[str] | None = None) -> list[GenerationStep]:
    """The passes of a recorded generation that chose a token each.

    Args:
        recording: of a generation, of one text.
        tokens: what was generated: the last passes chose them, one each. The recording remembers them, also in a file;
            `None` for those that it remembers.

    Raises:
        InputError: there are fewer passes than tokens.
    """
    tokens = recording.chosen if tokens is None else tokens
    passes = len(recording.passes)
    if passes < len(tokens):
        raise InputError(f"{len(tokens)} tokens were generated in {passes} passes; record with one pass a token.")
    recording.chosen = list(tokens)
    first = passes - len(tokens)
    return [GenerationStep(token, recording.layers_of(first + step)) for step, token in enumerate(tokens)]
