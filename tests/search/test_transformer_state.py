"""What NumPy writes is what PyTorch writes: beams, greedy decoding and draws, over kinds of models."""

import pytest

from pellucid.decoding import beam_search, sample, score
from pellucid.decoding.engine import TorchEngine
from pellucid.errors import InputError, LengthError
from pellucid.search import GREEDY, Beams, Engine, NumpyEngine, Sampling, State, TransformerState, gathered, one_by_one
from pellucid.search import beam_search as search_beams
from pellucid.search.one_by_one import Choices
from tiny_models import BART, GPT2, LLAMA, MODERN, PAPER, SEPARATE, tiny
from transformer.models import on_numpy

SOURCES = [[5, 9, 3, 2], [7, 2], [11, 4, 6, 8, 13, 2]]
PROMPTS = [[1, 6, 3], [], [1, 4, 5, 8]]
PAIRS = {"paper": PAPER, "modern": MODERN, "bart": BART, "separate": SEPARATE}
LANGUAGES = {"gpt2": GPT2, "llama": LLAMA}


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("num_beams", [1, 3])
def test_translations_are_those_of_pytorch(kind, num_beams):
    model = tiny(seed=3, **PAIRS[kind])
    beams, limits = Beams(num_beams, n_best=num_beams), [9, 4, 6]
    ours, theirs = (
        engine.search(SOURCES, limits, beams) for engine in (NumpyEngine(on_numpy(model)), TorchEngine(model))
    )
    for one, other in zip(ours, theirs, strict=True):
        assert [(each.ids, each.ending) for each in one] == [(each.ids, each.ending) for each in other]
        assert [each.score for each in one] == pytest.approx([each.score for each in other], abs=1e-4)


@pytest.mark.parametrize("kind", LANGUAGES)
def test_beams_of_a_language_model_are_those_of_pytorch(kind):
    model = tiny(seed=4, **LANGUAGES[kind])
    theirs = beam_search(model, prompts=PROMPTS, max_length=8, min_length=3, num_beams=3, n_best=2)
    for prompt, expected in zip(PROMPTS, theirs, strict=True):
        state = TransformerState(on_numpy(model), None, prompt, 8)
        (found,) = search_beams(state, [8], Beams(3, n_best=2), 2, 3)
        assert [each.ids for each in found] == [each.ids for each in expected]
        assert [each.score for each in found] == pytest.approx([each.score for each in expected], abs=1e-4)


@pytest.mark.parametrize("settings", [GREEDY, Sampling(temperature=1.3, top_k=9, top_p=0.9, repetition_penalty=1.2)])
@pytest.mark.parametrize("kind", LANGUAGES)
def test_the_same_seed_draws_the_same_tokens_in_both(kind, settings):
    model = tiny(seed=5, sharpness=0.5, **LANGUAGES[kind])
    theirs = sample(model, prompts=PROMPTS, max_length=10, min_length=2, settings=settings, seeds=7)
    for index, (prompt, expected) in enumerate(zip(PROMPTS, theirs, strict=True)):
        state = TransformerState(on_numpy(model), None, prompt, 10)
        beginning = prompt or [1]
        (found,) = gathered(one_by_one(state, [beginning], Choices([10], 2, 2, settings, [7 + index])))
        assert (found.ids, found.ending) == (expected.ids, expected.ending)
        assert found.log_probability == pytest.approx(expected.log_probability, abs=1e-4)
        written = [*beginning, *found.ids, *([2] if found.ending == "eos" else [])]
        assert found.log_probability == pytest.approx(
            sum(score(model, None, [written])[0][len(beginning) - 1 :]), abs=1e-4
        )


def test_both_are_what_they_claim():
    transformer = on_numpy(tiny(**PAPER))
    assert isinstance(NumpyEngine(transformer), Engine)
    assert isinstance(TransformerState(transformer, [3, 2], [], 3), State)


def test_what_does_not_fit_is_said():
    pair, language = on_numpy(tiny(**PAPER)), on_numpy(tiny(**GPT2))
    with pytest.raises(InputError, match="needs sources"):
        TransformerState(pair, None, [], 3)
    with pytest.raises(InputError, match="no encoder"):
        TransformerState(language, [3, 2], [], 3)
    with pytest.raises(LengthError, match="ask for at most 22"):
        TransformerState(pair, [3, 2], [4, 5], 23)
    TransformerState(pair, [3, 2], [4, 5], 22)
