"""Training speed against nanoGPT and OpenNMT-py: the same model, the same batches where a peer allows it.

python benchmarks/training.py [--nanogpt DIR] [--opennmt DIR] [--rounds N] [--cases NAME…] [--peers NAME…]

The peers are folders of their own, which are not installed:

    git clone https://github.com/karpathy/nanoGPT
    git clone https://github.com/OpenNMT/OpenNMT-py    (and: pip install configargparse pyonmttok, which it imports)

A peer that is not given or does not run is left out, with the reason. The data are tiny Shakespeare and Multi30k, below
$PELLUCID_DATA as recipes/ expects them.

Every peer is a process of its own with a fixed number of threads. In every round each does the same number of steps,
one after the other; a round to compile and to settle does not count. nanoGPT's model begins with pellucid's weights
and learns pellucid's batches, so that equal losses show that the same is computed.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from machine import write_result
from training_peers import operations_per_token, write_pairs

from pellucid.nn.precision import FULL_PRECISION, has_bfloat16, onednn_error

WORKER = Path(__file__).parent / "training_peers.py"


@dataclass(frozen=True)
class Case:
    """A model that is trained.

    Args:
        title: of its table.
        peers: name and way; the first baseline comes first.
        steps: in a round.
        baselines: whose rate pellucid's is divided by.
    """

    title: str
    peers: tuple[str, ...]
    steps: int
    baselines: tuple[str, ...]


_GPT_PEERS = (
    "pellucid eager",
    "pellucid compiled",
    "pellucid eager bfloat16",
    "pellucid compiled bfloat16",
    "nanoGPT eager",
    "nanoGPT compiled",
    "nanoGPT tuned",
)
CASES = {
    "small": Case(
        "4 layers, 4 heads, 128 wide, 64 characters, 12 rows", _GPT_PEERS, 20, ("nanoGPT compiled", "nanoGPT tuned")
    ),
    "large": Case(
        "6 layers, 6 heads, 384 wide, 256 characters, 12 rows",
        (*_GPT_PEERS, "products default", "products medium"),
        2,
        ("nanoGPT compiled", "nanoGPT tuned"),
    ),
    "translation": Case(
        "Multi30k, 4+4 layers, 4 heads, 128 wide, 8,000 tokens, dropout 0.3, batches of 4,096 tokens",
        ("pellucid eager", "pellucid eager bfloat16", "OpenNMT-py"),
        5,
        ("OpenNMT-py",),
    ),
}


UNABLE = {
    *(() if has_bfloat16(torch.device("cpu")) else (name for name in _GPT_PEERS if name.endswith("bfloat16"))),
    *(() if onednn_error() <= FULL_PRECISION else ("products medium",)),  # not float32 here
}


class PeerError(Exception):
    """A peer ended; the message is the last line that it wrote."""


class Peer:
    """A process that trains when it is told to."""

    def __init__(self, name: str, case: str, folder: Path, peer_folder: Path | None, threads: int) -> None:
        command = [sys.executable, str(WORKER), name, case, str(folder), "--threads", str(threads)]
        if peer_folder is not None:
            command += ["--peer-folder", str(peer_folder)]
        self._log = folder / f"{name}.log"
        with self._log.open("w") as log:
            environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"}
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
            )

    def steps(self, count: int) -> dict[str, float]:
        """What that many steps took; raises PeerError if the process ended instead."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(count, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise PeerError(self._last_line()) from None
        line = self._process.stdout.readline()
        if not line:
            raise PeerError(self._last_line())
        return dict(json.loads(line))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _last_line(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it ended without a word"


Rounds = dict[str, list[dict[str, float]]]


def measure(
    case: str, peers: list[str], folders: dict[str, Path], rounds: int, threads: int
) -> tuple[Rounds, list[str]]:
    """What each round of each peer took, the first for nothing but to settle; and which peers are missing, and why."""
    results: Rounds = {}
    missing = []
    with tempfile.TemporaryDirectory() as temporary:
        if case == "translation":
            write_pairs(Path(temporary))
        running: dict[str, Peer] = {}
        for name in (name for name in CASES[case].peers if name in peers and name not in UNABLE):
            project = name.split()[0]
            if project in ("pellucid", "products") or project in folders:
                running[name] = Peer(name, case, Path(temporary), folders.get(project), threads)
                try:
                    results[name] = [running[name].steps(CASES[case].steps)]
                except PeerError as error:
                    running.pop(name).close()
                    missing.append(f"{name} is left out: {error}")
            else:
                missing.append(f"{name} is left out: its folder was not given.")
        for number in range(rounds):
            for name, peer in running.items():
                results[name].append(peer.steps(CASES[case].steps))
            print(f"{case}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for peer in running.values():
            peer.close()
    return results, missing


def rates(results: Rounds, name: str, clock: str) -> list[float]:
    """Tokens a second of each round that counts."""
    return [taken["tokens"] / taken[clock] for taken in results[name][1:]]


def report(case: str, results: Rounds, missing: list[str]) -> list[str]:
    """The lines of a case."""
    steps = CASES[case].steps
    lines = [f"## {CASES[case].title}", ""]
    end = steps * len(next(iter(results.values())))
    lines += [
        "| | target tokens per CPU second | per second of the clock"
        f" | loss, steps 1–{steps} | loss, steps {end - steps + 1}–{end} |",
        "|---|---|---|---|---|",
    ]
    trainings = [name for name in results if not name.startswith("products")]
    for name in trainings:
        cpu, wall = median(rates(results, name, "cpu")), median(rates(results, name, "wall"))
        first, last = results[name][0]["loss"], results[name][-1]["loss"]
        lines.append(f"| {name} | {cpu:,.0f} | {wall:,.0f} | {first:.5f} | {last:.5f} |")
    lines += ["", "| ratio of CPU rates, round by round | median | lowest | highest |", "|---|---|---|---|"]
    for ours in (name for name in trainings if name.startswith("pellucid")):
        for theirs in (name for name in CASES[case].baselines if name in results):
            pairs = zip(rates(results, ours, "cpu"), rates(results, theirs, "cpu"), strict=True)
            each = sorted(a / b for a, b in pairs)
            lines.append(f"| {ours} / {theirs} | {median(each):.2f}× | {each[0]:.2f}× | {each[-1]:.2f}× |")
    lines += ["", *(f"{line}\n" for line in missing)]
    return [*lines, *_share(case, results)]


def _share(case: str, results: Rounds) -> list[str]:
    """How much of the rate of products a training reaches."""
    found = {name: median(rates(results, name, "cpu")) / 1e9 for name in results if name.startswith("products")}
    if not found:
        return []
    fastest = max(found.values())
    every, causal = operations_per_token(case)
    reached = ", ".join(f"{rate:.1f} GF/s ({name.removeprefix('products ')})" for name, rate in found.items())
    lines = [
        f'Products of float32 matrices, (3072 × 384) · (384 × 1536), as PyTorch comes or under its setting "medium":'
        f" {reached}. Of the fastest, a training reaches, by its products forward and backward ({every / 1e6:.1f} MF a"
        f" token; {causal / 1e6:.1f} without what causality masks):",
        "",
        "| | share | without the masked half of attention |",
        "|---|---|---|",
    ]
    for name in results:
        if not name.startswith("products"):
            rate = median(rates(results, name, "cpu")) / 1e9 / fastest
            lines.append(f"| {name} | {rate * every:.0%} | {rate * causal:.0%} |")
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nanogpt", type=Path, metavar="DIR", help="nanoGPT's folder")
    parser.add_argument("--opennmt", type=Path, metavar="DIR", help="OpenNMT-py's folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--name", default="training", help="of the result's file")
    everyone = list(dict.fromkeys(peer for case in CASES.values() for peer in case.peers))
    parser.add_argument("--peers", nargs="+", choices=everyone, default=everyone)
    options = parser.parse_args()
    given = {"nanoGPT": options.nanogpt, "OpenNMT-py": options.opennmt}
    folders = {name: folder.resolve() for name, folder in given.items() if folder is not None}
    if "PELLUCID_DATA" not in os.environ:
        parser.error("set PELLUCID_DATA to the folder of the data sets that recipes/ names")
    for name, folder in folders.items():
        if not folder.is_dir():
            parser.error(f"{folder}, given for {name}, is no folder")
    able = has_bfloat16(torch.device("cpu"))
    lines = [
        f"{options.threads} thread, medians of {options.rounds} interleaved rounds. Everything is float32"
        + (
            " but what is called bfloat16, whose products are."
            if able
            else "; this processor has no instructions for bfloat16, so that is not measured."
        )
        + " nanoGPT trains as its train.py does with dropout 0 and decay_lr off; tuned, it has explicit attention,"
        " fused AdamW and torch.compile. The same optimizer and constant learning rate for all.",
        "",
    ]
    # Where the peers' folders lie on this machine is nobody's business.
    arguments = [Path(argument).name if Path(argument).is_dir() else argument for argument in sys.argv[1:]]
    command = shlex.join(["python", "benchmarks/training.py", *arguments])
    for case in options.cases:
        lines += report(case, *measure(case, options.peers, folders, options.rounds, options.threads))
        write_result(options.name, command, lines, "torch")  # a case that is broken off loses only itself


if __name__ == "__main__":
    main()
