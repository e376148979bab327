"""Trainings in processes of their own: to be killed, and to share their work."""

import os
import signal
from pathlib import Path

import torch
import torch._dynamo  # what an optimizer loads at its first step: here once for all processes

from pellucid.training.progress import Progress
from pellucid.training.train import train
from tiny_training import tiny

SETTINGS = {"training": {"steps": 30, "keep": 2}, "validation": {"every": 5}}


class Told(Progress):
    """Sends a word for every step through a pipe."""

    def __init__(self, pipe):
        self.pipe = pipe

    def advance(self, step, values):
        self.pipe.send(step)


def run(folder: Path, resume: bool, pipe) -> None:
    torch.set_num_threads(1)
    train(tiny(**SETTINGS), folder, resume=resume, progress=Told(pipe))
    pipe.send("done")


def run_and_die(folder: Path, call: int) -> None:
    """Dies by its own hand in the middle of writing a file: at one of the calls that make it safe."""
    torch.set_num_threads(1)
    real, count = os.fsync, 0

    def fsync(descriptor):
        nonlocal count
        count += 1
        if count == call:
            os.kill(os.getpid(), signal.SIGKILL)
        real(descriptor)

    os.fsync = fsync
    train(tiny(**SETTINGS), folder, resume=True)


def run_together(folder: Path, changes: dict, strategy: str, rank: int, port: int) -> None:
    """One of two processes of a training, as `torchrun` would start it."""
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    train(tiny(**changes), folder, strategy=strategy)
