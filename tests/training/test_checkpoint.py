import errno
import os

import pytest
import torch

from pellucid.errors import CheckpointError, OutputError
from pellucid.training.averaging import MovingAverage, mean_of_files
from pellucid.training.checkpoint import Checkpoints, read_tensors, write_tensors
from sentences import assert_one_sentence

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b/c": torch.tensor(3.5), "d": torch.tensor([1, 2])}


def test_what_is_written_is_read(tmp_path):
    write_tensors(tmp_path / "x", TENSORS, {"step": 3, "text": "ß"})
    tensors, content = read_tensors(tmp_path / "x")
    assert content == {"step": 3, "text": "ß"}
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor)


def test_the_latest_are_kept_in_order(tmp_path):
    checkpoints = Checkpoints(tmp_path / "folder", keep=2)
    assert checkpoints.paths() == []
    for step in (5, 20, 100):
        checkpoints.write(step, TENSORS, {"step": step})
    assert [path.name for path in checkpoints.paths()] == ["step-00000020.safetensors", "step-00000100.safetensors"]


def test_what_an_interrupted_run_left_is_removed(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=9)
    for step in (10, 20, 30):
        checkpoints.write(step, TENSORS, {})
    (tmp_path / ".step-00000040.safetensors.x.part").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    checkpoints.clean(20)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "notes.txt",
        "step-00000010.safetensors",
        "step-00000020.safetensors",
    ]


@pytest.mark.parametrize("where", [3, 40, -1])
def test_an_altered_file_is_refused(where, tmp_path):
    path = tmp_path / "x"
    write_tensors(path, TENSORS, {})
    data = bytearray(path.read_bytes())
    data[where] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        read_tensors(path)
    assert_one_sentence(str(caught.value))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_a_file_that_was_cut_off_is_refused(keep, tmp_path):
    path = tmp_path / "x"
    write_tensors(path, TENSORS, {})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match="damaged"):
        read_tensors(path)


def test_another_librarys_file_and_a_missing_one_are_refused(tmp_path):
    from safetensors.torch import save_file

    save_file(TENSORS, tmp_path / "x")
    with pytest.raises(CheckpointError, match="no checkpoint of pellucid"):
        read_tensors(tmp_path / "x")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_tensors(tmp_path / "y")


@pytest.mark.parametrize("fails", ["write", "fsync", "replace"])
def test_without_space_the_earlier_checkpoints_stay(fails, tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path, keep=1)
    checkpoints.write(1, TENSORS, {"step": 1})

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        if fails == "fsync":
            patched.setattr(os, "fsync", full)
        elif fails == "replace":
            patched.setattr("pathlib.Path.replace", full)
        else:
            patched.setattr(os, "fdopen", lambda handle, mode: os.close(handle) or full())
        with pytest.raises(OutputError, match="No space left on device") as caught:
            checkpoints.write(2, TENSORS, {"step": 2})
    assert_one_sentence(str(caught.value))
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001.safetensors"]
    assert read_tensors(checkpoints.paths()[-1])[1] == {"step": 1}


def test_the_mean_of_snapshots(tmp_path):
    paths = [tmp_path / str(n) for n in range(3)]
    for n, path in enumerate(paths):
        write_tensors(path, {"w": torch.tensor([1.0 * n, 2.0])}, {})
    assert mean_of_files(paths)["w"].tolist() == [1.0, 2.0]
    write_tensors(paths[1], {"v": torch.tensor([1.0, 2.0])}, {})
    with pytest.raises(CheckpointError, match="does not hold the same weights"):
        mean_of_files(paths)
    with pytest.raises(CheckpointError, match="no snapshots"):
        mean_of_files([])


def test_the_moving_average():
    model = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.fill_(1.0)
        average = MovingAverage(model, 0.9)
        model.weight.fill_(2.0)
    average.update(1)  # the past counts (1 + 1) / (10 + 1)
    assert float(average.tensors["weight"]) == pytest.approx(2 / 11 * 1 + 9 / 11 * 2)
    before = float(average.tensors["weight"])
    average.update(1000)
    assert float(average.tensors["weight"]) == pytest.approx(0.9 * before + 0.1 * 2)
