"""States: cached equals uncached, fused equals cached, batched equals single."""

import pytest
import torch

from pellucid.decoding.context import decoding
from pellucid.decoding.fused_state import FusedState, weights_of
from pellucid.decoding.state import CachedState
from pellucid.errors import InputError, LengthError
from pellucid.nn import EncoderDecoder
from pellucid.nn.precision import attention_by
from tiny_models import BART, GPT2, LLAMA, MODERN, PAPER, SEPARATE, tiny

KINDS = {
    "paper": PAPER,
    "modern": MODERN,
    "bart": BART,
    "separate": SEPARATE,
    "grouped": {**PAPER, "num_key_value_heads": 2},
    "gpt2": GPT2,
    "llama": LLAMA,
}
SOURCES = [[5, 9, 3, 2], [7, 2], [11, 4, 6, 8, 13, 2]]
PROMPTS = [[6, 3], [], [4, 5, 8, 9]]
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


@pytest.fixture(params=KINDS)
def model(request):
    return tiny(**KINDS[request.param])


def opened(kind, model, rows=(0, 1, 2), max_new=6):
    sources = [SOURCES[row] for row in rows] if isinstance(model, EncoderDecoder) else None
    return kind(model, sources, [PROMPTS[row] for row in rows], max_new)


def uncached(model, row, tokens):
    """The logits after a prompt and more tokens, by one whole forward pass."""
    if isinstance(model, EncoderDecoder):
        read = [model.config.bos_id, *PROMPTS[row], *tokens]
        return model(torch.tensor([SOURCES[row]]), torch.tensor([read]))[0, -1]
    return model(torch.tensor([[*(PROMPTS[row] or [model.config.bos_id]), *tokens]]))[0, -1]


@pytest.mark.parametrize("kind", [CachedState, FusedState])
def test_steps_equal_whole_forward_passes(kind, model):
    steps = torch.tensor([[3, 10, 4], [8, 2, 7], [12, 12, 5]])
    with decoding(model):
        state = opened(kind, model)
        for t in range(4):
            expected = torch.stack([uncached(model, row, steps[row, :t].tolist()) for row in range(3)])
            torch.testing.assert_close(state.logits, expected, **CLOSE)
            if t < 3:
                state.advance(steps[:, t].tolist())


@pytest.mark.parametrize("kind", [CachedState, FusedState])
def test_beams_change_places_and_sequences_end(kind, model):
    with decoding(model):
        state = opened(kind, model)
        state.expand(2)
        state.advance([3, 4, 5, 6, 7, 8])
        # Sequence 1 ends; of sequence 0 both beams come from its second, those of sequence 2 change places.
        state.select([1, 1, 5, 4], [0, 2])
        state.advance([9, 10, 11, 12])
        state.select([1, 0, 2, 2])
        state.advance([6, 3, 8, 5])
        written = [(0, [4, 10, 6]), (0, [4, 9, 3]), (2, [8, 11, 8]), (2, [8, 11, 5])]
        expected = torch.stack([uncached(model, row, tokens) for row, tokens in written])
        torch.testing.assert_close(state.logits, expected, **CLOSE)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_explicit_path_of_attention_is_the_same(model, rows):
    chosen = tuple(range(rows))
    with decoding(model), attention_by("explicit"):
        explicit = opened(FusedState, model, chosen)
        explicit.advance(range(3, 3 + rows))
    with decoding(model), attention_by("fused"):
        fused = opened(FusedState, model, chosen)
        fused.advance(range(3, 3 + rows))
    torch.testing.assert_close(explicit.logits, fused.logits, **CLOSE)


def test_bfloat16_models_decode(model):
    """Reduced precision is near full precision, and both states read the same weights."""
    model = model.to(torch.bfloat16)
    with decoding(model):
        cached, fused = opened(CachedState, model), opened(FusedState, model)
        for state in (cached, fused):
            state.advance([3, 4, 5])
        assert fused.logits.dtype == torch.float32
        spread = cached.logits.std()
        assert (fused.logits - cached.logits).abs().max() < 0.15 * spread


def test_weights_are_prepared_once_and_again_after_a_change():
    model = tiny(**PAPER)
    first = weights_of(model)
    assert weights_of(model) is first
    with torch.no_grad():
        model.decoder.layers[1].feed_forward.down.weight.mul_(1.5)
    assert weights_of(model) is not first
    with decoding(model):
        state = opened(FusedState, model)
        state.advance([3, 4, 5])
        torch.testing.assert_close(state.logits[1], uncached(model, 1, [4]), **CLOSE)


@pytest.mark.parametrize("kind", [CachedState, FusedState])
def test_what_does_not_fit_is_said(kind):
    pair, language = tiny(**PAPER), tiny(**GPT2)
    with pytest.raises(InputError, match="needs sources"):
        kind(pair, None, [[]], 3)
    with pytest.raises(InputError, match="no encoder"):
        kind(language, [[3, 2]], [[]], 3)
    with pytest.raises(InputError, match="2 sources and 1 prompts"):
        kind(pair, [[3, 2], [4, 2]], [[]], 3)
    with pytest.raises(InputError, match="no sequence"):
        kind(pair, [], [], 3)
    with pytest.raises(LengthError, match="ask for at most 22"):
        kind(pair, [[3, 2]], [[4, 5]], 23)
    with pytest.raises(LengthError, match="shorten the beginning"):
        kind(language, None, [[3] * 25], 1)
    kind(pair, [[3, 2]], [[4, 5]], 22)


def test_dropout_is_off_while_decoding_and_back_afterwards():
    model = tiny(**PAPER, dropout=0.5).train()
    with decoding(model):
        assert not model.decoder.layers[0].training
    assert model.decoder.layers[0].training
