"""From a model's logits to sequences and texts: greedy decoding, sampling, beam search; written once, without PyTorch.

What a search needs of a model is a `State`; the opened Transformer's is here, PyTorch's are in `pellucid.decoding`.
"""

from __future__ import annotations

from pellucid.search.beam import Beams, Branch, beam_search
from pellucid.search.engine import Engine, NumpyEngine
from pellucid.search.generator import Generator
from pellucid.search.hypothesis import Ending, Hypothesis
from pellucid.search.one_by_one import Piece, gathered, one_by_one
from pellucid.search.settings import GREEDY, Sampling
from pellucid.search.state import State
from pellucid.search.trace import Trace
from pellucid.search.transformer_state import TransformerState
from pellucid.search.translator import Translation, Translator

__all__ = [
    "GREEDY",
    "Beams",
    "Branch",
    "Ending",
    "Engine",
    "Generator",
    "Hypothesis",
    "NumpyEngine",
    "Piece",
    "Sampling",
    "State",
    "Trace",
    "TransformerState",
    "Translation",
    "Translator",
    "beam_search",
    "gathered",
    "one_by_one",
]
