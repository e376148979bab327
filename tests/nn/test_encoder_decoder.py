"""The encoder–decoder against PyTorch's own modules, and the laws that it keeps."""

import pytest
import torch
from torch import nn

from nn.models import VARIANTS, make, tokens
from pellucid.errors import InputError, LengthError
from pellucid.nn import build
from pellucid.nn.build import build_empty
from pellucid.nn.positions import sinusoids
from pellucid.nn.precision import attention_by
from pellucid.nn.weight_names import named_parts, parts
from pellucid.transformer import preset


def mask(*lengths, n=7):
    return torch.arange(n)[None] < torch.tensor(lengths)[:, None]


def copy_attention(theirs, parts, stem):
    projections = ("query", "key", "value")
    theirs.in_proj_weight.copy_(torch.cat([parts[f"{stem}.{name}.weight"] for name in projections]))
    theirs.in_proj_bias.copy_(torch.cat([parts[f"{stem}.{name}.bias"] for name in projections]))
    theirs.out_proj.weight.copy_(parts[f"{stem}.output.weight"])
    theirs.out_proj.bias.copy_(parts[f"{stem}.output.bias"])


def copy_layer(theirs, parts, stem, norms):
    copy_attention(theirs.self_attn, parts, f"{stem}.self_attention")
    if hasattr(theirs, "multihead_attn"):
        copy_attention(theirs.multihead_attn, parts, f"{stem}.cross_attention")
    for number, name in enumerate(norms, start=1):
        for kind in ("weight", "bias"):
            getattr(getattr(theirs, f"norm{number}"), kind).copy_(parts[f"{stem}.{name}_norm.{kind}"])
    for name, ours in (("linear1", "up"), ("linear2", "down")):
        for kind in ("weight", "bias"):
            getattr(getattr(theirs, name), kind).copy_(parts[f"{stem}.feed_forward.{ours}.{kind}"])


@pytest.mark.parametrize("path", ["fused", "explicit"])
@pytest.mark.parametrize("position", ["pre", "post"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@torch.no_grad()
def test_pytorch_s_transformer_gives_the_same_logits(position, activation, path):
    model = make(norm_position=position, activation=activation, attention_bias=True)
    weights = dict(named_parts(model))
    arguments = {"batch_first": True, "norm_first": position == "pre", "activation": activation, "dropout": 0.0}
    encoder = [nn.TransformerEncoderLayer(24, 6, 20, **arguments).eval() for _ in range(2)]
    decoder = [nn.TransformerDecoderLayer(24, 6, 20, **arguments).eval() for _ in range(3)]
    for index, layer in enumerate(encoder):
        copy_layer(layer, weights, f"encoder.layers.{index}", ("self_attention", "feed_forward"))
    for index, layer in enumerate(decoder):
        copy_layer(layer, weights, f"decoder.layers.{index}", ("self_attention", "cross_attention", "feed_forward"))

    def norm(x, stack):
        if position == "post":
            return x
        return nn.functional.layer_norm(x, (24,), weights[f"{stack}.norm.weight"], weights[f"{stack}.norm.bias"])

    source, target, allowed = tokens(3, 7), tokens(3, 5, seed=9), mask(7, 4, 1)
    embedding = weights["target_embedding"]
    x = embedding[source] * 24**0.5 + sinusoids(7, 24)
    for layer in encoder:
        x = layer(x, src_key_padding_mask=~allowed)
    memory = norm(x, "encoder")
    y = embedding[target] * 24**0.5 + sinusoids(5, 24)
    future = torch.ones(5, 5, dtype=torch.bool).triu(1)
    for layer in decoder:
        y = layer(y, memory, tgt_mask=future, memory_key_padding_mask=~allowed)
    expected = norm(y, "decoder") @ embedding.T
    with attention_by(path):
        torch.testing.assert_close(model(source, target, allowed), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("name", "table_3"), [("base", 65e6), ("big", 213e6)])
def test_parameters_of_the_paper_s_models(name, table_3):
    config = preset(name)
    with torch.device("meta"):
        count = build_empty(config).num_parameters
    d, f, n, v = config.d_model, config.d_ff, 6, 37000
    attention, feed_forward, norm = 4 * d * d, d * f + f + f * d + d, 2 * d
    encoder = n * (attention + feed_forward + 2 * norm)
    decoder = n * (2 * attention + feed_forward + 3 * norm)
    assert count == v * d + encoder + decoder
    # Table 3 says 65 and 213 million; its own sizes give 63.0 and 214.2.
    assert count == pytest.approx(table_3, rel=0.031)


@pytest.mark.parametrize("name", VARIANTS)
@torch.no_grad()
def test_cached_equals_uncached(name):
    model = make(**VARIANTS[name])
    source, target, allowed = tokens(3, 7), tokens(3, 9, seed=9), mask(7, 4, 1)
    whole = model(source, target, allowed)
    memory = model.encode(source, allowed)
    torch.testing.assert_close(model.decode(target, memory, allowed), whole)
    cache = model.new_cache(3, 9)
    pieces = [model.decode(piece, memory, allowed, cache) for piece in target.split([4, 1, 1, 3], dim=1)]
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=1e-4, atol=1e-4)
    assert cache.length == 9


@torch.no_grad()
def test_memory_is_looked_at_once_with_a_cache():
    model = make()
    source, target = tokens(2, 7), tokens(2, 3)
    memory, cache = model.encode(source), model.new_cache(2)
    model.decode(target, memory, None, cache)
    again = model.decode(target, torch.full_like(memory, torch.nan), None, cache)
    assert again.isfinite().all()


@pytest.mark.parametrize("name", VARIANTS)
@torch.no_grad()
def test_later_target_tokens_never_change_earlier_logits(name):
    model = make(**VARIANTS[name])
    source, target = tokens(2, 7), tokens(2, 6, seed=9)
    before = model(source, target)
    for changed in range(1, 6):
        other = target.clone()
        other[:, changed] = (other[:, changed] + 1) % 23
        after = model(source, other)
        torch.testing.assert_close(after[:, :changed], before[:, :changed])
        assert not torch.allclose(after[:, changed], before[:, changed])


@pytest.mark.parametrize("path", ["fused", "explicit"])
@pytest.mark.parametrize("name", VARIANTS)
@torch.no_grad()
def test_masked_source_tokens_change_nothing_and_others_do(name, path):
    model = make(**VARIANTS[name])
    source, target, allowed = tokens(2, 7), tokens(2, 6, seed=9), mask(5, 7)
    with attention_by(path):
        before = model(source, target, allowed)
        hidden = source.clone()
        hidden[0, 5:] = 0
        torch.testing.assert_close(model(hidden, target, allowed), before)
        shorter = model(source[:1, :5], target[:1])
        torch.testing.assert_close(shorter, before[:1], rtol=1e-4, atol=1e-4)
        hidden[0, 4] = (hidden[0, 4] + 1) % 23
        assert not torch.allclose(model(hidden, target, allowed)[0], before[0])


@pytest.mark.parametrize("path", ["fused", "explicit"])
@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_reach_every_parameter(name, path):
    model = make(**VARIANTS[name]).train()
    with attention_by(path):
        logits = model(tokens(2, 7), tokens(2, 6, seed=9), mask(7, 3))
    logits.square().mean().backward()
    for parameter_name, parameter in model.named_parameters():
        for part, rows in parts(parameter_name, model.config):
            assert parameter.grad[rows].isfinite().all(), part
            assert (parameter.grad[rows] != 0).any(), part


@pytest.mark.parametrize("name", VARIANTS)
@torch.no_grad()
def test_both_paths_give_the_same_logits(name):
    model = make(**VARIANTS[name])
    arguments = (tokens(2, 7), tokens(2, 6, seed=9), mask(7, 0))  # the second source is masked whole
    with attention_by("fused"):
        expected = model(*arguments)
    with attention_by("explicit"):
        torch.testing.assert_close(model(*arguments), expected, rtol=1e-4, atol=1e-4)
    assert expected.isfinite().all()


@torch.no_grad()
def test_hidden_states_project_to_the_logits():
    model = make(tie_embeddings=False, output_bias=True)
    source, target = tokens(2, 7), tokens(2, 6, seed=9)
    hidden = model.hidden(source, target)
    assert hidden.shape == (2, 6, 24)
    torch.testing.assert_close(model.project(hidden[1, 2:4]), model(source, target)[1, 2:4])
    torch.testing.assert_close(model.project(hidden), hidden @ model.output_weight.T + model.output_bias)


def test_what_is_shared_is_one_parameter():
    shared = make()
    assert {name for name, _ in shared.named_parameters() if "layers" not in name} == {"target_embedding"}
    separate = make(share_embeddings=False, tie_embeddings=False, source_vocab_size=29)
    assert separate.source_embedding.shape == (29, 24)
    assert separate.output_weight.shape == separate.target_embedding.shape == (23, 24)
    assert separate(torch.full((1, 2), 28), tokens(1, 3)).shape == (1, 3, 23)
    assert separate.num_parameters == shared.num_parameters + (29 + 23) * 24


def test_dropout_only_while_training_and_at_every_place():
    source, target = tokens(2, 7), tokens(2, 6, seed=9)
    for setting in ("dropout", "attention_dropout", "activation_dropout"):
        model = make(**{setting: 0.3}).train()
        first = model(source, target)
        assert not torch.allclose(model(source, target), first), setting
        model.eval()
        assert torch.equal(model(source, target), model(source, target))


def test_training_repeats_with_the_seed():
    model = make(dropout=0.3, attention_dropout=0.1).train()
    runs = []
    for _ in range(2):
        torch.manual_seed(11)
        runs.append(model(tokens(2, 7), tokens(2, 6)))
    assert torch.equal(*runs)


@pytest.mark.parametrize("length", [0, 18])
def test_sequences_that_are_too_long_or_empty_are_refused(length):
    model = make()
    sentence = "has no token" if length == 0 else "of 18 tokens is longer than the model's longest, 17"
    with pytest.raises(LengthError, match=sentence):
        model(tokens(1, length), tokens(1, 3))
    with pytest.raises(LengthError, match=sentence):
        model(tokens(1, 3), tokens(1, length))


@pytest.mark.parametrize("wrong", [23, -1])
def test_token_ids_outside_the_vocabulary_are_refused(wrong):
    with pytest.raises(
        InputError, match=rf"token id {wrong} is not in the vocabulary, which has 23 entries \(0 to 22\)"
    ):
        make()(torch.tensor([[1, wrong]]), tokens(1, 3))


def test_a_model_begins_with_sensible_weights():
    torch.manual_seed(0)
    model = build(preset("tiny", vocab_size=500))
    embedding = model.target_embedding
    assert embedding.std().item() == pytest.approx(128**-0.5, rel=0.02)
    fused_weight = model.encoder.layers[0].self_attention.query_key_value.weight
    bound = (6 / (128 + 128)) ** 0.5  # Xavier for each projection by itself
    for rows in fused_weight.chunk(3):
        assert rows.abs().max().item() == pytest.approx(bound, rel=0.01)
    assert (model.encoder.layers[0].feed_forward_norm.weight == 1).all()
    assert (model.encoder.layers[0].feed_forward.up.bias == 0).all()
    torch.manual_seed(0)
    again = build(preset("tiny", vocab_size=500))
    for first, second in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(first, second)
    assert model.training
