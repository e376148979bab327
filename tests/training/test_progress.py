"""The bar of `pellucid train`, in a terminal of its own."""

import os
import pty
import re
import sys
from subprocess import Popen

import pytest

from pellucid.training.progress import Bar, Lines, duration, make_progress, spell
from tiny_training import TINY, toml_of


def in_terminal(*arguments: str, **environment: str) -> tuple[int, str]:
    """A command's exit status and all that it writes to a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pellucid", *arguments]
    variables = {**os.environ, "TERM": "xterm", "COLUMNS": "300", "OMP_NUM_THREADS": "1", **environment}
    process = Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables)
    os.close(theirs)
    written = bytearray()
    try:
        while piece := os.read(ours, 65536):
            written += piece
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    return process.wait(), written.decode()


def test_a_terminal_shows_a_bar_and_above_it_what_is_said(tmp_path):
    path, folder = tmp_path / "tiny.toml", tmp_path / "run"
    path.write_text(toml_of(TINY))
    status, written = in_terminal("train", str(path), "-o", str(folder), "--set", "training.steps=5")
    assert status == 0, written
    assert "\x1b[?25l" in written  # the cursor is hidden while the bar moves …
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")  # … and shown again
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written).replace("\r", "\n")
    lines = [line.strip() for line in plain.split("\n") if line.strip()]
    assert lines[0].startswith("tiny: ")
    assert any(re.match(r"step 4/5 +validation: loss \d\.\d{4}", line) for line in lines)
    bars = [line for line in lines if re.match(r"step +\d/5 ", line) and "━" in line]
    assert re.match(r"step 5/5 ━+ loss \d\.\d{4} +[\d,]+ tokens/s +learning rate \d\.\d\de[-+]\d\d .* left$", bars[-1])
    assert lines[-1].startswith("the model is in ")


@pytest.mark.parametrize(("terminal", "kind"), [(True, Bar), (False, Lines)])
def test_the_bar_is_for_terminals_only(terminal, kind, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert type(make_progress()) is kind


def test_values_are_spelt_with_their_units():
    values = {"loss": 3.21454, "tokens_per_second": 1234.4, "learning_rate": 0.0005, "bleu": 41.018, "epoch": 2.0}
    assert spell(values) == "loss 3.2145  1,234 tokens/s  learning rate 5.00e-04  BLEU 41.02"


@pytest.mark.parametrize(("seconds", "spelt"), [(7.4, "0:07"), (750.0, "12:30"), (3723.0, "1:02:03")])
def test_durations(seconds, spelt):
    assert duration(seconds) == spelt
