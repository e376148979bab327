"""`pellucid explain` as a whole process against `python -c "import numpy"`, alternately in one run.

python benchmarks/startup.py [--rounds N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from statistics import median
from time import perf_counter

from machine import write_result

TARGET = 3.0
COMMANDS = {
    "python -c 'import numpy'": [sys.executable, "-c", "import numpy"],
    "pellucid explain": [sys.executable, "-m", "pellucid", "explain"],
    "pellucid explain --to json": [sys.executable, "-m", "pellucid", "explain", "--to", "json"],
}


def seconds(command: list[str]) -> float:
    start = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        seconds(command)  # fills the caches of files and bytecode
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    baseline = median(next(iter(times.values())))
    lines = ["| process | median | against import numpy |", "|---|---|---|"]
    for name, measured in times.items():
        lines.append(f"| `{name}` | {1000 * median(measured):.0f} ms | {median(measured) / baseline:.2f}× |")
    lines += ["", f"{rounds} rounds, alternating. Target for `pellucid explain`: at most {TARGET:g}×."]
    write_result("startup", "python benchmarks/startup.py", lines)


if __name__ == "__main__":
    main()
