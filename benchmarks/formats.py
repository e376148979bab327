"""Time and size of every format for one large example: is it still usable?

One head over n tokens with d_k = 64, causal mask, float64; every format is rendered once from one derivation.

    python benchmarks/formats.py [--tokens N]
"""

from __future__ import annotations

import argparse
from time import perf_counter

import numpy as np
from machine import write_result

import pellucid
from pellucid.errors import OutputError
from pellucid.rendering import FORMATS


def example(tokens: int, d_k: int = 64) -> pellucid.Example:
    random = np.random.default_rng(0)
    arrays = {name: random.standard_normal((tokens, d_k)) for name in ("query", "key", "value")}
    return pellucid.Example(title="large", tokens=[f"t{i}" for i in range(tokens)], mask="causal", **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, nargs="*", default=[128, 512])
    sizes = parser.parse_args().tokens
    lines = ["One head, d_k = 64, causal mask, float64.", "", "| n | format | time | size |", "|---|---|---|---|"]
    for tokens in sizes:
        start = perf_counter()
        derivation = pellucid.explain(example(tokens))
        lines.append(f"| {tokens} | (the derivation) | {perf_counter() - start:.2f} s | |")
        for name in FORMATS:
            start = perf_counter()
            try:
                data = derivation.to(name)
            except OutputError as error:
                lines.append(f"| {tokens} | {name} | refused: {error} | |")
                continue
            size = len(data.encode() if isinstance(data, str) else data)
            lines.append(f"| {tokens} | {name} | {perf_counter() - start:.2f} s | {size / 1e6:.2f} MB |")
    write_result("formats", "python benchmarks/formats.py", lines)


if __name__ == "__main__":
    main()
