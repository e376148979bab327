"""The NumPy Transformer against the one in PyTorch, over all options; and the laws that it keeps."""

import numpy as np
import pytest
from hypothesis import given, settings

from nn.models import BOTH, ONE, VARIANTS, make
from pellucid.errors import InputError, LengthError, WeightsError
from pellucid.transformer import Transformer
from transformer.models import (
    SOURCE,
    TARGET,
    close,
    in_float64,
    memory_of,
    on_numpy,
    options,
    torch_logits,
)

few = settings(max_examples=8)  # each builds two models, type-checked at every call


@few
@given(chosen=options())
def test_logits_are_those_of_pytorch_to_float32_rounding(chosen):
    model = make(**chosen)
    transformer = on_numpy(model)
    logits = transformer.logits(TARGET, memory_of(transformer))
    assert logits.dtype == np.float32
    close(logits, torch_logits(model), 2e-5)


@few
@given(chosen=options())
def test_logits_are_those_of_pytorch_in_float64(chosen):
    model = make(**chosen)
    model = in_float64(model)
    transformer = on_numpy(model)
    logits = transformer.logits(TARGET, memory_of(transformer))
    assert logits.dtype == np.float64
    close(logits, torch_logits(model), 1e-12)


@pytest.mark.parametrize("base", [BOTH, ONE], ids=["both", "one"])
@pytest.mark.parametrize("name", VARIANTS)
def test_cached_equals_uncached(base, name):
    transformer = on_numpy(make(base, **VARIANTS[name]))
    memory = memory_of(transformer)
    whole = transformer.logits(TARGET, memory)
    cache = transformer.new_cache(len(TARGET))
    steps = [transformer.step(TARGET[:3], cache, memory)]
    steps += [transformer.step([token], cache, memory) for token in TARGET[3:]]
    close(np.array(steps), whole[2:], 2e-5)
    assert cache.length == len(TARGET)
    cache.truncate(4)
    close(transformer.step(TARGET[4:], cache, memory), whole[-1], 2e-5)


@pytest.mark.parametrize("base", [BOTH, ONE], ids=["both", "one"])
@pytest.mark.parametrize("name", VARIANTS)
def test_sequences_side_by_side_equal_each_alone(base, name):
    transformer = on_numpy(make(base, **VARIANTS[name]))
    memory = memory_of(transformer)
    cache = transformer.new_cache(9)
    transformer.step(TARGET[:4], cache, memory)
    cache.select([0, 0, 0])
    transformer.steps([5, 6, 7], cache, memory)
    cache.select([2, 0, 1, 1])
    logits = transformer.steps([10, 11, 12, 13], cache, memory)
    for row, written in zip(logits, ([7, 10], [5, 11], [6, 12], [6, 13]), strict=True):
        close(row, transformer.logits([*TARGET[:4], *written], memory)[-1], 2e-5)


def test_weights_of_another_model_are_refused():
    model = make(ONE)
    arrays = {"target_embedding": np.ones((23, 24), np.float32)}
    with pytest.raises(WeightsError, match=r"^the weights lacks decoder\.layers\.0.* and \d+ more"):
        Transformer(model.config, arrays)


def test_what_does_not_fit_is_said():
    pair, language = on_numpy(make(BOTH)), on_numpy(make(ONE))
    memory = pair.encode(SOURCE)
    with pytest.raises(InputError, match="no encoder"):
        language.encode(SOURCE)
    with pytest.raises(InputError, match="needs the memory"):
        pair.logits(TARGET)
    with pytest.raises(InputError, match="takes no memory"):
        language.logits(TARGET, memory)
    with pytest.raises(InputError, match="token id 23 is not in the vocabulary, which has 23 entries"):
        language.logits([3, 23])
    with pytest.raises(InputError, match="token id -1 is not"):
        language.logits([-1])
    with pytest.raises(LengthError, match="has no token"):
        language.logits([])
    with pytest.raises(LengthError, match="of 18 tokens is longer than the model's longest, 17"):
        language.logits([3] * 18)
    cache = language.new_cache(3)
    language.step([3, 4, 5], cache)
    with pytest.raises(LengthError, match="room for 3 tokens, not for 4"):
        language.step([6], cache)
    with pytest.raises(LengthError, match="holds 3 tokens and cannot be cut to 4"):
        cache.truncate(4)


def test_numbers_that_overflow_become_a_sentence():
    model = make(ONE, norm="rms_norm", norm_position="pre")
    on_numpy(model).logits(TARGET)
    model.target_embedding.data[:] = 3e38
    with pytest.raises(InputError, match="a result is too large or undefined in float32"):
        on_numpy(model).logits(TARGET)
