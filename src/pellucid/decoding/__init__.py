"""From a model's probabilities to texts: greedy decoding, beam search, sampling, scoring."""

from pellucid.decoding.beam import Beams, beam_search
from pellucid.decoding.generation import Piece, greedy, sample, stream
from pellucid.decoding.hypothesis import Hypothesis
from pellucid.decoding.metrics import Quality, quality
from pellucid.decoding.scoring import score
from pellucid.decoding.settings import Sampling
from pellucid.decoding.translator import Translation, Translator, translate_ids

__all__ = [
    "Beams",
    "Hypothesis",
    "Piece",
    "Quality",
    "Sampling",
    "Translation",
    "Translator",
    "beam_search",
    "greedy",
    "quality",
    "sample",
    "score",
    "stream",
    "translate_ids",
]
