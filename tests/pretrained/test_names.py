"""From what a model is called to where it is."""

from pathlib import Path

import pytest

from pellucid.errors import InputError, WeightsError
from pellucid.pretrained import find_model, model_directory, open_model
from pellucid.pretrained.names import SHIPPED, Place


@pytest.fixture
def folders(tmp_path):
    for name in ("shipped/en-de", "shipped/card", "runs/mine"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("shipped/en-de", "runs/mine"):
        (tmp_path / name / "config.json").write_text("{}")
    return {"shipped": tmp_path / "shipped", "trained": tmp_path / "runs"}


def test_a_directory_comes_before_a_name(folders, tmp_path, monkeypatch):
    assert model_directory("en-de", **folders) == tmp_path / "shipped" / "en-de"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "en-de").mkdir()
    assert str(model_directory("en-de", **folders)) == "en-de"
    assert model_directory(tmp_path / "runs" / "mine", **folders) == tmp_path / "runs" / "mine"


@pytest.mark.parametrize("name", ["en-dd", "card", "../runs/mine"])
def test_what_there_is_not_is_answered_with_what_there_is(folders, tmp_path, name):
    with pytest.raises(InputError, match=f"no model '{name}'.*there are en-de, {tmp_path}/runs/mine"):
        model_directory(name, **folders)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with something of every kind, and the folder of an owner."""
    monkeypatch.chdir(tmp_path)
    for folder, config in (("runs/mine", '{"format": "x"}'), ("theirs", '{"model_type": "gpt2"}'), ("odd", "{")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "config.json").write_text(config)
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    (tmp_path / "M.GGUF").write_bytes(b"GGUF")
    (tmp_path / "m.pt").write_bytes(b"any")
    (tmp_path / "renamed").write_bytes(b"PK\x03\x04")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("by-hand-translator", "pellucid"),
        ("runs/mine", "pellucid"),
        ("./runs/mine/", "pellucid"),
        ("odd", "pellucid"),  # whose reader says what is wrong
        ("theirs", "transformers"),
        (Path("theirs"), "transformers"),
        ("m.gguf", "gguf"),
        ("M.GGUF", "gguf"),
        ("openai-community/gpt2", "hub"),
        ("Helsinki-NLP/opus-mt-en-de", "hub"),
    ],
)
def test_every_kind_is_told_by_its_name(here, name, kind):
    where = name if kind == "hub" else SHIPPED / name if name == "by-hand-translator" else Path(name)
    assert find_model(name) == Place(kind, where)


@pytest.mark.parametrize("name", ["gpt", "runs/en-de", "./a/b", "/a/b", "a/b/c", "../a", "a/../b", Path("a/b"), "ä/b"])
def test_what_is_no_name_on_the_hub(here, name):
    with pytest.raises(InputError, match=r"there is no model .* as a folder or file") as found:
        find_model(name)
    assert "the hub does not" not in str(found.value)
    with pytest.raises(InputError) as opening:
        open_model(name)
    assert str(opening.value) == str(found.value)


def test_a_word_is_an_id_only_where_that_is_asked_for(here):
    assert find_model("gpt2", words=True) == Place("hub", "gpt2")
    assert find_model("theirs", words=True).kind == "transformers"
    with pytest.raises(InputError, match="no model 'runs/gpt2'"):
        find_model("runs/gpt2", words=True)
    with pytest.raises(InputError, match=r"no model 'gpt2'.* owner/name"):
        find_model("gpt2")


@pytest.mark.parametrize("name", ["m.pt", "renamed"])
def test_pickles_are_refused_before_anybody_opens_them(here, name):
    with pytest.raises(WeightsError, match="is a pickle"):
        find_model(name)
