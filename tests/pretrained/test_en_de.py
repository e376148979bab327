"""The translator that ships: it translates, it is small, and both engines agree on it."""

import numpy as np
import pytest
import torch

from pellucid.decoding.engine import TorchEngine
from pellucid.pretrained import open_model
from pellucid.pretrained.names import SHIPPED

MAT = "The dog is sitting on the mat."
SENTENCES = (
    MAT,
    "I don't know what to do.",
    "She bought a new car last week, but she has never driven it, because she is afraid of the traffic in the city.",
)


@pytest.fixture(scope="module")
def translator():
    return open_model("en-de")


def test_it_is_at_most_25_megabytes():
    assert sum(file.stat().st_size for file in (SHIPPED / "en-de").iterdir()) <= 25e6


def test_the_dog_sits_on_the_mat(translator):
    (translation,) = translator.translator().translate([MAT])
    assert translation.text == "Der Hund sitzt auf der Matte."


def test_numpy_and_pytorch_translate_alike(translator):
    ours = translator.translator().translate(SENTENCES)
    theirs = translator.translator(TorchEngine(translator.encoder_decoder)).translate(SENTENCES)
    assert [each.text for each in ours] == [each.text for each in theirs]
    scores = [[each.hypothesis.score for each in side] for side in (ours, theirs)]
    np.testing.assert_allclose(*scores, rtol=1e-4)


@torch.no_grad()
def test_logits_of_numpy_are_those_of_pytorch(translator):
    source = translator.source_tokenizer.encode_batch([SENTENCES[2]])[0]
    target = [
        translator.config.bos_id,
        *translator.tokenizer.encode_batch(["Sie hat letzte Woche ein Auto gekauft"])[0],
    ]
    source = [*source, translator.config.eos_id]
    ours = translator.transformer.logits(target, translator.transformer.encode(source))
    theirs = translator.model(torch.tensor([source]), torch.tensor([target]))[0].numpy()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5 * np.abs(theirs).max())
