"""The language model against PyTorch's own modules, and the laws that it keeps."""

import pytest
import torch
from torch import nn

from nn.models import ONE, VARIANTS, make, tokens
from pellucid.errors import LengthError
from pellucid.nn import DecoderOnly, build
from pellucid.nn.precision import attention_by
from pellucid.nn.weight_names import named_parts
from pellucid.transformer import preset


def one(name="paper", **changes):
    return make(ONE, **{**VARIANTS[name], **changes})


@pytest.mark.parametrize("path", ["fused", "explicit"])
@torch.no_grad()
def test_pre_norm_rms_swiglu_against_pytorch_s_functions(path):
    """Without positions that turn anything (one token a sequence) and with biases nowhere."""
    model = one(
        "rms",
        positions="learned",
        num_key_value_heads=2,
        feed_forward_bias=False,
        scale_embeddings=False,
        norm_eps=0.01,
    )
    parts = dict(named_parts(model))
    ids = tokens(2, 6)
    x = parts["target_embedding"][ids] + parts["decoder.embedding.positions.weight"][:6]
    for index in range(3):
        stem = f"decoder.layers.{index}."
        y = nn.functional.rms_norm(x, (24,), parts[stem + "self_attention_norm.weight"], 0.01)
        # PyTorch's module has as many key heads as query heads: each of ours is given to the three that share it.
        repeated = {
            name: parts[f"{stem}self_attention.{name}.weight"].view(2, 4, 24).repeat_interleave(3, 0).reshape(24, 24)
            for name in ("key", "value")
        }
        attention = nn.MultiheadAttention(24, 6, bias=False, batch_first=True).eval()
        query = parts[stem + "self_attention.query.weight"]
        attention.in_proj_weight.copy_(torch.cat((query, repeated["key"], repeated["value"])))
        attention.out_proj.weight.copy_(parts[stem + "self_attention.output.weight"])
        future = torch.ones(6, 6, dtype=torch.bool).triu(1)
        x = x + attention(y, y, y, attn_mask=future, need_weights=False)[0]
        y = nn.functional.rms_norm(x, (24,), parts[stem + "feed_forward_norm.weight"], 0.01)
        gate, up = (y @ parts[f"{stem}feed_forward.{name}.weight"].T for name in ("gate", "up"))
        x = x + (nn.functional.silu(gate) * up) @ parts[stem + "feed_forward.down.weight"].T
    expected = nn.functional.rms_norm(x, (24,), parts["decoder.norm.weight"], 0.01) @ parts["target_embedding"].T
    with attention_by(path):
        torch.testing.assert_close(model(ids), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", VARIANTS)
@torch.no_grad()
def test_later_tokens_never_change_earlier_logits(name):
    model = one(name)
    ids = tokens(2, 6)
    before = model(ids)
    for changed in range(1, 6):
        other = ids.clone()
        other[:, changed] = (other[:, changed] + 1) % 23
        after = model(other)
        torch.testing.assert_close(after[:, :changed], before[:, :changed])
        assert not torch.allclose(after[:, changed], before[:, changed])


@pytest.mark.parametrize("path", ["fused", "explicit"])
@pytest.mark.parametrize("name", VARIANTS)
@torch.no_grad()
def test_cached_equals_uncached(name, path):
    model = one(name)
    ids = tokens(2, 9)
    with attention_by(path):
        whole, cache = model(ids), model.new_cache(2, 9)
        pieces = [model(piece, cache=cache) for piece in ids.split([4, 1, 3, 1], dim=1)]
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("path", ["fused", "explicit"])
@pytest.mark.parametrize("name", VARIANTS)
@torch.no_grad()
def test_prompts_padded_on_the_left_are_as_if_alone(name, path):
    """With their own positions and a mask, also step by step in a cache."""
    model = one(name)
    long, short = tokens(1, 7), tokens(1, 4, seed=8)
    ids = torch.cat((long, torch.cat((torch.zeros(1, 3, dtype=torch.int64), short), 1)))
    real = torch.tensor([[True] * 7, [False] * 3 + [True] * 4])
    positions = (real.cumsum(1) - 1).clamp_min(0)
    mask = real[:, None, :].expand(2, 7, 7)
    with attention_by(path):
        logits = model(ids, mask=mask, positions=positions)
        torch.testing.assert_close(logits[:1], model(long), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(logits[1:, 3:], model(short), rtol=1e-4, atol=1e-4)
        assert logits.isfinite().all()
        cache = model.new_cache(2, 7)
        first = model(ids[:, :5], mask=mask[:, :5, :5], positions=positions[:, :5], cache=cache)
        rest = model(ids[:, 5:], mask=mask[:, 5:, :7], positions=positions[:, 5:], cache=cache)
    torch.testing.assert_close(torch.cat((first, rest), 1), logits, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_texts_packed_into_one_row_do_not_see_each_other():
    model = one("rms")
    first, second = tokens(1, 4), tokens(1, 5, seed=8)
    text = torch.tensor([[0] * 4 + [1] * 5])
    positions = torch.tensor([[0, 1, 2, 3, 0, 1, 2, 3, 4]])
    packed = model(torch.cat((first, second), 1), mask=text[:, :, None] == text[:, None, :], positions=positions)
    torch.testing.assert_close(packed[:, :4], model(first), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(packed[:, 4:], model(second), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_reach_every_parameter(name):
    model = one(name).train()
    model(tokens(2, 6)).square().mean().backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), parameter_name
        assert (parameter.grad != 0).any(), parameter_name


def test_longer_sequences_than_the_model_s_are_refused_in_a_cache_too():
    model = one()
    with pytest.raises(LengthError, match="of 18 tokens is longer than the model's longest, 17"):
        model(tokens(1, 18))
    cache = model.new_cache(1)
    model(tokens(1, 17), cache=cache)
    with pytest.raises(LengthError, match="of 18 tokens"):
        model(tokens(1, 1), cache=cache)


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "rotary"])
def test_positions_beyond_the_model_s_are_refused(positions):
    model = one(positions=positions)
    with pytest.raises(LengthError, match="position 17 is none of the model's, which are 0 to 16"):
        model(tokens(1, 2), positions=torch.tensor([[3, 17]]))


def test_nanogpt_s_sizes():  # its README: 0.80 M and 10.65 M parameters, positions not counted
    for name, millions in (("character-small", 0.80), ("character", 10.65)):
        model = build(preset(name))
        assert isinstance(model, DecoderOnly)
        positions = model.decoder.embedding.positions.weight.numel()
        assert (model.num_parameters - positions) / 1e6 == pytest.approx(millions, abs=0.01)


def test_what_ends_a_sublayer_begins_smaller():
    torch.manual_seed(0)
    model = build(preset("character"))
    layer = model.decoder.layers[2]
    assert layer.feed_forward.up.weight.std().item() == pytest.approx(0.02, rel=0.02)
    for module in (layer.feed_forward.down, layer.self_attention.output):
        assert module.weight.std().item() == pytest.approx(0.02 / 12**0.5, rel=0.02)


def test_bfloat16_products_stay_near():
    model = one("rms")
    ids = tokens(2, 9)
    with torch.no_grad():
        expected = model(ids)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            cache = model.new_cache(2, dtype=torch.bfloat16)
            logits = torch.cat([model(piece, cache=cache) for piece in ids.split([5, 4], dim=1)], 1)
    assert logits.dtype == torch.bfloat16
    assert ((logits - expected).norm() / expected.norm()).item() < 0.05
