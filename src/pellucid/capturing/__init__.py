"""Records attention in any PyTorch model, and verifies it.

    with pellucid.capture(model, tokenizer) as recording:
        model(**inputs)
    recording.layers[3].head(5).row("sitting").to_text()

Reading order: `tracer` (finds attention among the operations), `record` (what is kept), `compute` (its numbers in
float64), `verification`, `derive` (a row as a derivation), `recording` (what the reader gets).
"""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401  (only to see that it is there)
except ImportError:
    from pellucid.errors import MissingExtraError

    raise MissingExtraError("PyTorch", "torch", "capture a model's attention") from None

from pellucid.capturing.capture import capture
from pellucid.capturing.comparison import Comparison
from pellucid.capturing.layer import CapturedHead, Layer
from pellucid.capturing.marks import Token
from pellucid.capturing.overview import Overview
from pellucid.capturing.recording import Recording, Unrecorded
from pellucid.capturing.steps import GenerationStep, generation_steps
from pellucid.capturing.summary import HeadSummary, Summary
from pellucid.capturing.top_keys import TopKeys
from pellucid.capturing.verification import Verification

__all__ = [
    "CapturedHead",
    "Comparison",
    "GenerationStep",
    "HeadSummary",
    "Layer",
    "Overview",
    "Recording",
    "Summary",
    "Token",
    "TopKeys",
    "Unrecorded",
    "Verification",
    "capture",
    "generation_steps",
]
