"""What parameters are called in files.

In memory, projections of one input are one matrix (`query_key_value`, `key_value`, `gate_up`); in files each has a
name of its own, after the paper: `decoder.layers.0.self_attention.query.weight`. All matrices are (out, in), y = x Wᵀ.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from pellucid.nn.model import Model
from pellucid.nn.tensors import Tensor
from pellucid.transformer import TransformerConfig
from pellucid.transformer.weights_file import check_shapes


def parts(name: str, config: TransformerConfig) -> list[tuple[str, slice]]:
    """The names in files of one parameter, and which of its rows each stands for."""
    stem, _, kind = name.rpartition(".")
    owner, _, projection = stem.rpartition(".")
    query, key = config.num_heads * config.d_k, config.num_key_value_heads * config.d_k
    sizes = {
        "query_key_value": {"query": query, "key": key, "value": key},
        "key_value": {"key": key, "value": key},
        "gate_up": {"gate": config.d_ff, "up": config.d_ff},
    }.get(projection)
    if sizes is None:
        return [(name, slice(None))]
    result, start = [], 0
    for part, size in sizes.items():
        result.append((f"{owner}.{part}.{kind}", slice(start, start + size)))
        start += size
    return result


def named_parts(model: Model) -> Iterator[tuple[str, Tensor]]:
    """Every name in files with its tensor, a view of the parameter."""
    for name, parameter in model.named_parameters():
        for part, rows in parts(name, model.config):
            yield part, parameter.detach()[rows]


@torch.no_grad()
def assign(model: Model, tensors: dict[str, Tensor], where: str) -> None:
    """Copies tensors into the model's parameters.

    Args:
        model: takes them.
        tensors: by their names in files.
        where: names their origin in messages.

    Raises:
        WeightsError: one is missing, superfluous or of the wrong shape; the model is then unchanged.
    """
    own = dict(named_parts(model))
    needed, held = ({name: tuple(tensor.shape) for name, tensor in some.items()} for some in (own, tensors))
    check_shapes(needed, held, where)
    for name, tensor in tensors.items():
        own[name].copy_(tensor)
