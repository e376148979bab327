"""Two processes through gloo: the losses of one, and a restart from the checkpoint when one of them is killed."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file

from killed_training import run_together
from pellucid.training.train import train
from tiny_training import TINY, tiny, toml_of

EXACT = {"model": {"dropout": 0.0}, "training": {"steps": 6, "accumulate": 2, "checkpoint_every": 3}}


def losses_of(folder: Path) -> dict[tuple[str, int], float]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return {(line["kind"], line["step"]): line["loss"] for line in lines}


@pytest.mark.parametrize(("strategy", "optimizer"), [("ddp", "adamw"), ("fsdp", "muon")])
def test_two_processes_reach_the_losses_of_one(strategy, optimizer, server, tmp_path):
    changes = {**EXACT, "optimizer": {"kind": optimizer}}
    one = train(tiny(**changes), tmp_path / "one")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [
        server.Process(target=run_together, args=(tmp_path / "two", changes, strategy, rank, port)) for rank in (0, 1)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    ours, expected = losses_of(tmp_path / "two"), losses_of(one.folder)
    assert ours == pytest.approx(expected, rel=1e-4)
    weights, alone = (load_file(tmp_path / name / "model.safetensors") for name in ("two", "one"))
    for name, tensor in alone.items():
        torch.testing.assert_close(weights[name], tensor, rtol=2e-2, atol=1e-3)
    # What two processes wrote, one can go on from.
    more = {**changes, "training": {**changes["training"], "steps": 7}}
    train(tiny(**more), tmp_path / "two", resume=True)
    assert ("training", 7) in losses_of(tmp_path / "two")


def end(pid: int) -> None:
    """Kill a process and those it started, so that a training that hangs is a test that fails."""
    parent = psutil.Process(pid)
    for process in [*parent.children(recursive=True), parent]:
        process.kill()


def test_when_a_worker_is_killed_the_training_goes_on_from_the_checkpoint(tmp_path):
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(toml_of(TINY))
    folder = tmp_path / "run"
    changes = ["training.steps=80", "training.checkpoint_every=3", "training.average_last=0", "validation.every=80"]
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["--max-restarts", "1", "--monitor-interval", "0.1", "-m", "pellucid", "train", str(recipe), "--resume"]
    command += ["-o", str(folder), *(word for change in changes for word in ("--set", change))]
    lines, killed = [], False
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
    ) as process:
        assert process.stdout is not None
        watchdog = threading.Timer(150, end, [process.pid])
        watchdog.start()
        for line in process.stdout:
            lines.append(line)
            if line.startswith("step 4/") and not killed:
                workers = psutil.Process(process.pid).children()
                second = next(worker for worker in workers if worker.environ().get("RANK") == "1")
                second.send_signal(signal.SIGKILL)
                killed = True
        watchdog.cancel()
    assert process.returncode == 0
    assert killed
    resumed = [int(found[1]) for line in lines if (found := re.match(r"going on after step (\d+)\.", line))]
    assert len(resumed) == 1
    assert resumed[0] >= 3
    assert resumed[0] % 3 == 0
    assert sorted(step for kind, step in losses_of(folder) if kind == "training") == list(range(1, 81))
