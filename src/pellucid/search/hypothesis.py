"""What decoding yields for one sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ending = Literal["eos", "stop", "length"]


@dataclass(frozen=True)
class Hypothesis:
    """A sequence that a model has written.

    Args:
        ids: its tokens, without bos, prompt and eos.
        log_probability: natural logarithm of its probability under the model, eos included where it was written.
        score: what hypotheses are ranked by: `log_probability` over the length penalty.
        ending: "eos", "stop" (a stop string was completed) or "length" (as long as was allowed).
    """

    ids: tuple[int, ...]
    log_probability: float
    score: float
    ending: Ending

    @property
    def num_generated(self) -> int:
        """Tokens that were chosen, eos included."""
        return len(self.ids) + (self.ending == "eos")
