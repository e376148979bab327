"""What capturing costs: a forward pass with and without, a row, an overview.

    python benchmarks/capture.py [--n 1024] [--layers 12]
    python benchmarks/capture.py --keys 131072      # one query against so many keys, as in a step with a cache

A GPT-2-small shape, randomly initialised, one thread, float32. Times are of the processor, so that what else runs on
the machine counts less; of a forward pass the program's own part and the system's, which hands out fresh memory, are
told apart. Forward passes with and without capture alternate; the medians are compared.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
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
    head, last = layer.head(1), layer.shape[2] - 1
    first = seconds(lambda: head.row(last))
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1024)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--keys", type=int, help="no forward passes: one query against so many keys")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
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
