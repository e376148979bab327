"""Decoding with models in PyTorch: greedy decoding, beam search, sampling, scoring, evaluation.

The searches themselves are in `pellucid.search`.
"""

import pellucid.nn  # noqa: F401  (first: where PyTorch is missing, it says what to install)
from pellucid.decoding.beam import beam_search
from pellucid.decoding.generation import greedy, sample, stream
from pellucid.decoding.metrics import Quality, quality
from pellucid.decoding.scoring import score
from pellucid.decoding.translator import TorchTranslator, translate_ids

__all__ = [
    "Quality",
    "TorchTranslator",
    "beam_search",
    "greedy",
    "quality",
    "sample",
    "score",
    "stream",
    "translate_ids",
]
