"""Greedy decoding, sampling and streaming."""

import math

import pytest
import torch

from pellucid.decoding import greedy, sample, score, stream
from pellucid.errors import InputError
from pellucid.search import Sampling
from tiny_models import GPT2, LLAMA, PAPER, tiny

SOURCES = [[5, 9, 3, 2], [7, 2], [11, 4, 6, 8, 13, 2]]
PROMPTS = [[1, 6, 3], [1], [1, 4, 5, 8]]


def letters(ids):
    """A tokenizer's way back: token 3 is "a", 4 is "b" and so on, special tokens are nothing."""
    return "".join(chr(ord("a") + token - 3) for token in ids if token >= 3)


def ending(seed, **kind):
    """A model whose sequences end after a few tokens."""
    model = tiny(seed=seed, sharpness=0.5, output_bias=True, **kind)
    with torch.no_grad():
        model.output_bias[2] += 2.5
    return model


@pytest.mark.parametrize("kind", [PAPER, GPT2, LLAMA])
def test_a_sequence_does_not_depend_on_its_batch(kind):
    model = tiny(seed=1, sharpness=0.5, **kind)
    pair = model.config.is_encoder_decoder

    def drawn(rows, seeds):
        given = {"sources": [SOURCES[i] for i in rows]} if pair else {"prompts": [PROMPTS[i] for i in rows]}
        return [each.ids for each in sample(model, **given, max_length=12, seeds=seeds)]

    together = drawn([0, 1, 2], [7, 8, 9])
    assert drawn([2, 0, 1], [9, 7, 8]) == [together[2], together[0], together[1]]
    assert [drawn([i], [7 + i])[0] for i in range(3)] == together
    assert drawn([0, 1, 2], 7) == together
    assert drawn([0, 1, 2], [107, 108, 109]) != together


def test_temperature_0_is_greedy_and_a_seed_is_not_needed():
    model = tiny(seed=2, **PAPER)
    cold = sample(model, SOURCES, max_length=9, settings=Sampling(temperature=0.0))
    assert cold == greedy(model, SOURCES, max_length=9)
    assert [each.ids for each in sample(model, SOURCES, max_length=9, settings=Sampling(top_k=1), seeds=3)] == [
        each.ids for each in cold
    ]


@pytest.mark.parametrize("kind", [PAPER, GPT2])
def test_log_probabilities_are_the_models_own(kind):
    model = tiny(seed=3, sharpness=0.6, **kind)
    pair = model.config.is_encoder_decoder
    given = {"sources": SOURCES} if pair else {"prompts": PROMPTS}
    found = sample(model, **given, max_length=8, settings=Sampling(temperature=1.4, top_k=9), seeds=5)
    for row, each in enumerate(found):
        written = [*each.ids, *([2] if each.ending == "eos" else [])]
        if pair:
            scored = score(model, [SOURCES[row]], [written])[0]
        else:
            scored = score(model, None, [PROMPTS[row] + written])[0][len(PROMPTS[row]) - 1 :]
        assert each.log_probability == pytest.approx(sum(scored), abs=1e-4)
        assert each.num_generated == len(written)


def test_min_and_max_length():
    model = ending(4, **PAPER)
    short = greedy(model, SOURCES, max_length=9)
    assert min(len(each.ids) for each in short) < 4
    longer = greedy(model, SOURCES, max_length=[5, 9, 7], min_length=4)
    assert all(len(each.ids) >= 4 for each in longer)
    assert [len(each.ids) <= most for each, most in zip(longer, (5, 9, 7), strict=True)] == [True] * 3
    assert {each.ending for each in greedy(model, SOURCES, max_length=4, min_length=4)} == {"length"}


@pytest.mark.parametrize("fused", [True, False])
def test_streamed_pieces_are_the_result(fused):
    model = ending(5, **GPT2)
    found = sample(model, prompts=PROMPTS, max_length=15, seeds=11, fused=fused)
    texts, tokens, endings = [""] * 3, [[], [], []], [None] * 3
    for piece in stream(
        model, prompts=PROMPTS, max_length=15, settings=Sampling(), seeds=11, decode=letters, fused=fused
    ):
        assert endings[piece.sequence] is None
        texts[piece.sequence] += piece.text
        tokens[piece.sequence].append(piece.token)
        endings[piece.sequence] = piece.ending
    assert texts == [letters(each.ids) for each in found]
    assert [each.ending for each in found] == endings
    assert len({len(each.ids) for each in found}) > 1  # some left the batch before others


def test_a_stop_string_ends_its_own_sequence():
    model = tiny(seed=6, sharpness=0.5, **GPT2)
    free = sample(model, prompts=PROMPTS, max_length=15, seeds=2)
    whole = letters(free[0].ids)
    stop = whole[4:7]  # of three tokens
    at = whole.index(stop)
    pieces = list(
        stream(model, prompts=PROMPTS, max_length=15, settings=Sampling(), seeds=2, stop=[stop], decode=letters)
    )
    first = [piece for piece in pieces if piece.sequence == 0]
    assert "".join(piece.text for piece in first) == whole[:at]
    assert first[-1].ending == "stop"
    assert tuple(piece.token for piece in pieces if piece.sequence == 1) == (*free[1].ids, 2)[
        : len(free[1].ids) + 1
    ] or (free[1].ending == "length")
    found = sample(model, prompts=PROMPTS, max_length=15, seeds=2, stop=[stop], decode=letters)
    assert found[0].ending == "stop"
    assert letters(found[0].ids).endswith(stop)


def test_the_model_is_left_as_it_was_between_pieces():
    model = tiny(seed=5, **GPT2).train()
    pieces = stream(model, prompts=PROMPTS, max_length=6)
    next(pieces)
    assert model.training
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_what_contradicts_itself_is_said():
    model = tiny(**PAPER)
    with pytest.raises(InputError, match="give `decode`"):
        greedy(model, SOURCES, max_length=3, stop=["a"])
    with pytest.raises(InputError, match="2 seeds are given for 3"):
        sample(model, SOURCES, max_length=3, seeds=[1, 2])


# Scoring


@pytest.mark.parametrize("kind", [PAPER, GPT2])
def test_scores_are_pytorchs_cross_entropy(kind):
    model = tiny(seed=8, **kind)
    if model.config.is_encoder_decoder:
        targets = [[4, 5, 2], [9, 2], [3, 3, 7, 8, 2]]
        scored = score(model, SOURCES, targets)
        read = [[1, *target[:-1]] for target in targets]
        logits = [model(torch.tensor([s]), torch.tensor([r]))[0] for s, r in zip(SOURCES, read, strict=True)]
        predicted = targets
    else:
        targets = [[1, 4, 5, 2], [1, 9], [3, 3, 7, 8, 2]]
        scored = score(model, None, targets)
        logits = [model(torch.tensor([target[:-1]]))[0] for target in targets]
        predicted = [target[1:] for target in targets]
    for row, each, wanted in zip(scored, logits, predicted, strict=True):
        expected = -torch.nn.functional.cross_entropy(each, torch.tensor(wanted), reduction="none")
        assert row == pytest.approx(expected.tolist(), abs=1e-4)


def test_probabilities_of_all_next_tokens_add_up_to_1():
    model = tiny(seed=9, **PAPER)
    every = [[4, token] for token in range(model.config.vocab_size)]
    scored = score(model, [SOURCES[0]] * len(every), every)
    assert sum(math.exp(last) for _, last in scored) == pytest.approx(1, abs=1e-5)


def test_nothing_to_score():
    assert score(tiny(**PAPER), [], []) == []
    with pytest.raises(InputError, match="no token to score"):
        score(tiny(**GPT2), None, [[1]])
    with pytest.raises(InputError, match="one source for each"):
        score(tiny(**PAPER), [[3, 2]], [[4], [5]])
