"""What is shown of a production is what PyTorch computes for it; and it is the production that the search made."""

import math

import numpy as np
import pytest
import torch

import pellucid
from pellucid.errors import InputError, LengthError, PositionError
from pellucid.nn import EncoderDecoder
from pellucid.nn import attention as nn_attention
from pellucid.search import Sampling
from production.models import behind_glass
from tiny_models import BART, GPT2, LLAMA, MODERN, PAPER, SEPARATE

TRANSLATORS = {"paper": PAPER, "modern": MODERN, "bart": BART, "separate": SEPARATE}
LANGUAGES = {"gpt2": GPT2, "llama": LLAMA}
EOS = 2


@torch.no_grad()
def by_torch(model, step, monkeypatch):
    """The logits after what a step had read, and the weights of every attention of the decoder, in their order."""
    weights = []

    def attend(query, key, value, *rest):
        shared = query.shape[1] // key.shape[1]
        scores = query @ key.repeat_interleave(shared, 1).transpose(2, 3) / math.sqrt(query.shape[3])
        n_q, n_k = scores.shape[2:]
        causal = torch.ones(n_q, n_k, dtype=torch.bool).tril()
        weights.append((torch.softmax(scores, -1)[0], torch.softmax(scores.masked_fill(~causal, -math.inf), -1)[0]))
        return original(query, key, value, *rest)

    original = nn_attention.attend
    monkeypatch.setattr(nn_attention, "attend", attend)
    target = torch.tensor([step.before])
    if isinstance(model, EncoderDecoder):
        logits = model(torch.tensor([step.source]), target)
        of_decoder = weights[model.config.num_encoder_layers :]
        attentions = [(of_decoder[at][1].numpy(), of_decoder[at + 1][0].numpy()) for at in range(0, len(of_decoder), 2)]
    else:
        logits = model(target)
        attentions = [(causal.numpy(), None) for _, causal in weights]
    monkeypatch.undo()
    return logits[0, -1].numpy(), attentions


def assert_is_what_pytorch_computes(production, model, monkeypatch):
    for step in production.steps[:3]:
        logits, attentions = by_torch(model, step, monkeypatch)
        np.testing.assert_allclose(step.logits, logits, atol=1e-4)
        np.testing.assert_allclose(step.derivation["logits"].value[-1], logits, atol=1e-4)
        assert step.distance == np.abs(step.derivation["logits"].value[-1] - step.logits).max()
        assert step.verified
        assert step.probability == pytest.approx(float(torch.softmax(torch.tensor(logits), -1)[step.id]), abs=1e-5)
        for layer, kinds in enumerate(attentions):
            for open_attention, expected in zip((step.self_attention, step.cross_attention), kinds, strict=True):
                if expected is None:
                    continue
                np.testing.assert_allclose(open_attention(layer)["weights"].value, expected, atol=1e-5)
                head = (step.number + layer) % len(expected)
                np.testing.assert_allclose(open_attention(layer, head)["weights"].value, expected[head], atol=1e-5)
        assert len(attentions) == model.config.num_decoder_layers


@pytest.mark.parametrize(("kind", "num_beams"), [("paper", 1), ("modern", 3), ("bart", 2), ("separate", 3)])
def test_every_step_of_a_translation_is_what_pytorch_computes(kind, num_beams, tmp_path, monkeypatch):
    producer, model = behind_glass(tmp_path, **TRANSLATORS[kind])
    text = "norws" if kind == "separate" else "acgbd"
    found = producer.translate(text, num_beams=num_beams, num_best=num_beams)
    plain = producer.model.translator().translate([text], num_beams=num_beams, n_best=num_beams)[0]
    for one, expected in zip((found, *found.others), (plain, *plain.others), strict=True):
        assert (one.text, one.tokens, one.hypothesis) == (expected.text, expected.tokens, expected.hypothesis)
        assert [step.id for step in one.steps][: len(one.tokens)] == list(expected.hypothesis.ids)
        total = sum(step.log_probability for step in one.steps)
        assert total == pytest.approx(one.hypothesis.log_probability, abs=1e-4)
    for one in (found, *found.others[-1:]):
        assert_is_what_pytorch_computes(one, model, monkeypatch)


@pytest.mark.parametrize(
    ("kind", "sampling"),
    [("gpt2", {}), ("llama", {"settings": Sampling(1.4, 5, repetition_penalty=1.3), "seed": 4})],
)
def test_every_step_of_a_text_is_what_pytorch_computes(kind, sampling, tmp_path, monkeypatch):
    producer, model = behind_glass(tmp_path, **LANGUAGES[kind])
    found = producer.generate("cab", max_tokens=6, **sampling)
    assert found.text == producer.model.tokenizer.decode([step.id for step in found.steps])
    assert list(found.tokens) == producer.model.tokenizer.tokens(found.hypothesis.ids)
    assert found.given_ids == found.steps[0].before
    assert_is_what_pytorch_computes(found, model, monkeypatch)


def test_with_sampling_candidates_have_the_probability_they_are_drawn_with(tmp_path):
    producer, _ = behind_glass(tmp_path, **GPT2)
    found = producer.generate("cab", max_tokens=5, settings=Sampling(0.5, 3), seed=4)
    for step in found.steps:
        first, *_ = candidates = step.likeliest(6)
        three = np.exp([2 * candidate.logit for candidate in candidates[:3]])
        assert [each.drawn for each in candidates[:3]] == pytest.approx(list(three / three.sum()), abs=1e-5)
        assert all(each.drawn == 0 for each in candidates[3:])
        assert [each.rank for each in candidates] == list(range(len(candidates)))
        assert [each.written for each in candidates] == [each.id == step.id for each in candidates]
        assert first.logit == step.logits.max()
    assert all(each.drawn is None for each in producer.generate("cab", max_tokens=2).steps[0].candidates)


def test_a_forced_translation_has_the_probability_of_each_of_its_words(tmp_path, monkeypatch):
    producer, model = behind_glass(tmp_path, **PAPER)
    forced = producer.translate("acgbd", force="hkk", length_penalty=1.0)
    assert (forced.text, forced.forced, forced.tree) == ("hkk", True, ())
    ids = [*producer.model.tokenizer.encode("hkk"), EOS]
    assert [step.id for step in forced.steps] == ids
    source, target = torch.tensor([forced.given_ids]), torch.tensor([[1, *ids]])
    with torch.no_grad():
        expected = torch.log_softmax(model(source, target[:, :-1]), -1)[0].gather(1, target[0, 1:, None])[:, 0]
    assert [step.log_probability for step in forced.steps] == pytest.approx(expected.tolist(), abs=1e-4)
    assert forced.score == pytest.approx(float(expected.sum()) / ((5 + 4) / 6), abs=1e-4)
    assert_is_what_pytorch_computes(forced, model, monkeypatch)
    unlikely = min(forced.steps, key=lambda step: step.probability)
    assert unlikely.candidates[-1].id == unlikely.id
    assert unlikely.candidates[0].probability > unlikely.probability


def test_to_force_what_a_model_writes_changes_nothing():
    producer = pellucid.load("by-hand-translator")
    free = producer.translate("The cat is lying under the bed.")
    forced = producer.translate(free.given, force=free.text)
    assert [step.id for step in forced.steps] == [step.id for step in free.steps]
    assert forced.score == pytest.approx(free.score, abs=1e-5)


def test_the_attention_of_the_whole_text_has_a_row_for_each_word(tmp_path):
    producer, _ = behind_glass(tmp_path, **PAPER)
    found = producer.translate("acgbd", num_beams=2)
    for layer in range(3):
        mean, one = found.attention(layer).output, found.attention(layer, 2).output
        assert (mean.name, one.name, mean.shape) == ("mean_weights", "weights", (len(found.steps), 6))
        assert mean.axes[1].labels == found.given_tokens
        for row, step in enumerate(found.steps):
            weights = step.cross_attention(layer)["weights"].value[:, -1]
            np.testing.assert_allclose(mean.value[row], weights.mean(axis=0), atol=1e-12)
            np.testing.assert_allclose(one.value[row], weights[2], atol=1e-12)
    text = producer.translate("acgbd").attention()
    assert text.subject.title == "where the words look: layer 2, the mean of all heads"


def test_the_attention_of_a_text_is_to_all_that_stands_before(tmp_path):
    producer, _ = behind_glass(tmp_path, **LLAMA)
    found = producer.generate("cab", max_tokens=4, settings=Sampling(1.2), seed=1)
    mean = found.attention(0).output
    assert mean.shape == (len(found.steps), 3 + len(found.steps))  # bos and two letters before the last of the prompt
    assert mean.axes[1].labels[:4] == ("<bos>", "c", "a", "b")
    for row, step in enumerate(found.steps):
        weights = step.self_attention(0)["weights"].value[:, -1].mean(axis=0)
        np.testing.assert_allclose(mean.value[row, : len(weights)], weights, atol=1e-12)
        assert not mean.value[row, len(weights) :].any()
    row, head = found.most_telling(1, step=2)
    assert row == 2
    weights = found.steps[2].self_attention(1)["weights"].value[:, -1, 1:]
    assert weights[head].max() == weights.max()


def test_the_most_telling_word_looks_most_sharply_at_a_word(tmp_path):
    producer, _ = behind_glass(tmp_path, **PAPER)
    found = producer.translate("acgbd")
    row, head = found.most_telling(1)
    weights = [step.cross_attention(1)["weights"].value[:, -1, :-1] for step in found.steps if step.id != EOS]
    assert weights[row][head].max() == max(each.max() for each in weights)


def test_what_does_not_exist_is_said(tmp_path):
    producer, _ = behind_glass(tmp_path, **PAPER)
    found = producer.translate("acgbd")
    with pytest.raises(PositionError, match="layer 3 does not exist; there are 3"):
        found.steps[0].cross_attention(3)
    with pytest.raises(PositionError, match="head 4 does not exist; there are 4"):
        found.steps[0].self_attention(0, 4)
    with pytest.raises(PositionError, match="layer -1"):
        found.attention(-1)
    with pytest.raises(PositionError, match="no written token is"):
        found.step("zz")
    assert found.step(found.tokens[1]).token == found.tokens[1]
    with pytest.raises(InputError, match="translator, which continues no text"):
        producer.generate("a")
    with pytest.raises(LengthError, match="to force is empty"):
        producer.translate("a", force=" ")
    with pytest.raises(LengthError, match="the text is empty"):
        producer.translate(" ")
    with pytest.raises(InputError, match="leave num_best at 1"):
        producer.translate("a", force="b", num_best=2)


def test_a_language_model_has_no_cross_attention(tmp_path):
    producer, _ = behind_glass(tmp_path, **GPT2)
    with pytest.raises(InputError, match="look at its self-attention"):
        producer.generate("ab", max_tokens=1).steps[0].cross_attention()
    with pytest.raises(InputError, match="does not translate"):
        producer.translate("ab")


def test_models_are_loaded_by_name():
    translation = pellucid.load("by-hand-translator").translate("The dog is sitting on the mat.")
    assert translation.text == translation.translation == "Der Hund sitzt auf der Matte."
    assert translation.steps[2].token == "sitzt"
    assert translation.steps[2].candidates[0].token == "sitzt"
    attention = translation.steps[2].cross_attention(layer=0, head=0)
    row = attention["weights"].value[-1]
    assert attention["weights"].at("Hund", "dog").value == row[1]
    assert row.sum() == pytest.approx(1)
    assert float(attention["output"].value[-1, 0]) == pytest.approx(float(row @ attention["value"].value[:, 0]))
    with pytest.raises(InputError, match="no model 'by-hand'"):
        pellucid.load("by-hand")


def test_what_a_session_shows_is_a_line_of_what_matters():
    producer = pellucid.load("by-hand-translator")
    assert repr(producer) == "<Producer by-hand-translator: encoder-decoder>"
    step = producer.translate("The dog is sitting on the mat.").steps[1]
    first, second, third = (candidate for candidate in step.candidates[:3])
    assert first.token == "Hund"
    assert repr(step) == (
        f"<ProducedStep 1: 'Hund' {first.probability:.4f}; {second.token!r} {second.probability:.4f},"
        f" {third.token!r} {third.probability:.4f}>"
    )
