"""How long `pellucid check` takes for documents of 5 MB, of several kinds.

python benchmarks/checking_speed.py [--megabytes 5]
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from time import perf_counter

from machine import write_result

from pellucid.checking import check_file

TARGET = 10.0
"""Seconds for 5 MB."""

EXAMPLE = """## Six words

"a": Query = [0.2, 0.5], Key = [0.1, 0.3], Value = [0.3, 0.2]

"b": Query = [0.4, 0.6], Key = [0.2, 0.4], Value = [0.5, 0.3]

Attention(Q, K, V) = softmax(QK^T / sqrt(d_k)) V

Dot Product (a, b) = 0.2×0.2+0.5×0.4 = 0.24

Dot Product (b, a) = 0.4×0.1+0.6×0.3 = 0.23

"""
PROSE = (
    "The Transformer of 2017 has {} layers in its base model [{}], and its authors (see section 3.{}) scale the "
    "scores; a reader who wants the numbers finds x = {} in the appendix, at about {} % of the length, with "
    "y_{} = f(2).\n\n"
)


def repeated(text: str, size: int) -> str:
    """The same text again and again."""
    return text * (size // len(text))


def prose(size: int) -> str:
    """Paragraphs that differ in their numbers."""
    random_numbers = random.Random(0)
    paragraphs: list[str] = []
    length = 0
    while length < size:
        paragraphs.append(PROSE.format(*(random_numbers.randrange(100) for _ in range(6))))
        length += len(paragraphs[-1])
    return "".join(paragraphs)


def equations(size: int) -> str:
    """Dot products, each with other numbers."""
    random_numbers = random.Random(0)
    lines: list[str] = []
    length = 0
    while length < size:
        a, b, c, d = (random_numbers.randrange(100) / 10 for _ in range(4))
        lines.append(f"q{len(lines)} · k = {a}×{b} + {c}×{d} = {round(a * b + c * d, 2)}\n\n")
        length += len(lines[-1])
    return "".join(lines)


def matrix(size: int) -> str:
    """One array of random numbers, printed."""
    random_numbers = random.Random(0)
    row = ", ".join(f"{random_numbers.random():.4f}" for _ in range(12))
    rows = [f"[{row}]"] * (size // (len(row) + 4))
    return "```\nQ = [" + ",\n ".join(rows) + "]\n```\n"


KINDS: dict[str, Callable[[int], str]] = {
    "a worked example, again and again": lambda size: repeated(EXAMPLE, size),
    "prose with numbers in it": prose,
    "one printed matrix": matrix,
    "nothing but dot products, all different": equations,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=5.0)
    size = int(parser.parse_args().megabytes * 1e6)
    lines = ["| document | size | checked | seconds |", "|---|---|---|---|"]
    for name, make in KINDS.items():
        data = make(size).encode()
        start = perf_counter()
        report = check_file("document.md", data)
        seconds = perf_counter() - start
        assert not report.reason, report.reason
        lines.append(f"| {name} | {len(data) / 1e6:.1f} MB | {report.checked:,} | {seconds:.1f} |")
    lines += ["", f"Markdown, one process, one run. Target: under {TARGET:g} s."]
    write_result("checking-speed", "python benchmarks/checking_speed.py", lines)


if __name__ == "__main__":
    main()
