"""What was recorded is what was computed, step by step, and every element can be spelled."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from nn.models import BOTH, ONE, VARIANTS, make
from pellucid.errors import PositionError
from pellucid.expressions import evaluate
from pellucid.numbers import FLOAT32, FLOAT64, Exact
from transformer.models import SOURCE, TARGET, close, in_float64, memory_of, on_numpy, options

SOURCE_TOKENS, TARGET_TOKENS = ["The", "dog", "sits", "</s>"], ["<s>", "Der", "Hund", "sitzt", "auf", "der", "Matte"]


def recorded(transformer):
    """A whole pass, kept."""
    recording = transformer.new_recording()
    memory = memory_of(transformer, recorder=recording, labels=SOURCE_TOKENS)
    return recording, transformer.logits(TARGET, memory, recorder=recording, labels=TARGET_TOKENS)


def recorded_steps(transformer):
    """The last of several cached steps, kept."""
    memory, cache = memory_of(transformer), transformer.new_cache()
    transformer.step(TARGET[:3], cache, memory)
    recording = transformer.new_recording()
    recording.label_source(SOURCE_TOKENS)
    logits = transformer.step(TARGET[3:6], cache, memory, recorder=recording, labels=TARGET_TOKENS)
    return recording, logits


def assert_spelled(derivation, tolerance):
    """Every step follows from its operands, and of each some elements do as they are spelled."""
    random = np.random.default_rng(7)
    for step in derivation:
        if step.is_given:
            continue
        again = step.operation.evaluate(*(operand.value for operand in step.operands))
        scale = max(1, np.abs(step.value[np.isfinite(step.value)]).max(initial=0))
        different = again != step.value  # −∞ equals itself
        assert np.abs(again[different] - step.value[different]).max(initial=0) <= tolerance * scale, step.name
        for _ in range(2):
            index = tuple(int(random.integers(size)) for size in step.shape)
            for live in (False, True):
                spelled = evaluate(step.spell(index, live=live), FLOAT64)
                if spelled != step.value[index]:
                    assert abs(spelled - step.value[index]) <= tolerance * scale, (step.name, index)


@settings(max_examples=5)
@given(chosen=options())
def test_recorded_equals_unrecorded_to_the_bit(chosen):
    model = make(**chosen)
    transformer = on_numpy(model)
    memory = memory_of(transformer)
    recording, logits = recorded(transformer)
    np.testing.assert_array_equal(logits, transformer.logits(TARGET, memory))
    np.testing.assert_array_equal(recording.derivation()["logits"].value, logits)
    cache = transformer.new_cache()
    transformer.step(TARGET[:3], cache, memory)
    np.testing.assert_array_equal(recorded_steps(transformer)[1], transformer.step(TARGET[3:6], cache, memory))


@settings(max_examples=2)
@given(chosen=options())
def test_every_step_of_a_pass_is_spelled(chosen):
    model = make(**chosen)
    recording, _ = recorded(on_numpy(in_float64(model)))
    assert_spelled(recording.derivation(), 1e-12)


@settings(max_examples=2)
@given(chosen=options())
def test_every_step_of_a_cached_step_is_spelled(chosen):
    model = make(**chosen)
    recording, _ = recorded_steps(on_numpy(in_float64(model)))
    assert_spelled(recording.derivation(), 1e-12)


def test_float32_steps_are_spelled_to_their_rounding():
    recording, _ = recorded(on_numpy(make(ONE, **VARIANTS["rms"])))
    derivation = recording.derivation()
    assert derivation.numbers is FLOAT32
    assert_spelled(derivation, 1e-5)


@pytest.mark.parametrize("base", [BOTH, ONE], ids=["both", "one"])
def test_an_attention_is_a_chain_of_its_own(base):
    recording, _ = recorded(on_numpy(make(base, num_key_value_heads=2)))
    assert ("decoder.layers.2.cross_attention" in recording.attentions) == (base is BOTH)
    for place in recording.attentions:
        derivation = recording.derivation(place)
        names = [name for name in derivation.steps if not name.endswith("_weight")]
        chain = ["scores", "scaled_scores", "masked_scores", "weights", "head_outputs", "concatenated", "output"]
        assert [name for name in names if name in chain] == chain
        assert derivation["embeddings"].is_given
        assert ("memory" in derivation) == ("cross" in place)
        rows = SOURCE_TOKENS if place.startswith("encoder") else TARGET_TOKENS
        columns = SOURCE_TOKENS if place.startswith("encoder") or "cross" in place else TARGET_TOKENS
        head, query, key = derivation["weights"].axes
        assert (head.size, query.labels, key.labels) == (6, tuple(rows), tuple(columns))
        np.testing.assert_allclose(derivation["weights"].value.sum(-1), 1, rtol=1e-5)
        assert derivation["weights"].value is recording.derivation()[f"{place}.weights"].value


def test_a_residual_connection_begins_before_the_sublayer():
    derivation = recorded(on_numpy(make(ONE)))[0].derivation()
    names = [operand.name for operand in derivation["decoder.layers.1.self_attention_sum"].operands]
    assert names == ["decoder.layers.0.feed_forward_norm.output", "decoder.layers.1.self_attention.output"]


def test_an_attention_is_shown_in_every_format(tmp_path):
    small = {**BOTH, "d_model": 4, "num_heads": 2, "num_encoder_layers": 1, "num_decoder_layers": 1}
    recording, _ = recorded(on_numpy(make(small)))
    derivation = recording.derivation("decoder.layers.0.cross_attention")
    entry = derivation["weights"].at(1, "Hund", "dog")
    printed = derivation.notation.text(entry.value)
    for text in (derivation.to_text(query="Hund", head=1), derivation.to_markdown(query="Hund", head=1)):
        assert printed in text
        assert "Hund" in text
    assert derivation.to_latex(query="Hund")
    derivation.to_xlsx(tmp_path / "attention.xlsx")


def test_in_a_cached_step_the_memory_is_given():
    recording, _ = recorded_steps(on_numpy(make(BOTH)))
    derivation = recording.derivation("decoder.layers.1.cross_attention")
    assert derivation["memory"].is_given
    assert derivation["weights"].axes[2].labels == tuple(SOURCE_TOKENS)


def test_in_a_cached_step_earlier_keys_are_given():
    recording, _ = recorded_steps(on_numpy(make(ONE)))
    derivation = recording.derivation("decoder.layers.1.self_attention")
    assert derivation["earlier_key"].is_given
    assert derivation["earlier_key"].axes[1].labels == tuple(TARGET_TOKENS[:3])
    assert derivation["key"].axes[1].labels == tuple(TARGET_TOKENS[:6])
    assert derivation["weights"].axes[1].labels == tuple(TARGET_TOKENS[3:6])


def test_a_recorded_step_stays_as_it_was_when_the_cache_goes_on():
    transformer = on_numpy(make(ONE, **VARIANTS["rms"]))
    cache = transformer.new_cache()
    transformer.step(TARGET[:3], cache)
    recording = transformer.new_recording()
    transformer.step(TARGET[3:5], cache, recorder=recording)
    before = recording.derivation()["decoder.layers.1.self_attention.key"].value.copy()
    cache.truncate(3)
    transformer.step([7, 8, 9], cache)
    np.testing.assert_array_equal(recording.derivation()["decoder.layers.1.self_attention.key"].value, before)
    assert_spelled(recording.derivation(), 1e-5)


def test_later_passes_have_names_of_their_own():
    transformer = on_numpy(make(ONE))
    cache, recording = transformer.new_cache(), transformer.new_recording()
    first = transformer.step([3], cache, recorder=recording)
    assert "logits@2" not in recording.derivation()
    second = transformer.step([4], cache, recorder=recording)
    derivation = recording.derivation()
    np.testing.assert_array_equal(derivation["logits"].value[0], first)
    np.testing.assert_array_equal(derivation["logits@2"].value[0], second)


def test_places_that_do_not_exist_are_said():
    transformer = on_numpy(make(ONE))
    with pytest.raises(PositionError, match="nothing was recorded"):
        transformer.new_recording().derivation()
    with pytest.raises(PositionError, match=r"did you mean 'decoder\.layers\.1\.self_attention'"):
        recorded(transformer)[0].derivation("decoder.layers.1.self_atention")


def test_a_pass_goes_on_to_the_choice_of_the_next_token():
    model = in_float64(make(BOTH))
    transformer = on_numpy(model)
    words = [f"w{k}" for k in range(transformer.config.vocab_size - 1)]
    derivation = transformer.derive(TARGET[:3], SOURCE, chooses=True, vocabulary=words, labels=["a", "b", "a"])
    logits = transformer.logits(TARGET[:3], transformer.encode(SOURCE))[-1:]
    close(derivation["logits"].value, logits, 1e-12)
    close(derivation["probabilities"].value, torch.from_numpy(logits).softmax(-1).numpy(), 1e-12)
    np.testing.assert_array_equal(derivation["choice"].value, torch.from_numpy(logits).argmax(-1).numpy())
    assert derivation["probabilities"].axes[1].labels == (*words, f"({len(words)})")
    assert [step.name for step in derivation][-3:] == ["logits", "probabilities", "choice"]


def test_a_pass_is_told_in_the_order_in_which_it_is_read():
    """Tokens first; every weight just before the step that first needs it."""
    steps = list(on_numpy(in_float64(make(BOTH))).derive(TARGET[:3], SOURCE, chooses=True))
    assert [step.short_name for step in steps[:2]] == ["ids", "ids"]
    position = {step.name: at for at, step in enumerate(steps)}
    for at, step in enumerate(steps):
        assert all(position[operand.name] < at for operand in step.operands), step.name
        if step.is_given and step.short_name != "ids":
            following = next(other for other in steps[at:] if not other.is_given)
            assert step in following.operands, step.name


def test_one_place_of_a_pass_is_a_chain_of_its_own():
    derivation = on_numpy(in_float64(make(BOTH))).derive(TARGET[:3], SOURCE)
    place = derivation.within("decoder.layers.0.cross_attention")
    names = ["embeddings", "query_weight", "projected_query", "query", "memory", "key_weight", "projected_key"]
    assert [name for name in place.steps if not name.endswith("bias")][:7] == names
    assert place["scores"] is derivation["decoder.layers.0.cross_attention.scores"]
    with pytest.raises(PositionError, match=r"did you mean 'decoder\.layers\.0\.cross_attention'"):
        derivation.within("decoder.layers.0.cros_attention")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"norm": "rms_norm", "norm_position": "pre", "positions": "rotary", "activation": "swiglu"},
        {"activation": "gelu", "positions": "learned", "attention_bias": True},
    ],
)
def test_exact_decimals_agree_with_float64(changes):
    small = {**BOTH, "d_model": 4, "d_ff": 3, "num_heads": 2, "num_encoder_layers": 1, "num_decoder_layers": 1}
    model = in_float64(make({**small, "vocab_size": 12, **changes}))
    transformer = on_numpy(model)
    exact = transformer.derive(TARGET[:3], SOURCE, numbers=Exact(20))
    floats = transformer.logits(TARGET[:3], transformer.encode(SOURCE))
    close(exact["logits"].value.astype(float), floats, 1e-12)
    close(transformer.derive(TARGET[:3], SOURCE)["logits"].value, floats, 1e-12)
