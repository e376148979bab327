"""What capturing costs: a forward pass with and without, a row, an overview.

    python benchmarks/capture.py [--n 1024] [--layers 12]
    python benchmarks/capture.py --keys 131072      # one query against so many keys, as in a step with a cache
    python benchmarks/capture.py --peers PYTHON [--lengths 256 1024 …]      # against others, see capture_peers.py

PYTHON is the interpreter of an environment that the peers have for themselves, none of which need be there:

    python -m venv peers && peers/bin/pip install torch==2.13.0 transformers bertviz transformer_lens nnsight

Each way to look runs in a process of its own with a limit of time and of memory, on the same weights and the same ids;
a way that a length was too much for is not tried with more. That the numbers seen are the same is compared.

A GPT-2-small shape, randomly initialised, one thread, float32. Times are of the processor, so that what else runs on
the machine counts less; of a forward pass the program's own part and the system's, which hands out fresh memory, are
told apart. Forward passes with and without capture alternate; the medians are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from capture_peers import WAYS
from machine import write_result
from torch import nn

import pellucid


def seconds(work: Callable[[], Any]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def shares(work: Callable[[], Any]) -> tuple[float, float, int]:
    """Seconds in the program, seconds in the system, and pages of memory that were handed out."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    faults = after.ru_minflt - before.ru_minflt
    return after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime, faults


def forward_passes(n: int, layers: int, repeats: int) -> pellucid.Recording:
    from transformers import GPT2Config, GPT2Model

    model = GPT2Model(GPT2Config(n_layer=layers, n_positions=max(n, 1024), use_cache=False)).eval()
    ids = torch.randint(0, 50000, (1, n))
    recordings: list[pellucid.Recording] = []

    def captured() -> None:
        with pellucid.capture(model) as recording:
            model(ids)
        recordings[:] = [recording]

    with torch.no_grad():
        model(ids)
        captured()
        pairs = [(shares(lambda: model(ids)), shares(captured)) for _ in range(repeats)]
    for name, runs in zip(("forward", "captured"), zip(*pairs, strict=True), strict=True):
        program, system, faults = (statistics.median(values) for values in zip(*runs, strict=True))
        print(f"{name} {program * 1e3:.0f} ms, and {system * 1e3:.0f} ms of the system for {faults:.0f} pages")
    for part, what in ((0, "in the program"), (1, "in the system")):
        change = statistics.median(captured[part] - plain[part] for plain, captured in pairs)
        total = statistics.median(sum(plain[:2]) for plain, _ in pairs)
        print(f"recording costs {change / total:+.1%} of the forward pass {what}")
    (recording,) = recordings
    kept, matrices = recording.kept_bytes, 3 * layers * n * 768 * 4
    print(f"kept {kept / 2**20:.1f} MiB, {kept / matrices:.3f} of Q, K and V")
    print(f"attention matrices would be {layers * 12 * n * n * 4 / 2**20:.0f} MiB")
    return recording


class OneStep(nn.Module):
    """One query against the keys of a long text."""

    def forward(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return nn.functional.scaled_dot_product_attention(q, k, v)


def one_step(n_k: int) -> pellucid.Recording:
    q, k, v = (torch.randn(1, 2, n, 64) for n in (1, n_k, n_k))
    model = OneStep()
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(q, k, v)
    return recording


def rows_of(layer: Any) -> None:
    verifying = seconds(lambda: layer.verification)
    last = layer.shape[2] - 1
    first = statistics.median(seconds(lambda head=head: layer.head(head).row(last)) for head in range(layer.num_heads))
    head = layer.head(1)
    head.row(last)
    rows = statistics.median(seconds(lambda: head.row(last)) for _ in range(20))
    print(f"verifying a layer {verifying * 1e3:.0f} ms")
    print(f"the first row of a head {first * 1e3:.1f} ms, further ones {rows * 1e3:.2f} ms")


def overview_of(layer: Any) -> None:
    n_q, n_k = layer.shape[2:]
    head = layer.head(1)
    head.overview()
    looking = statistics.median(seconds(head.overview) for _ in range(5))
    a, b = torch.randn(2048, 64), torch.randn(64, n_k)
    product = statistics.median(seconds(lambda: a @ b) for _ in range(9)) / 2048 * n_q
    share = 2 * product / looking
    print(
        f"overview of a head {looking * 1e3:.0f} ms; its two products alone {2e3 * product:.0f} ms, {share:.0%} of that"
    )


WORKER = Path(__file__).parent / "capture_peers.py"
REFERENCE = "pellucid, a row of every head"
TOO_MUCH = ("MemoryError", "not enough memory", "can't allocate memory", "Cannot allocate memory", "bad_alloc")


@dataclass(frozen=True)
class Outcome:
    """What became of one way to look; see `capture_peers.py`.

    Args:
        found: what it measured; `None` where it ended.
        reason: why it ended.
    """

    found: dict[str, Any] | None
    reason: str = ""


def tried(way: str, python: str, folder: Path, n: int, minutes: float, gibibytes: float) -> Outcome:
    """One way to look at one length, within its limits."""
    command = [python, str(WORKER), way, str(folder), str(n), "--memory", str(gibibytes)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "HF_HUB_OFFLINE": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=minutes * 60, env=environment)
    except subprocess.TimeoutExpired:
        return Outcome(None, f"more than {minutes:g} minutes")
    if done.returncode == 0:
        return Outcome(json.loads(done.stdout.strip().splitlines()[-1]))
    if done.returncode == -signal.SIGKILL or any(sign in done.stderr for sign in TOO_MUCH):
        return Outcome(None, f"more than {gibibytes:g} GiB")
    if done.returncode < 0:
        return Outcome(None, f"ended by signal {-done.returncode}")
    last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    return Outcome(None, "not installed" if "ModuleNotFoundError" in last else last)


def distance(ends: list[list[float]], reference: list[list[float]]) -> float:
    """The largest difference of two rows of weights, of the first head and of the last."""
    return float((torch.tensor(ends) - torch.tensor(reference)).abs().max())


def against(options: argparse.Namespace) -> list[str]:
    """The lines of a table for each length."""
    from transformers import GPT2Config, GPT2LMHeadModel

    lines: list[str] = []
    ended: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as temporary:
        config = GPT2Config(n_layer=options.layers, n_positions=max(options.lengths))
        GPT2LMHeadModel(config).save_pretrained(temporary)
        for n in options.lengths:
            lines += [
                f"## {n:,} tokens",
                "",
                "| | seconds | memory, MiB | page, MB | weights differ by |",
                "|---|---|---|---|---|",
            ]
            reference: list[list[float]] = []
            for way in options.ways:
                if way not in ended:
                    mine = way == "forward pass alone" or way.startswith(("pellucid", "transformers"))
                    python = sys.executable if mine else options.peers
                    outcome = tried(way, python, Path(temporary), n, options.minutes, options.gibibytes)
                    if outcome.found is None:
                        ended[way] = f"{outcome.reason}, at {n:,} tokens"
                if way in ended:
                    lines.append(f"| {way} | {ended[way]} | | | |")
                else:
                    found = outcome.found
                    if way == REFERENCE:
                        reference = found["ends"]
                    compared = way != REFERENCE and reference and found["ends"]
                    differ = f"{distance(found['ends'], reference):.0e}" if compared else ""
                    page = f"{found['page'] / 1e6:.1f}" if found["page"] else ""
                    lines.append(
                        f"| {way} | {found['seconds']:.2f} | {found['peak'] / 2**20:,.0f} | {page} | {differ} |"
                    )
                print(lines[-1], file=sys.stderr, flush=True)
            lines.append("")
    return lines


def compare_with_peers(options: argparse.Namespace) -> None:
    """Measures all ways and keeps what was found."""
    asked = [options.peers, "-c", "from importlib.metadata import version as v\n" + ASKED]
    versions = subprocess.run(asked, capture_output=True, text=True).stdout.strip()
    lines = [
        f"{options.layers} layers of GPT-2-small's shape, random weights, float32, one thread. Seconds are the "
        "processor's, the forward pass included. Memory is the most that the process had beyond the loaded model. "
        f"A way that needs more than {options.minutes:g} minutes or {options.gibibytes:g} GiB in all is ended. The "
        "weights compared are those that the last token gives in the first head and in the last; pellucid computes "
        "them in float64.",
        "",
        f"The peers: {versions or 'none'}.",
        "",
        *against(options),
    ]
    arguments = [Path(one).name if one == options.peers else one for one in sys.argv[1:]]
    write_result(
        options.name, shlex.join(["python", "benchmarks/capture.py", *arguments]), lines, "torch", "transformers"
    )


ASKED = """
found = []
for name in ("torch", "transformers", "bertviz", "transformer_lens", "nnsight"):
    try:
        found.append(f"{name} {v(name)}")
    except Exception:
        found.append(f"{name} is not installed")
print(", ".join(found))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1024)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--keys", type=int, help="no forward passes: one query against so many keys")
    peers = parser.add_argument_group("against others")
    peers.add_argument("--peers", metavar="PYTHON", help="the interpreter of an environment that has them")
    peers.add_argument("--lengths", type=int, nargs="+", default=[256, 1024, 2048, 4096, 8192])
    peers.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS), metavar="WAY")
    peers.add_argument("--minutes", type=float, default=15, help="that a way may take")
    peers.add_argument("--gibibytes", type=float, default=16, help="of memory that it may take")
    peers.add_argument("--name", default="capture-peers", help="of the result's file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if options.peers:
        compare_with_peers(options)
        return
    if options.keys:
        print(f"one query, {options.keys} keys, torch {torch.__version__}, one thread")
        rows_of(one_step(options.keys).layers[0])
        return
    print(f"n = {options.n}, {options.layers} layers, torch {torch.__version__}, one thread")
    layer = forward_passes(options.n, options.layers, options.repeats).layers[0]
    rows_of(layer)
    overview_of(layer)


if __name__ == "__main__":
    main()
