"""Small configurations of the architectures that `coverage.py`'s general ones do not build, and special inputs.

Most configurations become small by names that nearly all of them share (`SIZES` in `coverage.py`). What is here is told
in full, because its sizes hang together in ways of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_ROPE = {"rope_type": "default", "rope_theta": 10_000.0}
_TEXT: dict[str, Any] = {
    "vocab_size": 99,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_VISION: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 8,
}
_GEMMA: dict[str, Any] = {**_TEXT, "head_dim": 16, "layer_types": ["sliding_attention", "full_attention"]}
_ASSISTANT: dict[str, Any] = {
    **_GEMMA,
    "global_head_dim": 16,
    "sliding_window": 4,
    "num_kv_shared_layers": 2,
    "hidden_size_per_layer_input": 0,
    "vocab_size_per_layer_input": 0,
}
_LATENT = {"q_lora_rank": 32, "kv_lora_rank": 32, "head_dim": 24, "qk_nope_head_dim": 16, "v_head_dim": 12}
_DOTS: dict[str, Any] = {
    **_TEXT,
    **_LATENT,
    **{f"swa_{name}": value for name, value in (_LATENT | {"num_attention_heads": 4}).items()},
    "swa_num_key_value_heads": 4,
    "num_key_value_heads": 4,
    "layer_types": ["indexed_attention", "sliding_attention"],
    "qk_rope_head_dim": 8,
    "index_topk": 8,
    "index_head_dim": 16,
    "index_n_heads": 4,
    "sliding_window": 4,
    "moe_intermediate_size": 32,
    "shared_experts_intermediate_size": 32,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
}
_QWEN: dict[str, Any] = {
    **_TEXT,
    "layer_types": ["linear_attention", "indexed_attention"],
    "head_dim": 16,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 32,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "hc_lowrank": 8,
    "indexer_n_heads": 2,
    "indexer_kv_heads": 1,
    "indexer_head_dim": 16,
    "indexer_budget": 8,
    "indexer_compress_ratio": 2,
}
_BYTES = {
    name: value
    for name, value in _TEXT.items()
    if name in ("num_hidden_layers", "num_attention_heads", "intermediate_size")
}

_ZAMBA: dict[str, Any] = {
    **_TEXT,
    "num_key_value_heads": 4,
    "num_hidden_layers": 4,
    "layers_block_type": ["linear_attention", "hybrid", "linear_attention", "hybrid"],
}

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "blt": {
        "vocab_size": 260,
        "encoder_hash_byte_group_vocab": 64,
        "patcher_config": {**_BYTES, "hidden_size": 32},
        "encoder_config": {**_BYTES, "hidden_size": 32, "hidden_size_global": 64},
        "decoder_config": {**_BYTES, "hidden_size": 32, "hidden_size_global": 64},
        "global_config": {**_BYTES, "hidden_size": 64},
    },
    "cohere_compass_text": {
        **_GEMMA,
        "sliding_window": 4,
        "rope_parameters": {"sliding_attention": _ROPE, "full_attention": _ROPE},
    },
    "convnext": {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1], "image_size": 32},
    "convnextv2": {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1], "image_size": 32},
    "dbrx": {
        "d_model": 64,
        "n_heads": 4,
        "n_layers": 2,
        "vocab_size": 99,
        "attn_config": {"kv_n_heads": 2, "clip_qkv": 8.0},
        "ffn_config": {"ffn_hidden_size": 96, "moe_num_experts": 4, "moe_top_k": 2},
        "rope_parameters": _ROPE,
    },
    "dots3_note_text": _DOTS,
    "esmc": {**_TEXT, "num_key_value_heads": 4},
    "gemma4_assistant": {"text_config": {**_ASSISTANT, "model_type": "gemma4_text"}, "backbone_hidden_size": 48},
    "gemma4_unified_assistant": {
        "text_config": {**_ASSISTANT, "model_type": "gemma4_unified_text"},
        "backbone_hidden_size": 48,
    },
    "granitemoehybrid": {
        **_TEXT,
        "layer_types": ["linear_attention", "full_attention"],
        "shared_intermediate_size": 32,
        "num_local_experts": 4,
        "mamba_n_heads": 8,
        "mamba_d_head": 16,
        "mamba_d_state": 16,
    },
    "imagegpt": {"vocab_size": 99, "n_positions": 64, "n_embd": 64, "n_layer": 2, "n_head": 4},
    "qwen4_exp_text": _QWEN,
    "shieldgemma2": {
        "text_config": {**_GEMMA, "model_type": "gemma3_text", "sliding_window": 4},
        "vision_config": {**_VISION, "model_type": "siglip_vision_model"},
        "mm_tokens_per_image": 4,
        "image_token_index": 90,
        "yes_token_index": 5,
        "no_token_index": 6,
    },
    "siglip2": {"vision_config": {**_VISION, "num_patches": 16}, "text_config": {**_TEXT}},
    "t5gemma": {"encoder": _GEMMA | {"sliding_window": 4}, "decoder": _GEMMA | {"sliding_window": 4}, "vocab_size": 99},
    "voxtral_realtime": {
        "text_config": {**_TEXT, "head_dim": 16, "model_type": "voxtral_realtime_text"},
        "audio_config": {
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "head_dim": 16,
            "num_mel_bins": 8,
            "model_type": "voxtral_realtime_encoder",
        },
    },
    "zamba": _ZAMBA,
    "zamba2": {**_ZAMBA, "chunk_size": 8},
}
"""What a configuration is built from."""

AFTERWARDS: dict[str, Callable[[Any], None]] = {
    # transformers 5.24 reads it there and takes it from nowhere
    "dbrx": lambda config: setattr(config.attn_config, "rope_theta", 10_000.0),
}
"""What is done to a configuration once it is built."""

TEXT_PART = {"dots3_note": "dots3_note_text", "qwen4_exp": "qwen4_exp_text"}
"""Architectures of several parts whose class for text takes the configuration of the text part."""


def _ids(n: int) -> Any:
    import torch

    ids = torch.randint(3, 90, (2, n), generator=torch.Generator().manual_seed(1))
    mask = torch.ones(2, n, dtype=torch.long)
    mask[1, n - 2 :] = 0
    return ids, mask


def _assistant(config: Any) -> dict[str, Any]:
    """Guesses the next tokens from another model's keys and values."""
    import torch

    _, mask = _ids(12)
    shape = (2, config.text_config.num_key_value_heads, 12, 16)
    shared = {kind: (torch.randn(shape), torch.randn(shape)) for kind in ("full_attention", "sliding_attention")}
    embeddings = torch.randn(2, 1, 2 * config.backbone_hidden_size)
    positions = torch.full((2, 1), 12)
    return {
        "inputs_embeds": embeddings,
        "attention_mask": mask,
        "shared_kv_states": shared,
        "position_ids": positions,
    }


def _pixels_as_tokens(config: Any) -> dict[str, Any]:
    return {"input_ids": _ids(12)[0]}


def _patches(config: Any) -> dict[str, Any]:
    import torch

    mask = torch.ones(2, 16, dtype=torch.long)
    mask[1, 12:] = 0
    patches = torch.randn(2, 16, 3 * 8 * 8)
    return {"pixel_values": patches, "pixel_attention_mask": mask, "spatial_shapes": torch.tensor([[4, 4], [3, 4]])}


def _image_and_text(config: Any) -> dict[str, Any]:
    import torch

    ids, mask = _ids(12)
    ids[:, 1:5] = config.image_token_index
    return {"input_ids": ids, "attention_mask": mask, "pixel_values": torch.randn(2, 3, 32, 32)}


def _stream(config: Any) -> dict[str, Any]:
    """A piece of sound of eight frames beside every token."""
    import torch

    return {"input_ids": _ids(12)[0], "input_features": torch.randn(2, 8, 8 * 12)}


INPUTS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "gemma4_assistant": _assistant,
    "gemma4_unified_assistant": _assistant,
    "imagegpt": _pixels_as_tokens,
    "shieldgemma2": _image_and_text,
    "siglip2": _patches,
    "voxtral_realtime": _stream,
}
"""What a model is given that takes neither text nor an image nor a sound alone; made from its configuration."""
