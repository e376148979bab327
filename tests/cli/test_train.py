import json

import pytest

from pellucid.cli import main
from tiny_training import TINY, toml_of


def recipe(folder):
    path = folder / "tiny.toml"
    path.write_text(toml_of(TINY))
    return str(path)


def test_a_model_is_trained_and_gone_on_with(pellucid, assert_one_sentence, tmp_path):
    path, folder = recipe(tmp_path), tmp_path / "run"
    result = pellucid("train", path, "-o", str(folder), "--set", "training.steps=3", OMP_NUM_THREADS="1")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("tiny: ")
    assert lines[1].startswith("step 1/3  loss ")
    assert lines[-1].startswith(f"the model is in {folder}")
    assert {"config.json", "model.safetensors", "tokenizer.json", "recipe.json", "log.jsonl"} <= {
        entry.name for entry in folder.iterdir()
    }
    assert [json.loads(line)["step"] for line in (folder / "log.jsonl").read_text().splitlines()][:3] == [1, 2, 3]
    assert_one_sentence(pellucid("train", path, "-o", str(folder)), "already holds a training", "--resume")
    again = pellucid("train", path, "--resume", "-o", str(folder), "--set", "training.steps=4", OMP_NUM_THREADS="1")
    assert again.returncode == 0
    assert "going on after step 3." in again.stdout


def test_a_wrong_key_is_one_sentence_and_nothing_is_written(pellucid, assert_one_sentence, tmp_path):
    path = recipe(tmp_path)
    result = pellucid("train", path, "--set", "training.stepps=3", cwd=tmp_path)
    assert_one_sentence(result, "'stepps'", "did you mean 'steps'?")
    assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.toml"]


def test_a_missing_recipe_is_one_sentence(pellucid, assert_one_sentence, tmp_path):
    assert_one_sentence(pellucid("train", str(tmp_path / "none.toml")), "none.toml", "No such file")


def test_what_its_data_refused_is_begun_again_without_resuming(monkeypatch, capfd, tmp_path):
    path = recipe(tmp_path)
    monkeypatch.chdir(tmp_path)
    for change, said in (("model.max_length=3", "training pair"), ("model.heads=3", "'heads'")):
        with pytest.raises(SystemExit) as end:
            main.run(["train", path, "-o", "run", "--set", change])
        errors = capfd.readouterr().err
        assert (end.value.code, errors.count("\n")) == (2, 1)
        assert said in errors
    with pytest.raises(SystemExit) as end:
        main.run(["train", path, "-o", "run", "--set", "training.steps=1", "--set", "training.average_last=0"])
    assert end.value.code == 0


def test_who_stops_it_hears_how_to_go_on(monkeypatch, capfd, tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pellucid.training.trainer.Trainer.run", stop)
    with pytest.raises(SystemExit) as end:
        main.run(["train", recipe(tmp_path), "-o", str(tmp_path / "run")])
    assert end.value.code == 130
    assert f"--resume goes on from the latest checkpoint in {tmp_path / 'run'}." in capfd.readouterr().err


def test_compiling_without_a_compiler_is_one_sentence(pellucid, tmp_path):
    (tmp_path / "text.txt").write_text("to be or not to be. " * 40)
    values = {**TINY, "data": {"kind": "text", "train": str(tmp_path / "text.txt")}}
    values["model"] = {key: value for key, value in TINY["model"].items() if key != "num_encoder_layers"}
    values["training"] = {**TINY["training"], "context": 8, "batch_size": 3, "compile": True}
    (tmp_path / "tiny.toml").write_text(toml_of(values))
    environment = {"CXX": "/nowhere/g++", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    result = pellucid("train", str(tmp_path / "tiny.toml"), "-o", str(tmp_path / "run"), **environment)
    assert result.returncode == 2
    assert result.stderr.startswith("pellucid: torch.compile failed (")
    assert result.stderr.endswith("or set training.compile = false.\n")
    assert result.stderr.count("\n") == 1
