"""Every weight of a configuration by its name in files, with its shape; matrices are (out, in), y = x Wᵀ."""

from __future__ import annotations

from pellucid.transformer.config import TransformerConfig

Shapes = dict[str, tuple[int, ...]]


def weight_shapes(config: TransformerConfig) -> Shapes:
    """The shape of every weight, by its name in files."""
    shapes: Shapes = {"target_embedding": (config.vocab_size, config.d_model)}
    if not config.tie_embeddings:
        shapes["output_weight"] = (config.vocab_size, config.d_model)
    if config.output_bias:
        shapes["output_bias"] = (config.vocab_size,)
    if config.is_encoder_decoder:
        if not config.share_embeddings:
            shapes["source_embedding"] = (config.source_vocab_size, config.d_model)
        shapes |= _stack("encoder", config, config.num_encoder_layers, ("self_attention",))
    attentions = ("self_attention", "cross_attention") if config.is_encoder_decoder else ("self_attention",)
    return shapes | _stack("decoder", config, config.num_decoder_layers, attentions)


def _stack(stack: str, config: TransformerConfig, layers: int, attentions: tuple[str, ...]) -> Shapes:
    shapes: Shapes = {}
    if config.positions == "learned":
        shapes[f"{stack}.embedding.positions.weight"] = (config.max_length, config.d_model)
    if config.embedding_norm:
        shapes |= _norm(f"{stack}.embedding.norm", config)
    for layer in range(layers):
        stem = f"{stack}.layers.{layer}"
        for attention in attentions:
            shapes |= _attention(f"{stem}.{attention}", config) | _norm(f"{stem}.{attention}_norm", config)
        shapes |= _feed_forward(f"{stem}.feed_forward", config) | _norm(f"{stem}.feed_forward_norm", config)
    return shapes | (_norm(f"{stack}.norm", config) if config.final_norm else {})


def _norm(stem: str, config: TransformerConfig) -> Shapes:
    has_bias = config.norm == "layer_norm" and config.norm_bias
    return {f"{stem}.{kind}": (config.d_model,) for kind in ("weight", *(("bias",) if has_bias else ()))}


def _attention(stem: str, config: TransformerConfig) -> Shapes:
    width, key_width = config.num_heads * config.d_k, config.num_key_value_heads * config.d_k
    shapes: Shapes = {}
    for name, size in (("query", width), ("key", key_width), ("value", key_width)):
        shapes |= _linear(f"{stem}.{name}", size, config.d_model, bias=config.attention_bias)
    return shapes | _linear(f"{stem}.output", config.d_model, width, bias=config.attention_bias)


def _feed_forward(stem: str, config: TransformerConfig) -> Shapes:
    shapes: Shapes = {}
    for name in ("gate", "up") if config.activation == "swiglu" else ("up",):
        shapes |= _linear(f"{stem}.{name}", config.d_ff, config.d_model, bias=config.feed_forward_bias)
    return shapes | _linear(f"{stem}.down", config.d_model, config.d_ff, bias=config.feed_forward_bias)


def _linear(stem: str, n_out: int, n_in: int, *, bias: bool) -> Shapes:
    shapes: Shapes = {f"{stem}.weight": (n_out, n_in)}
    return shapes | ({f"{stem}.bias": (n_out,)} if bias else {})
