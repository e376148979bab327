"""The numbers of heads in files for other programs: safetensors and NumPy's .npz, neither with pickles."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch
from safetensors.numpy import save

from pellucid.arrays import Array
from pellucid.capturing.compute import Head
from pellucid.derivation import Axis
from pellucid.errors import OutputError
from pellucid.files import check_writable, write_atomically

if TYPE_CHECKING:
    from pellucid.capturing.layer import Layer

SUFFIXES = (".safetensors", ".npz")


def write_heads(
    layers: Sequence[Layer],
    path: Path,
    layer: int | Sequence[int] | None,
    head: int | Sequence[int] | None,
    sequence: int,
) -> None:
    """See `Recording.export`."""
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{path} must end in {' or '.join(SUFFIXES)}, which says the format.")
    check_writable(path)
    arrays: dict[str, Array] = {}
    tokens: dict[str, tuple[str, ...]] = {}
    for place in _places(layer, Axis("layer", len(layers))):
        chosen = layers[place]
        for number in _places(head, Axis("head", chosen.num_heads)):
            one = chosen.head(number, sequence=sequence)
            arrays |= {
                f"layers.{place}.heads.{number}.{name}": array
                for name, array in _numbers(one.layer, number, sequence).items()
            }
            for axis, name in zip(one.axes, ("queries", "keys"), strict=True):
                if axis.labels is not None:
                    tokens[f"layers.{place}.{name}"] = axis.labels
    write_atomically(path, _npz(arrays, tokens) if path.suffix.lower() == ".npz" else _safetensors(arrays, tokens))


def _places(wanted: int | Sequence[int] | None, axis: Axis) -> list[int]:
    if wanted is None:
        return list(range(axis.size))
    return [axis.position(one) for one in ([wanted] if isinstance(wanted, int) else wanted)]


def _numbers(layer: Layer, number: int, sequence: int) -> dict[str, Array]:
    head, n_q = Head(layer.record, sequence, number), layer.shape[2]
    rows = [head.rows([position]) for position in range(n_q)]
    tensors = {
        "query": torch.cat([row.query for row in rows]),
        "key": head.key,
        "value": head.value,
        "weights": torch.cat([row.weights for row in rows]),
        "output": torch.cat([row.output for row in rows]),
    }
    return {name: np.ascontiguousarray(tensor.cpu().numpy()) for name, tensor in tensors.items()}


def _safetensors(arrays: Mapping[str, Array], tokens: Mapping[str, tuple[str, ...]]) -> bytes:
    metadata = {name: msgspec.json.encode(labels).decode() for name, labels in tokens.items()}
    return save(dict(arrays), metadata)


def _npz(arrays: Mapping[str, Array], tokens: Mapping[str, tuple[str, ...]]) -> bytes:
    buffer = io.BytesIO()
    content: dict[str, Any] = {**arrays, **{name: np.array(labels) for name, labels in tokens.items()}}
    np.savez_compressed(buffer, **content)
    return buffer.getvalue()
