"""The translator that is followed on paper, on NumPy."""

import re

import pytest

from pellucid.errors import InputError, LengthError
from pellucid.pretrained import open_model

DOG, CAT = "The dog is sitting on the mat.", "The cat is lying under the bed."


@pytest.fixture(scope="module")
def translator():
    return open_model("by-hand-translator").translator()


def test_texts_come_in_order_and_empty_ones_stay(translator):
    counts = []
    found = translator.translate([CAT, "", f" {DOG}\t", " "], progress=counts.append)
    assert [each.text for each in found] == ["Die Katze liegt unter dem Bett.", "", "Der Hund sitzt auf der Matte.", ""]
    assert [each.source for each in found] == [CAT, "", f" {DOG}\t", " "]
    assert counts == [2, 1, 1]  # the empty ones first, then each by itself


def test_the_best_of_n_are_in_falling_order(translator):
    (found,) = translator.translate([DOG], num_beams=4, n_best=4)
    scores = [found.hypothesis.score, *(each.hypothesis.score for each in found.others)]
    assert scores == sorted(scores, reverse=True)
    assert len({found.text, *(each.text for each in found.others)}) == 4
    assert translator.translate([DOG])[0].hypothesis == found.hypothesis


def test_limits(translator):
    (cut,) = translator.translate([DOG], num_beams=1, max_length=3)
    assert (cut.text, cut.hypothesis.ending) == ("Der Hund sitzt", "length")
    with pytest.raises(LengthError, match=re.escape("in.txt, line 2 has 17 tokens, eos included")):
        translator.translate(["", "dog " * 16], place="in.txt, line")
    with pytest.raises(InputError, match="n_best must be from 1 to num_beams"):
        translator.translate([DOG], num_beams=2, n_best=3)
