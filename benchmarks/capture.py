"""What capturing costs: time and memory of a forward pass with and without, a row, an overview.

    python benchmarks/capture.py [--n 1024] [--layers 12]

A GPT-2-small shape, randomly initialised, one thread, float32. Forward passes with and without capture alternate; the
medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

import pellucid


def seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1024)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    from transformers import GPT2Config, GPT2Model

    n, layers = options.n, options.layers
    model = GPT2Model(GPT2Config(n_layer=layers, n_positions=max(n, 1024), use_cache=False)).eval()
    ids = torch.randint(0, 50000, (1, n))
    recordings: list[pellucid.Recording] = []

    def plain() -> None:
        model(ids)

    def captured() -> None:
        with pellucid.capture(model) as recording:
            model(ids)
        recordings[:] = [recording]

    with torch.no_grad():
        plain()
        captured()
        pairs = [(seconds(plain), seconds(captured)) for _ in range(options.repeats)]
    without, with_capture = (statistics.median(times) for times in zip(*pairs, strict=True))
    recording = recordings[0]
    matrices = 3 * layers * n * 768 * 4
    head = recording.layers[0].head(3)
    verifying = seconds(lambda: recording.layers[0].verification)
    rows = [seconds(lambda: head.row(n - 1)) for _ in range(20)]
    head.overview()
    looking = statistics.median(seconds(head.overview) for _ in range(3))
    a, b = torch.randn(2048, 64), torch.randn(64, n)
    products = statistics.median(seconds(lambda: a @ b) for _ in range(9)) / 2048
    print(f"n = {n}, {layers} layers, torch {torch.__version__}, one thread")
    print(f"forward {without * 1e3:.0f} ms, captured {with_capture * 1e3:.0f} ms ({with_capture / without - 1:+.1%})")
    print(f"kept {recording.kept_bytes / 2**20:.1f} MiB, {recording.kept_bytes / matrices:.3f} of Q, K and V")
    print(f"attention matrices would be {layers * 12 * n * n * 4 / 2**20:.0f} MiB")
    print(f"a row {statistics.median(rows) * 1e3:.2f} ms; verifying a layer {verifying * 1e3:.0f} ms")
    print(f"overview of a head {looking * 1e3:.0f} ms; its two products {products * 2 * n * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
