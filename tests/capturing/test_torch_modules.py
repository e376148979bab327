"""PyTorch's own modules, by every path that they have, and pellucid's."""

import pytest
import torch
from torch import nn

import pellucid
from pellucid.nn import build
from pellucid.transformer import TransformerConfig

BATCH, N, D_MODEL, HEADS = 2, 5, 12, 2
PADDING = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])


def run(model, *args, context=torch.no_grad, **kwargs):
    model.eval()
    with context():
        expected = model(*args, **kwargs)
        with pellucid.capture(model) as recording:
            seen = model(*args, **kwargs)
    first, second = (out[0] if isinstance(out, tuple) else out for out in (expected, seen))
    assert torch.equal(first, second)
    assert {layer.status for layer in recording.layers} == {"verified"}
    assert recording.unrecorded == []
    return recording


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("context", [torch.no_grad, torch.enable_grad, torch.inference_mode])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("need_weights", [False, True])
def test_multihead_attention(context, masked, need_weights):
    model = nn.MultiheadAttention(D_MODEL, HEADS, batch_first=True)
    x = torch.randn(BATCH, N, D_MODEL)
    mask = PADDING if masked else None
    recording = run(model, x, x, x, key_padding_mask=mask, need_weights=need_weights, context=context)
    assert [layer.shape for layer in recording.layers] == [(BATCH, HEADS, N, N)]
    derivation = recording.layers[0].head(1, sequence=1).row(2)
    assert (derivation["weights"].value[0, 3:] == 0).all() == masked


def test_cross_attention_is_told_from_self_attention():
    model = nn.TransformerDecoder(nn.TransformerDecoderLayer(D_MODEL, HEADS, 16, batch_first=True), 2)
    recording = run(model, torch.randn(BATCH, N, D_MODEL), torch.randn(BATCH, 7, D_MODEL))
    assert [(layer.kind, layer.shape[-1]) for layer in recording.layers] == [("self", N), ("cross", 7)] * 2
    assert recording.layers[1].name == "layers.0.multihead_attn"


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_the_encoders_fast_path(norm_first, activation):
    layer = nn.TransformerEncoderLayer(
        D_MODEL, HEADS, 16, batch_first=True, norm_first=norm_first, activation=activation
    )
    recording = run(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), torch.randn(BATCH, N, D_MODEL))
    assert [layer.name for layer in recording.layers] == ["layers.0", "layers.1"]


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_the_encoders_fast_path_with_nested_tensors():
    layer = nn.TransformerEncoderLayer(D_MODEL, HEADS, 16, batch_first=True)
    recording = run(nn.TransformerEncoder(layer, 1), torch.randn(BATCH, N, D_MODEL), src_key_padding_mask=PADDING)
    assert [layer.shape for layer in recording.layers] == [(1, HEADS, 5, 5), (1, HEADS, 3, 3)]


def test_a_fast_path_with_another_value_is_not_verified():
    layer = nn.TransformerEncoderLayer(D_MODEL, HEADS, 16, batch_first=True)
    record = run(layer, torch.randn(BATCH, N, D_MODEL)).layers[0].record
    record.value.tensor = record.value.tensor.roll(1, -2)
    assert not pellucid.capturing.verification.verify(record)


@pytest.mark.parametrize("groups", [2, 4])
def test_pellucids_own(groups):
    config = TransformerConfig(
        architecture="encoder-decoder",
        vocab_size=17,
        d_model=16,
        d_ff=20,
        num_heads=4,
        num_key_value_heads=groups,
        num_encoder_layers=1,
        num_decoder_layers=2,
        max_length=16,
    )
    source, target = torch.randint(4, 17, (BATCH, 6)), torch.randint(4, 17, (BATCH, N))
    recording = run(build(config), source, target, torch.ones(BATCH, 6, dtype=torch.bool))
    assert [layer.kind for layer in recording.layers] == ["self", "self", "cross", "self", "cross"]
    assert [layer.shape for layer in recording.layers[:3]] == [(2, 4, 6, 6), (2, 4, N, N), (2, 4, N, 6)]


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_flex_attention():
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    bias = torch.linspace(-1, 1, 2 * 130).reshape(2, 130)

    class FlexAttention(nn.Module):
        def forward(self, q, k, v):
            block_mask = create_block_mask(lambda b, h, i, j: j <= i + b, BATCH, None, 130, 130, device="cpu")
            return flex_attention(q, k, v, lambda s, b, h, i, j: s + bias[h, j], block_mask, scale=0.3)

    q, k, v = (torch.randn(BATCH, HEADS, 130, 4) for _ in range(3))
    row = run(FlexAttention(), q, k, v).layers[0].head(1, sequence=1).row(3)
    scores = (0.3 * q[1, 1, 3] @ k[1, 1].T + bias[1])[:5]
    torch.testing.assert_close(torch.tensor(row["weights"].value[0, :5]), scores.softmax(-1).double())
    assert not row["weights"].value[0, 5:].any()
