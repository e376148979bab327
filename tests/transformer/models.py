"""Small random models, in PyTorch and on NumPy, for tests."""

import math

import numpy as np
import torch
from hypothesis import strategies as st

from nn.models import BOTH, ONE
from pellucid.nn import EncoderDecoder
from pellucid.nn.weight_names import named_parts
from pellucid.transformer import Transformer

SOURCE, TARGET = [3, 5, 7, 2], [1, 4, 9, 11, 6, 2, 8]


def on_numpy(model):
    return Transformer(model.config, {name: tensor.numpy() for name, tensor in named_parts(model)})


@st.composite
def options(draw):
    """What `make` makes a model from: every option of a configuration that decides about arithmetic."""
    flags = ("norm_bias", "embedding_norm", "attention_bias", "feed_forward_bias", "output_bias", "tie_embeddings")
    base = draw(st.sampled_from([BOTH, ONE]))
    positions = draw(st.sampled_from(["sinusoidal", "learned", "rotary"]))
    changes = {
        "positions": positions,
        "norm": draw(st.sampled_from(["layer_norm", "rms_norm"])),
        "norm_position": draw(st.sampled_from(["pre", "post"])),
        "norm_eps": draw(st.sampled_from([1e-6, 1e-5, 0.03])),
        "final_norm": draw(st.sampled_from([None, True, False])),
        "sinusoidal_layout": draw(st.sampled_from(["interleaved", "halves"])),
        "activation": draw(st.sampled_from(["relu", "gelu", "gelu_tanh", "silu", "swiglu"])),
        "num_key_value_heads": draw(st.sampled_from([1, 2, 3, 6])),
        "d_k": draw(st.sampled_from([0, 10])),
        "scale_embeddings": draw(st.booleans()),
        **{flag: draw(st.booleans()) for flag in flags},
    }
    if base is BOTH and not draw(st.booleans()):
        changes |= {"share_embeddings": False, "source_vocab_size": 19}
    if positions == "rotary":
        llama3 = {"kind": "llama3", "factor": 3.0, "original_length": 9}
        changes["rotary_base"] = draw(st.sampled_from([10.0, 10000.0]))
        changes["rotary_scaling"] = draw(st.sampled_from([None, {"kind": "linear", "factor": 2.5}, llama3]))
    # One layer of each kind has all the arithmetic; two are told apart elsewhere.
    base = {**base, "num_encoder_layers": min(1, base["num_encoder_layers"]), "num_decoder_layers": 1}
    return {"base": base, "seed": draw(st.integers(0, 1000)), **changes}


def in_float64(model):
    """The model in float64, its tables of positions too, which PyTorch's modules keep in float32."""
    model = model.double()
    for name, module in model.named_modules():
        if name.endswith("embedding.rotary"):
            angles = torch.arange(17).double()[:, None] * torch.tensor(module.frequencies, dtype=torch.float64)
            module.cosine, module.sine = torch.cat((angles, angles), -1).cos(), torch.cat((-angles, angles), -1).sin()
        elif hasattr(module, "table"):
            width = module.table.shape[1]
            pairs = (width + 1) // 2
            for p in range(17):
                for i in range(width):
                    pair, is_sine = (
                        (i % pairs, i < pairs)
                        if model.config.sinusoidal_layout == "halves"
                        else (
                            i // 2,
                            i % 2 == 0,
                        )
                    )
                    angle = p / 10000 ** (2 * pair / width)
                    module.table[p, i] = math.sin(angle) if is_sine else math.cos(angle)
    return model


@torch.no_grad()
def torch_logits(model):
    target = torch.tensor([TARGET])
    logits = model(torch.tensor([SOURCE]), target) if isinstance(model, EncoderDecoder) else model(target)
    return logits[0].numpy()


def memory_of(transformer, **recording):
    return transformer.encode(SOURCE, **recording) if transformer.config.is_encoder_decoder else None


def close(actual, expected, tolerance):
    """Equal up to a part of the largest number."""
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())
