"""A training that is killed ten times, at random points, ends at the same bits as one that is not.

Every run is a process of its own, forked from a server that has loaded PyTorch already, and ends by SIGKILL.
"""

import random
import signal

import pytest
import torch
from safetensors.torch import load_file

from killed_training import SETTINGS, run, run_and_die
from pellucid.training.checkpoint import Checkpoints, read_tensors
from pellucid.training.train import train
from tiny_training import tiny


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    train(tiny(**SETTINGS), folder)
    torch.set_num_threads(threads)
    return folder


def assert_same_end(folder, undisturbed):
    one, other = (load_file(run / "model.safetensors") for run in (folder, undisturbed))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    ends = [read_tensors(Checkpoints(run / "checkpoints", 2).paths()[-1]) for run in (folder, undisturbed)]
    assert ends[0][0].keys() == ends[1][0].keys()
    assert all(torch.equal(tensor, ends[1][0][name]) for name, tensor in ends[0][0].items())
    assert ends[0][1]["step"] == ends[1][1]["step"] == 30


def test_a_training_killed_ten_times_ends_at_the_same_bits(server, undisturbed, tmp_path):
    chance = random.Random(7)
    folder, killed, latest = tmp_path / "run", 0, 0
    while killed < 10:
        ours, theirs = server.Pipe(duplex=False)
        process = server.Process(target=run, args=(folder, killed > 0, theirs))
        process.start()
        theirs.close()
        for _ in range(chance.randint(1, 3)):
            latest = ours.recv()
        assert latest != "done", "it ended before it could be killed"
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        killed += 1
    _ours, theirs = server.Pipe(duplex=False)
    process = server.Process(target=run, args=(folder, True, theirs))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert_same_end(folder, undisturbed)


@pytest.mark.parametrize("call", [2, 9, 10, 11, 12])
def test_a_training_killed_while_it_writes_ends_at_the_same_bits(call, server, undisturbed, tmp_path):
    folder = tmp_path / "run"
    process = server.Process(target=run_and_die, args=(folder, call))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    _ours, theirs = server.Pipe(duplex=False)
    process = server.Process(target=run, args=(folder, True, theirs))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert_same_end(folder, undisturbed)
    assert not [path for path in folder.rglob("*") if path.name.endswith(".part") and path.parent.name != "run"]
