"""The weights that training starts from."""

from __future__ import annotations

import math

import torch
from torch import nn

from pellucid.nn.model import Model
from pellucid.nn.weight_names import parts


@torch.no_grad()
def initialise(model: Model) -> None:
    """Draws all weights anew from PyTorch's generator.

    Encoder–decoders: Xavier-uniform matrices (Glorot and Bengio 2010), each projection by itself although some lie in
    one matrix, and embeddings of standard deviation d_model^(−1/2), which §3.4 scales to 1. Decoder-only models:
    standard deviation 0.02, and 0.02 / √(2 N) for what ends a sub-layer (Radford et al. 2019, §2.3).
    Biases are 0, norms 1.
    """
    config = model.config
    small = 0.02 if not config.is_encoder_decoder else config.d_model**-0.5
    for name, parameter in model.named_parameters():
        kind = name.rsplit(".", 1)[-1]
        if "norm" in name:
            nn.init.constant_(parameter, 1.0 if kind == "weight" else 0.0)
        elif parameter.ndim == 1:
            nn.init.zeros_(parameter)
        elif name in ("target_embedding", "source_embedding", "output_weight"):
            nn.init.normal_(parameter, std=small)
        elif name.endswith("positions.weight"):
            nn.init.normal_(parameter, std=0.02)
        elif config.is_encoder_decoder:
            for _, rows in parts(name, config):
                nn.init.xavier_uniform_(parameter[rows])
        else:
            ends = name.endswith(("output.weight", "down.weight"))
            nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * config.num_decoder_layers) if ends else 0.02)
