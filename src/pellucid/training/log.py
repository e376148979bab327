"""The log of a training: a line of JSON for each report, and TensorBoard's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pellucid.errors import MissingExtraError, OutputError
from pellucid.files import write_atomically


class Log:
    """`log.jsonl` and `tensorboard/` in a training's folder.

    Args:
        folder: the training's.
        step: the one it goes on from; what an interrupted run logged beyond it is removed.
        tensorboard: whether to write for TensorBoard too.

    Raises:
        OutputError: it cannot be written.
        MissingExtraError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path, step: int, tensorboard: bool) -> None:
        self._path = folder / "log.jsonl"
        kept = [line for line in self._lines() if line["step"] <= step]
        write_atomically(self._path, "".join(json.dumps(line) + "\n" for line in kept))
        self._writer = _tensorboard(folder / "tensorboard", step) if tensorboard else None

    def add(self, step: int, kind: str, values: dict[str, float]) -> None:
        """Add a line, such as {"step": 50, "kind": "training", "loss": 3.2}.

        Raises:
            OutputError: it cannot be written.
        """
        line: dict[str, Any] = {"step": step, "kind": kind, **values}
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            if self._writer is not None:
                for name, value in values.items():
                    self._writer.add_scalar(f"{kind}/{name}", value, step)
        except OSError as error:
            raise OutputError(f"{self._path} cannot be written: {error.strerror or error}.") from None

    def close(self) -> None:
        """Finish the files."""
        if self._writer is not None:
            self._writer.close()

    def _lines(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        lines = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:  # the run was killed while it wrote its last line
                break
        return lines


def _tensorboard(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MissingExtraError(
            "TensorBoard", "torch", "write its logs (or set training.tensorboard = false)"
        ) from None
    return SummaryWriter(str(folder), purge_step=step + 1)
