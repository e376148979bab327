"""What transformers opens runs no code of the model's, and nobody is asked whether it may."""

import builtins
import json
import sys

import pytest

from pellucid.errors import InputError
from pellucid.pretrained.transformers_library import open_with_transformers, quiet

pytest.importorskip("transformers")


def test_bars_that_ask_nobody_are_not_drawn_where_nobody_watches(capsys):
    with quiet():
        sys.stderr.write("Converting:  50%")
    sys.stderr.write("kept")
    assert capsys.readouterr().err == "kept"


@pytest.mark.parametrize(
    ("auto", "brought"), [("AutoConfig", "brought.Brought"), ("AutoTokenizer", ["brought.Brought", None])]
)
def test_code_is_refused_without_asking(tmp_path, monkeypatch, auto, brought):
    asked = []
    monkeypatch.setattr(builtins, "input", lambda prompt="": asked.append(prompt) or "yes")
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("config.json", "tokenizer_config.json"):
        (folder / name).write_text(json.dumps({"model_type": "brought", "auto_map": {auto: brought}}))
    (folder / "brought.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    with pytest.raises(InputError, match="model brings code of its own"):
        open_with_transformers(auto, folder)
    assert not asked
    assert not (tmp_path / "ran").exists()
