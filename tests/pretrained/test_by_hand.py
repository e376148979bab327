"""The models that are followed on paper do what their cards say, with the weights that ship."""

import re
from pathlib import Path

import pytest
import torch

from pellucid.nn.weights import load_model
from pellucid.pretrained import open_directory
from pellucid.pretrained.names import SHIPPED

SENTENCES = Path(__file__).parents[2] / "recipes" / "by-hand"
TRANSLATOR, GENERATOR = SHIPPED / "by-hand-translator", SHIPPED / "by-hand-generator"


def lines(name: str) -> list[str]:
    return (SENTENCES / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("folder", [TRANSLATOR, GENERATOR])
def test_weights_have_two_decimal_places(folder):
    for name, parameter in load_model(folder).named_parameters():
        hundredths = parameter.detach().double() * 100
        torch.testing.assert_close(hundredths, hundredths.round(), rtol=0, atol=1e-4, msg=name)


@torch.no_grad()
def test_every_sentence_is_translated_and_every_word_is_likely():
    opened = open_directory(TRANSLATOR)
    seen, unseen = lines("translator-train.tsv"), lines("translator-unseen.tsv")
    assert (len(seen), len(unseen)) == (36, 18)
    assert not set(seen) & set(unseen)
    assert "The dog is sitting on the mat.\tDer Hund sitzt auf der Matte." in unseen
    pairs = [line.split("\t") for line in (*seen, *unseen)]
    translations = opened.translator().translate([source for source, _ in pairs], num_beams=1)
    assert [translation.text for translation in translations] == [target for _, target in pairs]
    likely = []
    for source, target in pairs:
        ids = torch.tensor([[1, *opened.tokenizer.encode(target), 2]])
        logits = opened.model(torch.tensor([[*opened.source_tokenizer.encode(source), 2]]), ids[:, :-1])
        likely.append(logits.softmax(-1).gather(2, ids[:, 1:, None]).min())
    assert round(float(min(likely)), 2) == 0.86


@torch.no_grad()
def test_every_story_goes_on_as_it_must():
    opened = open_directory(GENERATOR)
    seen, unseen = ({story.split(". ")[0] for story in lines(f"generator-{part}.txt")} for part in ("train", "unseen"))
    assert (len(seen), len(unseen)) == (24, 12)
    assert not seen & unseen
    for first in sorted(seen | unseen):
        ids = [1, *opened.tokenizer.encode(f"{first}.")]
        while ids[-1] != 2 and len(ids) < 16:
            ids.append(int(opened.model(torch.tensor([ids]))[0, -1].argmax()))
        one, other = re.fullmatch(r"The (\w+) \w+ the (\w+)", first).groups()
        assert re.fullmatch(rf"{first}\. The {other} (greeted|ignored) the {one}\.", opened.tokenizer.decode(ids))
