"""The translators that ship: they translate, they are small, and both engines agree on them."""

import numpy as np
import pytest
import torch

from pellucid.decoding.engine import TorchEngine
from pellucid.pretrained import open_model
from pellucid.pretrained.names import SHIPPED

TRANSLATIONS = {
    "en-de": {
        "The dog is sitting on the mat.": "Der Hund sitzt auf der Matte.",
        "The cat sat on the mat.": "Die Katze saß auf der Matte.",
        "I don't know what to do.": "Ich weiß nicht, was ich tun soll.",
        "The old man who lives next door has bought a new car for his wife.": (
            "Der alte Mann, der nebenan wohnt, hat sich ein neues Auto für seine Frau gekauft."
        ),
        "He didn't go to school yesterday because he was ill, but today he feels much better.": (
            "Er ging gestern nicht zur Schule, weil er krank war, aber heute fühlt er sich viel besser."
        ),
    },
    "de-en": {
        "Ich weiß nicht, was ich tun soll.": "I don't know what to do.",
        "Wenn es morgen regnet, bleiben wir zu Hause und lesen ein Buch.": (
            "If it rains tomorrow, we'll stay at home and read a book."
        ),
        "Der alte Mann, der nebenan wohnt, hat ein neues Auto für seine Frau gekauft.": (
            "The old man who lives next door has bought a new car for his wife."
        ),
    },
}


@pytest.fixture(scope="module", params=TRANSLATIONS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def translator(name):
    return open_model(name)


def test_it_is_at_most_25_megabytes(name):
    assert sum(file.stat().st_size for file in (SHIPPED / name).iterdir()) <= 25e6


def test_it_translates_short_and_long_sentences(name, translator):
    found = translator.translator().translate(list(TRANSLATIONS[name]))
    assert [each.text for each in found] == list(TRANSLATIONS[name].values())


def test_numpy_and_pytorch_translate_alike(name, translator):
    sentences = list(TRANSLATIONS[name])
    ours = translator.translator().translate(sentences)
    theirs = translator.translator(TorchEngine(translator.encoder_decoder)).translate(sentences)
    assert [each.text for each in ours] == [each.text for each in theirs]
    scores = [[each.hypothesis.score for each in side] for side in (ours, theirs)]
    np.testing.assert_allclose(*scores, rtol=1e-4)


@torch.no_grad()
def test_logits_of_numpy_are_those_of_pytorch(name, translator):
    source_text, target_text = list(TRANSLATIONS[name].items())[-1]
    source = translator.source_tokenizer.encode_batch([source_text])[0]
    target = [translator.config.bos_id, *translator.tokenizer.encode_batch([target_text])[0]]
    source = [*source, translator.config.eos_id]
    ours = translator.transformer.logits(target, translator.transformer.encode(source))
    theirs = translator.model(torch.tensor([source]), torch.tensor([target]))[0].numpy()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5 * np.abs(theirs).max())
