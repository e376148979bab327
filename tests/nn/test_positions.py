import math

import pytest
import torch
import transformers
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

from pellucid.nn.positions import RotaryPositions, SinusoidalPositions, rotary_frequencies, sinusoids
from pellucid.transformer import RotaryScaling, TransformerConfig


def test_sinusoids_by_hand():  # §3.5: PE(pos, 2i) = sin(pos / 10000^(2i/d_model))
    table = sinusoids(4, 6)
    for pos in range(4):
        for i in range(3):
            angle = pos / 10000 ** (2 * i / 6)
            assert table[pos, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-7)
            assert table[pos, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-7)
    assert sinusoids(4, 5).shape == (4, 5)


@pytest.mark.parametrize("d_model", [6, 7])
def test_halves_are_the_same_numbers_in_marian_s_order(d_model):
    config = transformers.MarianConfig(vocab_size=3, d_model=d_model, pad_token_id=0)
    theirs = transformers.models.marian.modeling_marian.MarianSinusoidalPositionalEmbedding(9, config.d_model)
    torch.testing.assert_close(sinusoids(9, d_model, "halves"), theirs.create_weight(), atol=1e-6, rtol=0)


def test_positions_are_taken_from_a_start_or_as_given():
    positions = SinusoidalPositions(9, 6, "interleaved")
    torch.testing.assert_close(positions(2, 3, None), positions.table[2:5])
    chosen = torch.tensor([[0, 4], [8, 1]])
    torch.testing.assert_close(positions(0, 2, chosen)[1, 0], positions.table[8])


def config(**changes):
    values = {
        "architecture": "decoder-only",
        "vocab_size": 3,
        "d_model": 20,
        "d_ff": 3,
        "num_heads": 2,
        "num_decoder_layers": 1,
        "positions": "rotary",
        "max_length": 5000,
    }
    return TransformerConfig.from_mapping({**values, **changes})


@pytest.mark.parametrize(
    ("scaling", "theirs"),
    [
        (None, {"rope_type": "default"}),
        ({"kind": "linear", "factor": 3.0}, {"rope_type": "linear", "factor": 3.0}),
        (
            {
                "kind": "llama3",
                "factor": 8.0,
                "low_frequency_factor": 1.0,
                "high_frequency_factor": 4.0,
                "original_length": 100,
            },
            {
                "rope_type": "llama3",
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 100,
            },
        ),
    ],
)
def test_rotations_are_those_of_transformers(scaling, theirs):
    ours = RotaryPositions(config(rotary_base=500.0, rotary_scaling=scaling))
    llama = transformers.LlamaConfig(
        hidden_size=20,
        num_attention_heads=2,
        max_position_embeddings=5000,
        rope_parameters={**theirs, "rope_theta": 500.0},
    )
    query, key = torch.randn(2, 2, 7, 10), torch.randn(2, 2, 7, 10)
    ids = torch.arange(40, 47)[None]
    cosine, sine = LlamaRotaryEmbedding(llama)(query, ids)
    expected = apply_rotary_pos_emb(query, key, cosine, sine)
    rotation = ours(40, 7, None)
    torch.testing.assert_close((rotation(query), rotation(key)), expected, atol=1e-5, rtol=1e-5)
    given = ours(0, 7, ids.expand(2, 7))
    torch.testing.assert_close(given(query), expected[0], atol=1e-5, rtol=1e-5)


def test_scores_depend_on_distance_only():
    rotary = RotaryPositions(config())
    query, key = torch.randn(1, 1, 1, 10), torch.randn(1, 1, 1, 10)
    near = (rotary(7, 1, None)(query) * rotary(3, 1, None)(key)).sum()
    far = (rotary(1007, 1, None)(query) * rotary(1003, 1, None)(key)).sum()
    torch.testing.assert_close(near, far, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(rotary(0, 1, None)(query), query)


def test_the_table_grows_when_longer_sequences_come_and_its_numbers_stay():
    rotary = RotaryPositions(config())
    before = rotary(0, 1000, None).cosine.clone()
    assert len(rotary.cosine) < 4000
    long = rotary(3990, 10, None)
    assert long.cosine.shape == (10, 10)
    torch.testing.assert_close(rotary(0, 1000, None).cosine, before)
    assert long.cosine[9, 0].item() == pytest.approx(math.cos(3999), abs=1e-6)
    assert rotary(0, 1, torch.tensor([[4999]])).cosine.shape == (1, 1, 1, 10)


def test_stretching_by_one_changes_nothing():
    plain = rotary_frequencies(10, 100.0)
    for kind in ("linear", "llama3"):
        torch.testing.assert_close(rotary_frequencies(10, 100.0, RotaryScaling(kind=kind, factor=1.0)), plain)
