"""`pellucid.capture`: records attention while a model runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from pellucid.capturing.recorder import Recorder
from pellucid.capturing.recording import Recording
from pellucid.errors import InputError


@contextmanager
def capture(model: Any, tokenizer: Any = None, source_tokenizer: Any = None) -> Iterator[Recording]:
    """Records every attention that a model computes, and leaves every bit of its output as it is.

        with pellucid.capture(model, tokenizer) as recording:
            model(**inputs)
        recording.layers[3].head(5).row("sitting")

    Queries, keys and values are kept by reference. The arithmetic of a row is done when it is asked for, in float64,
    and compared with what the model computed.

    Args:
        model: any `torch.nn.Module`.
        tokenizer: names the tokens; transformers' or pellucid's.
        source_tokenizer: of what an encoder reads, where that is another one.

    Raises:
        InputError: `model` is no PyTorch module.
    """
    if not isinstance(model, nn.Module):
        raise InputError(f"a torch.nn.Module is needed to capture its attention, not {type(model).__name__}.")
    recorder = Recorder(model)
    recording = Recording(recorder.passes, tokenizer, recorder.notes, source_tokenizer)
    recorder.start()
    try:
        yield recording
    finally:
        recorder.stop()
