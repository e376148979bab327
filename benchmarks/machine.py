"""What a measurement was made on, as lines of Markdown."""

from __future__ import annotations

import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def describe(*packages: str) -> str:
    """Date, processor, cores, Python and the versions of some packages."""
    versions = ", ".join(f"{package} {version(package)}" for package in ("pellucid", "numpy", *packages))
    return (
        f"Measured on {date.today().isoformat()}: {_processor()}, {os.cpu_count()} cores, "
        f"{platform.system()}, Python {platform.python_version()}, {versions}."
    )


def write_result(name: str, command: str, lines: list[str], *packages: str) -> None:
    """Print a result and keep it as `results/NAME.md`, with the command that made it."""
    text = "\n".join([f"# {name}", "", f"`{command}`", "", describe(*packages), "", *lines, ""])
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
