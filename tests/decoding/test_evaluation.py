"""Scores and losses of test sets."""

import math

import pytest
import sacrebleu
import torch
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.corpora import Pair
from pellucid.data.train_tokenizer import train_tokenizer
from pellucid.decoding import TorchTranslator, quality, translate_ids
from pellucid.decoding.evaluation import evaluate_translation, pair_loss, text_loss, text_windows
from pellucid.errors import InputError, LengthError
from tiny_models import GPT2, PAPER, tiny

TEXTS = ["ab ba", "b", "aab", "abba bb a"]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, "characters")


@pytest.fixture(scope="module")
def translator(tokenizer):
    return TorchTranslator(tiny(seed=2, vocab_size=tokenizer.vocab_size, max_length=24, **PAPER), tokenizer)


def test_quality_is_sacrebleus():
    translations = ["the dog sits on the mat", "a cat"]
    references = [["the dog is sitting on the mat", "a dog sits on the mat"], ["a cat sleeps"]]
    ours = quality(translations, references)
    columns = [[group[0] for group in references], ["a dog sits on the mat", None]]
    bleu = sacrebleu.corpus_bleu(translations, columns, tokenize="13a")
    chrf = sacrebleu.corpus_chrf(
        translations, [[group[0] for group in references], [group[-1] for group in references]]
    )
    assert ours.bleu == pytest.approx(bleu.score)
    assert ours.chrf == pytest.approx(chrf.score)
    assert "nrefs:var|case:mixed|eff:no|tok:13a" in ours.bleu_signature
    assert "tok:none" in quality(translations, references, "none").bleu_signature
    with pytest.raises(InputError, match="at least one reference"):
        quality(["a"], [[]])


def test_more_references_never_lower_a_sentence_that_equals_one():
    assert quality(["a b c d e"], [["x", "a b c d e"]], "none").bleu == pytest.approx(100)


def test_translations_come_in_order_whatever_the_batches(translator):
    texts = ["ab ba", "", "b", "abba bb a", "aab"]
    one = translator.translate(texts, batch_tokens=1)
    assert [each.source for each in one] == texts
    assert one[1].text == ""
    counted = []
    for tokens in (12, 4096):
        several = translator.translate(texts, batch_tokens=tokens, progress=counted.append)
        assert [each.text for each in several] == [each.text for each in one]
    assert sum(counted) == 10  # twice all five
    ids = translator.tokenizer.encode_batch(["ab ba", "aab"])
    assert translate_ids(translator.model, ids, batch_tokens=7) == [list(one[i].hypothesis.ids) for i in (0, 4)]


def test_the_loss_of_pairs_is_that_of_each_reference_alone(translator):
    pairs = [Pair("ab", ("ba", "b a b")), Pair("b", ("aa",))]
    model, encode = translator.model, translator.tokenizer.encode
    total, count = 0.0, 0
    for pair in pairs:
        for reference in pair.references:
            target = [*encode(reference), 2]
            logits = model(torch.tensor([[*encode(pair.source), 2]]), torch.tensor([[1, *target[:-1]]]))[0]
            total += float(torch.nn.functional.cross_entropy(logits, torch.tensor(target), reduction="sum").detach())
            count += len(target)
    for tokens in (1, 4096):
        loss = pair_loss(translator, pairs, tokens)
        assert loss.tokens == count
        assert loss.mean == pytest.approx(total / count, abs=1e-5)
        assert loss.perplexity == pytest.approx(math.exp(total / count), rel=1e-4)


@given(n=st.integers(2, 40), longest=st.integers(1, 12))
def test_windows_predict_every_token_but_the_first_once(n, longest):
    windows = text_windows(range(n), longest)
    assert [token for window in windows for token in window[1:]] == list(range(1, n))
    assert all(2 <= len(window) <= longest + 1 for window in windows)


def test_the_loss_of_a_text(tokenizer):
    model = tiny(seed=3, vocab_size=tokenizer.vocab_size, **{**GPT2, "max_length": 5})
    ids = tokenizer.encode("ab ba abba")
    losses = []
    for start in (0, 5):
        window = torch.tensor([ids[start : start + 6]])
        losses += torch.nn.functional.cross_entropy(model(window[:, :-1])[0], window[0, 1:], reduction="none").tolist()
    loss = text_loss(model, tokenizer, "ab ba abba", batch_tokens=6)
    assert (loss.tokens, loss.mean) == (9, pytest.approx(sum(losses) / 9, abs=1e-5))
    with pytest.raises(InputError, match="has 1 token"):
        text_loss(model, tokenizer, "a")


def test_evaluating_a_translator(translator):
    pairs = [Pair("ab ba", ("b",)), Pair("aab", ("a", "ab"))]
    result = evaluate_translation(translator, pairs, num_beams=1)
    assert [each.text for each in result.translations] == [
        each.text for each in translator.translate(["ab ba", "aab"], num_beams=1)
    ]
    assert result.quality == quality([each.text for each in result.translations], [["b"], ["a", "ab"]])
    assert result.sentences_per_second == pytest.approx(2 / result.seconds)
    with pytest.raises(InputError, match="no pair"):
        evaluate_translation(translator, [])


def test_texts_that_are_too_long(translator):
    with pytest.raises(LengthError, match="text 2 has 25 tokens"):
        translator.translate(["a", "a" * 24])
    with pytest.raises(LengthError, match="the reference"):
        pair_loss(translator, [Pair("a", ("b" * 24,))])
