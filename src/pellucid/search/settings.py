"""How tokens are sampled, checked when it is said."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.errors import InputError
from pellucid.search import filters
from pellucid.search.rows import RowMath, Rows


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn.

    Args:
        temperature: logits are divided by it; 0 takes the likeliest token.
        top_k: only the k likeliest; 0 for all.
        top_p: only the likeliest that together reach this probability; 1 for all.
        min_p: only those at least this many times as likely as the likeliest; 0 for all.
        repetition_penalty: above 1 makes tokens of the text so far less likely; 1 for none.

    Raises:
        InputError: a number is out of its range.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        _require(0 <= self.temperature < float("inf"), "temperature", self.temperature, "a number of at least 0")
        _require(self.top_k >= 0, "top_k", self.top_k, "a whole number of at least 0 (0 for all tokens)")
        _require(0 < self.top_p <= 1, "top_p", self.top_p, "greater than 0 and at most 1 (1 for all tokens)")
        _require(0 <= self.min_p <= 1, "min_p", self.min_p, "at least 0 and at most 1 (0 for all tokens)")
        _require(
            0 < self.repetition_penalty < float("inf"),
            "repetition_penalty",
            self.repetition_penalty,
            "a number greater than 0 (1 for none)",
        )

    @property
    def greedy(self) -> bool:
        """Whether nothing is left to chance."""
        return self.temperature == 0

    def adjust(self, maths: RowMath, logits: Rows, seen: Rows | None) -> Rows:
        """The logits that are sampled from.

        Args:
            maths: of the logits' library.
            logits: the model's, (rows, vocabulary).
            seen: the tokens so far, (rows, n); needed only for the repetition penalty.
        """
        if self.repetition_penalty != 1 and seen is not None:
            logits = filters.repetition_penalty(maths, logits, seen, self.repetition_penalty)
        if self.greedy:
            return logits
        if self.temperature != 1:
            # From the largest, so that no quotient becomes infinite but those of what is then impossible.
            logits = (logits - maths.largest(logits)) / max(self.temperature, _LEAST_TEMPERATURE)
        if self.top_k:
            logits = filters.top_k(maths, logits, self.top_k)
        if self.top_p < 1:
            logits = filters.top_p(maths, logits, self.top_p)
        if self.min_p > 0:
            logits = filters.min_p(maths, logits, self.min_p)
        return logits


def _require(holds: bool, name: str, value: int | float, needed: str) -> None:
    if not holds:
        raise InputError(f"{name} must be {needed}, not {value!r}.")


GREEDY = Sampling(temperature=0.0)
_LEAST_TEMPERATURE = 1e-30
"""What is colder is no float32 any more, and takes the likeliest like this one."""
