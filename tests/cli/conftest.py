"""The command as a user meets it: a whole process, its output, its exit code."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pellucid.cli import main

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


@pytest.fixture
def call(monkeypatch, capfd, tmp_path) -> Callable[..., tuple[int, str, str]]:
    """The command in this process, in an empty folder: its exit code, its output, what it says beside."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main.run(list(arguments))
        return end.value.code, *capfd.readouterr()

    return run


@pytest.fixture
def assert_mistake() -> Callable[..., None]:
    """That what `call` gives is one sentence with some parts in it, and no output."""

    def check(called: tuple[int, str, str], *parts: str) -> None:
        code, output, errors = called
        assert (code, output) == (2, "")
        assert errors.startswith("pellucid: ")
        assert errors.count("\n") == 1
        for part in parts:
            assert part in errors

    return check
