"""Deriving a large example against the same computation in bare NumPy, and spelling one row of it.

Multi-head self-attention with 8 heads, n = 1024 and d_model = 512 in float32, with projections and output
projection. Both compute the same steps from the same arrays in one process, alternately; the figures are medians.

    python benchmarks/explain.py [--rounds N]
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
from machine import write_result

import pellucid
from pellucid.expressions.text import TextPrinter
from pellucid.rendering.document import Working
from pellucid.rendering.focus import Focus, Selection

N, D_MODEL, HEADS = 1024, 512, 8
PROJECTIONS = ("query", "key", "value", "output")


def inputs(seed: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    random = np.random.default_rng(seed)
    x = random.standard_normal((N, D_MODEL), dtype=np.float32)
    scale = np.float32(1 / math.sqrt(D_MODEL))
    weights = {name: random.standard_normal((D_MODEL, D_MODEL), dtype=np.float32) * scale for name in PROJECTIONS}
    return x, weights


def bare(x: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """What a person would write, keeping every step as pellucid does."""
    query, key, value = ((x @ weights[name]).reshape(N, HEADS, -1).swapaxes(0, 1) for name in ("query", "key", "value"))
    scores = query @ key.swapaxes(1, 2)
    scaled = scores / np.float32(math.sqrt(query.shape[-1]))
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    attention = exponentials / exponentials.sum(axis=-1, keepdims=True)
    outputs = attention @ value
    joined = outputs.swapaxes(0, 1).reshape(N, D_MODEL)
    return joined @ weights["output"]


def derived(x: np.ndarray, weights: dict[str, np.ndarray]) -> pellucid.Derivation:
    example = pellucid.Example(title="large", embeddings=x, weights=weights, num_heads=HEADS)
    return pellucid.explain(example, dtype="float32")


def spelled(derivation: pellucid.Derivation) -> list[Working]:
    """The row of one token in one head, as `pellucid explain` spells it: scores, scaling, softmax, weighted sum."""
    focus = Focus(derivation, Selection(query=N // 2, head=3))
    return [
        focus.along_keys(derivation["scores"]),
        focus.along_keys(derivation["scaled_scores"]),
        focus.softmax(),
        focus.along_features(derivation["head_outputs"]),
    ]


def weights_row(derivation: pellucid.Derivation) -> Working:
    """The row of weights alone."""
    return Focus(derivation, Selection(query=N // 2, head=3)).softmax()


def printed(derivation: pellucid.Derivation) -> list[str]:
    """The same as text."""
    text = TextPrinter(derivation.notation)
    return [
        text(expression) for working in spelled(derivation) for line in working.lines for expression in line.expressions
    ]


def seconds(derivation: pellucid.Derivation, make: Callable[[pellucid.Derivation], object], rounds: int = 51) -> float:
    times = []
    for _ in range(rounds):
        start = perf_counter()
        make(derivation)
        times.append(perf_counter() - start)
    return median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    x, weights = inputs()
    expected, derivation = bare(x, weights), derived(x, weights)
    difference = float(np.abs(expected - derivation["output"].value).max())
    times: dict[str, list[float]] = {"bare NumPy": [], "pellucid, every step kept": []}
    for _ in range(rounds):
        for name, compute in zip(times, (bare, derived), strict=True):
            start = perf_counter()
            compute(x, weights)
            times[name].append(perf_counter() - start)
    baseline = median(times["bare NumPy"])
    lines = [f"8 heads, n = {N}, d_model = {D_MODEL}, float32; largest difference of the outputs: {difference:g}.", ""]
    lines += ["| what | median | against bare NumPy |", "|---|---|---|"]
    for name, measured in times.items():
        lines.append(f"| {name} | {1000 * median(measured):.0f} ms | {median(measured) / baseline:.2f}× |")
    lines += ["", "| one row spelled out | median |", "|---|---|"]
    for name, make in (
        ("one weight, as an expression tree", lambda d: d["weights"].at(3, N // 2, 7).expression),
        ("its row of weights: the sum and 12 of 1,024 keys, as expression trees", weights_row),
        ("the row through all four stages: scores, scaling, softmax, weighted sum", spelled),
        ("the same printed as text", printed),
    ):
        lines.append(f"| {name} | {1000 * seconds(derivation, make):.3f} ms |")
    lines += ["", f"{rounds} rounds, alternating. Targets: at most 1.5×; one row spelled out in under 1 ms."]
    write_result("explain", "python benchmarks/explain.py", lines)


if __name__ == "__main__":
    main()
