"""The command as a user meets it: a whole process, its output, its exit code."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Result = subprocess.CompletedProcess[str]


@pytest.fixture
def pellucid() -> Callable[..., Result]:
    def run(*arguments: str, cwd: Path | None = None, **environment: str) -> Result:
        return subprocess.run(
            [sys.executable, "-m", "pellucid", *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=cwd,
            env={**os.environ, **environment},
            timeout=120,
        )

    return run


@pytest.fixture
def assert_one_sentence() -> Callable[..., None]:
    def check(result: Result, *parts: str) -> None:
        assert result.returncode == 2
        assert result.stdout == ""
        assert result.stderr.startswith("pellucid: ")
        assert result.stderr.count("\n") == 1
        assert result.stderr.rstrip().endswith((".", "?", ")"))
        for part in parts:
            assert part in result.stderr

    return check
