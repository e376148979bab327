"""Translating and generating behind glass: every word with its candidates, and what the model looked at for it.

A search runs as always and is watched: its logits are kept, and of a beam search its beams. Any step is then opened by
running its pass again, whole, in float64, with every number kept; how far its logits are from those that the search
had is measured and shown.
"""

from pellucid.production.producer import Producer
from pellucid.production.production import Production
from pellucid.production.step import Candidate, ProducedStep

__all__ = ["Candidate", "ProducedStep", "Producer", "Production"]
