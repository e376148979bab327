"""From a name to a directory."""

import pytest

from pellucid.errors import InputError
from pellucid.pretrained import model_directory


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
