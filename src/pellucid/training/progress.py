"""What a training tells its user: a bar with rates and the time left, or plain lines where there is no terminal."""

from __future__ import annotations

import sys
import time
from typing import Any


class Progress:
    """Hears of a training, and tells nothing."""

    def start(self, step: int, steps: int) -> None:
        """It begins, or goes on, after a step."""

    def advance(self, step: int, values: dict[str, float] | None) -> None:
        """A step is done; with values when they are to be shown: "loss", "tokens_per_second" and others."""

    def say(self, line: str) -> None:
        """Something to be read."""

    def close(self) -> None:
        """It ends."""


class Lines(Progress):
    """A line for each report, on standard output."""

    def start(self, step: int, steps: int) -> None:
        """Remember the time."""
        self._first, self._steps, self._since = step, steps, time.monotonic()

    def advance(self, step: int, values: dict[str, float] | None) -> None:
        """A line, if there are values."""
        if values is not None:
            left = (time.monotonic() - self._since) / max(1, step - self._first) * (self._steps - step)
            self.say(f"step {step}/{self._steps}  {spell(values)}  {duration(left)} left")

    def say(self, line: str) -> None:
        """The line, at once also through a pipe."""
        print(line, file=sys.stdout, flush=True)


class Bar(Progress):
    """A bar in a terminal; what is said stands above it."""

    def start(self, step: int, steps: int) -> None:
        """Draw it."""
        from rich import progress

        columns: list[Any] = [
            progress.TextColumn("step"),
            progress.MofNCompleteColumn(),
            progress.BarColumn(),
            progress.TextColumn("{task.fields[values]}"),
            progress.TimeElapsedColumn(),
            progress.TextColumn("·"),
            progress.TimeRemainingColumn(),
            progress.TextColumn("left"),
        ]
        self._bar = progress.Progress(*columns, refresh_per_second=4)
        self._bar.start()
        self._task = self._bar.add_task("training", total=steps, completed=step, values="")

    def advance(self, step: int, values: dict[str, float] | None) -> None:
        """Move it."""
        if values is None:
            self._bar.update(self._task, completed=step)
        else:
            self._bar.update(self._task, completed=step, values=spell(values))

    def say(self, line: str) -> None:
        """Above the bar, once there is one."""
        if hasattr(self, "_bar"):
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, flush=True)

    def close(self) -> None:
        """Leave it as it is."""
        if hasattr(self, "_bar"):
            self._bar.stop()


def make_progress() -> Progress:
    """A bar in a terminal, else lines."""
    return Bar() if sys.stdout is not None and sys.stdout.isatty() else Lines()


def spell(values: dict[str, float]) -> str:
    """`loss 3.2145  1,234 tokens/s`, and so on."""
    words = []
    for name, value in values.items():
        if name == "tokens_per_second":
            words.append(f"{value:,.0f} tokens/s")
        elif name == "learning_rate":
            words.append(f"learning rate {value:.2e}")
        elif name in ("bleu", "chrf"):
            words.append(f"{ {'bleu': 'BLEU', 'chrf': 'chrF'}[name] } {value:.2f}")
        elif name in ("loss", "perplexity"):
            words.append(f"{name} {value:.4f}")
    return "  ".join(words)


def duration(seconds: float) -> str:
    """`0:07`, `12:30` or `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
