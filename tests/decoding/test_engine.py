"""Both engines give the same translations of a trained model, sentence by sentence."""

import re

import pytest

from pellucid.data.tokenizer import Tokenizer
from pellucid.decoding import TorchTranslator
from pellucid.decoding.ctranslate2 import cache_folder, open_fast
from pellucid.errors import LengthError, TokenizerError
from pellucid.nn.weights import load_model
from pellucid.search import Beams, Translator
from pellucid.training.train import train
from tiny_training import tiny

WORDS = [first + second + third for first in "abc" for second in "abc" for third in ("", "a", "b", "c")]
TEXTS = ["", *WORDS, " ", *(f"{word}a" for word in WORDS)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny") / "run"
    train(tiny(training={"steps": 80, "average_last": 0, "checkpoint_every": 80}, validation={"every": 80}), folder)
    return load_model(folder), Tokenizer.load(folder / "tokenizer.json")


@pytest.mark.parametrize("num_beams", [1, 3])
def test_a_trained_model_translates_alike_in_both(trained, tmp_path, num_beams):
    model, tokenizer = trained
    fast = open_fast(model, "float32", threads=1, folder=tmp_path)
    settings = {"num_beams": num_beams, "n_best": num_beams, "batch_tokens": 60}
    ours = TorchTranslator(model, tokenizer).translate(TEXTS, **settings)
    theirs = Translator(model.config, fast, tokenizer).translate(TEXTS, **settings)
    assert len({each.text for each in ours}) > 8
    for one, other in zip(ours, theirs, strict=True):
        assert (other.source, other.text, other.tokens) == (one.source, one.text, one.tokens)
        assert other.hypothesis.score == pytest.approx(one.hypothesis.score, abs=2e-4)
    assert [len(each.others) for each in ours] == [num_beams - 1 if text.strip() else 0 for text in TEXTS]


def test_each_source_keeps_its_own_limit(trained, tmp_path):
    """A limit that cuts most hypotheses, another for each source of one batch."""
    from pellucid.decoding.engine import TorchEngine

    model, tokenizer = trained
    sources = [[*ids, model.config.eos_id] for ids in tokenizer.encode_batch(WORDS)]
    limits = [1 + index % 5 for index in range(len(sources))]
    for beams in (Beams(1), Beams(3, 0.6, n_best=2)):
        ours = TorchEngine(model).search(sources, limits, beams)
        theirs = open_fast(model, "float32", threads=1, folder=tmp_path).search(sources, limits, beams)
        assert [each[0].ids for each in theirs] == [each[0].ids for each in ours]
        assert [each[0].ending for each in theirs] == [each[0].ending for each in ours]
        assert len({each[0].ending for each in ours}) == 2


def test_the_model_is_converted_once_and_again_when_it_has_changed(trained, tmp_path, monkeypatch):
    import torch

    model, _ = trained
    open_fast(model, folder=tmp_path)
    (export,) = (tmp_path / "ctranslate2").iterdir()
    before = (export / "model.bin").stat().st_mtime_ns
    open_fast(model, folder=tmp_path)
    assert (export / "model.bin").stat().st_mtime_ns == before
    (export / "model.bin").write_bytes((export / "model.bin").read_bytes()[:-500])  # cut short
    open_fast(model, folder=tmp_path)
    assert [path.name for path in (tmp_path / "ctranslate2").iterdir()] == [export.name]
    monkeypatch.setattr("pellucid.decoding.ctranslate2.cache._KEPT", 2)
    with torch.no_grad():
        for _ in range(2):
            model.target_embedding[0, 0] += 1
            open_fast(model, folder=tmp_path)
    left = {path.name for path in (tmp_path / "ctranslate2").iterdir()}
    assert len(left) == 2
    assert export.name not in left


def test_without_a_place_for_the_cache_it_runs_all_the_same(trained, tmp_path):
    model, tokenizer = trained
    (tmp_path / "file").write_text("in the way")
    fast = open_fast(model, threads=1, folder=tmp_path / "file")
    assert Translator(model.config, fast, tokenizer).translate(["ab"])[0].text
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_where_the_cache_is():
    assert str(cache_folder({"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "linux")) == "/c/pellucid"
    assert str(cache_folder({"HOME": "/h"}, "linux")) == "/h/.cache/pellucid"
    assert str(cache_folder({"HOME": "/h"}, "darwin")) == "/h/Library/Caches/pellucid"


def test_messages_count_empty_texts_too(trained):
    translator = TorchTranslator(*trained)
    with pytest.raises(LengthError, match=re.escape("in.txt, line 3 has 10 tokens")):
        translator.translate(["ab", "", "abcabcabc"], place="in.txt, line")
    with pytest.raises(TokenizerError, match=r"'x' \(character 1 of in.txt, line 3\)"):
        translator.translate(["ab", "", "x"], place="in.txt, line")
