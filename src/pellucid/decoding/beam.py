"""Beam search (Vaswani et al. 2017, §6.1; Wu et al. 2016, §7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from pellucid.decoding.best import best
from pellucid.decoding.hypothesis import Ending, Hypothesis
from pellucid.decoding.length_penalty import LengthPenalty, wu
from pellucid.decoding.opening import decoding, open_state
from pellucid.decoding.state import State, limits
from pellucid.errors import InputError
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.nn.tensors import Float, Int, Tensor


@dataclass(slots=True)
class _Written:
    """A sequence as its last token and what was before it: beams share their beginnings."""

    token: int
    before: _Written | None


@dataclass(frozen=True)
class Beams:
    """How a beam search ranks and ends.

    Args:
        num_beams: hypotheses that are followed at a time.
        alpha: of the length penalty; 0 for none.
        penalty: from a length and α to the divisor of a log probability.
        n_best: hypotheses that are returned, best first; at most num_beams.
        early_stopping: end a sequence when num_beams hypotheses are finished, as transformers with
            `early_stopping=True`, fairseq and CTranslate2 do; else only when none that is still being followed can
            enter the n best.

    Raises:
        InputError: a number is out of its range.
    """

    num_beams: int = 4
    alpha: float = 0.6
    penalty: LengthPenalty = wu
    n_best: int = 1
    early_stopping: bool = True

    def __post_init__(self) -> None:
        if self.num_beams < 1:
            raise InputError(f"num_beams must be at least 1, not {self.num_beams}.")
        if not 1 <= self.n_best <= self.num_beams:
            raise InputError(
                f"n_best must be from 1 to num_beams ({self.num_beams}), not {self.n_best}; follow more beams for more."
            )
        if not 0 <= self.alpha < float("inf"):
            raise InputError(f"the length penalty must be at least 0, not {self.alpha!r}.")

    def score(self, log_probability: float, length: int) -> float:
        """What hypotheses are ranked by."""
        return log_probability / self.penalty(length, self.alpha)


@dataclass
class _Search:
    """One sequence's search: how long it may become, and what is finished."""

    max_length: int
    finished: list[Hypothesis] = field(default_factory=list)

    def n_best(self, beams: Beams) -> list[Hypothesis]:
        return sorted(self.finished, key=lambda hypothesis: -hypothesis.score)[: beams.n_best]


def beam_search(
    model: EncoderDecoder | DecoderOnly,
    sources: Sequence[Sequence[int]] | None = None,
    *,
    prompts: Sequence[Sequence[int]] | None = None,
    max_length: int | Sequence[int],
    min_length: int = 0,
    num_beams: int = 4,
    length_penalty: float = 0.6,
    penalty: LengthPenalty = wu,
    n_best: int = 1,
    early_stopping: bool = True,
    fused: bool = True,
) -> list[list[Hypothesis]]:
    """The likeliest continuations of each sequence that a beam search finds.

    Args:
        model: an encoder–decoder or a language model.
        sources: for an encoder–decoder: the ids of each, with eos.
        prompts: what each output begins with; it is not part of the result.
        max_length: new tokens at most, eos included; one number, or one for each sequence.
        min_length: new tokens at least, eos not counted.
        num_beams: hypotheses that are followed at a time.
        length_penalty: α; 0 for none.
        penalty: the formula of the length penalty.
        n_best: hypotheses that are returned for each sequence, best first.
        early_stopping: see `Beams`.
        fused: see `open_state`.

    Raises:
        InputError: a number is out of its range, or the model and what it is given do not belong together.
        LengthError: something is longer than the model's longest sequence.
    """
    beams = Beams(num_beams, length_penalty, penalty, n_best, early_stopping)
    if prompts is None:
        prompts = [[] for _ in sources or ()]
    with decoding(model):
        longest = limits(max_length, len(prompts))
        state = open_state(model, sources, prompts, max(longest, default=1), fused=fused)
        return search(state, longest, beams, model.config.eos_id, min_length)


def search(
    state: State, max_lengths: Sequence[int], beams: Beams, eos_id: int, min_length: int = 0
) -> list[list[Hypothesis]]:
    """Beam search over a state with one row for each sequence.

    All candidates of a step are of one length, so the length penalty does not matter among them: it ranks what is
    finished, and decides whether going on can pay.
    """
    k = beams.num_beams
    searches = [_Search(max_length) for max_length in max_lengths]
    alive = list(searches)
    device = state.logits.device
    scores = torch.zeros(len(searches), 1, device=device)
    written: list[list[_Written | None]] = [[None] for _ in searches]  # of each alive sequence, of each of its beams
    for length in range(1, max(max_lengths) + 1):
        if length <= min_length:
            state.logits[:, eos_id] = -torch.inf
        totals, tokens, origins = _candidates(state.logits, scores, 2 * k)
        kept_sequences: list[int] = []
        kept: list[tuple[list[float], list[int], list[int]]] = []
        step = zip(alive, totals.tolist(), tokens.tolist(), origins.tolist(), strict=True)
        for place, (sequence, row_totals, row_tokens, row_origins) in enumerate(step):
            before, last = written[place], length == sequence.max_length
            going: list[int] = []
            for rank, (total, token, origin) in enumerate(zip(row_totals, row_tokens, row_origins, strict=True)):
                if total == -torch.inf:
                    break
                ends = token == eos_id
                if (ends or last) and rank < k:
                    sequence.finished.append(_hypothesis(before[origin], token, total, length, beams, ends))
                elif not ends and len(going) < k:
                    going.append(rank)
            if last or not going or _is_over(sequence, row_totals[going[0]], beams):
                continue
            # Fewer candidates than beams, in a tiny vocabulary: the rest of the beams are impossible.
            rows = going + [going[0]] * (k - len(going))
            impossible = k - len(going)
            kept_sequences.append(place)
            kept.append(
                (
                    [row_totals[rank] for rank in going] + [-torch.inf] * impossible,
                    [row_tokens[rank] for rank in rows],
                    [row_origins[rank] for rank in rows],
                )
            )
        if not kept:
            break
        width = len(written[0])
        written = [
            [_Written(token, written[place][origin]) for token, origin in zip(row_tokens, row_origins, strict=True)]
            for place, (_, row_tokens, row_origins) in zip(kept_sequences, kept, strict=True)
        ]
        ended = len(kept_sequences) < len(alive)
        alive = [alive[place] for place in kept_sequences]
        rows = [
            place * width + origin
            for place, (_, _, origins_) in zip(kept_sequences, kept, strict=True)
            for origin in origins_
        ]
        _move(state, rows, kept_sequences if ended else None, width, k, device)
        scores = torch.tensor([row for row, _, _ in kept], device=device)
        state.advance(torch.tensor([token for _, row, _ in kept for token in row], device=device))
    return [sequence.n_best(beams) for sequence in searches]


def _move(state: State, rows: list[int], sequences: list[int] | None, width: int, k: int, device: torch.device) -> None:
    """Bring the state's rows into the order of the beams that go on."""
    if width < k:  # after the first step: one row a sequence, all beams come from it
        if sequences is not None:
            chosen = torch.tensor(sequences, device=device)
            state.select(chosen, chosen)
        state.expand(k)
        return
    state.select(
        torch.tensor(rows, device=device), None if sequences is None else torch.tensor(sequences, device=device)
    )


def _candidates(
    logits: Float[Tensor, "rows vocabulary"], scores: Float[Tensor, "sequences beams"], count: int
) -> tuple[
    Float[Tensor, "sequences candidates"], Int[Tensor, "sequences candidates"], Int[Tensor, "sequences candidates"]
]:
    """The best continuations of each sequence: log probability, token, beam it continues; best first."""
    sequences, width = scores.shape
    values, tokens = best(logits.log_softmax(dim=1), min(count, logits.shape[1]))
    per_row = values.shape[1]
    totals = scores.view(-1, 1) + values
    totals, tokens = totals.view(sequences, -1), tokens.reshape(sequences, -1)
    totals, places = totals.topk(min(count, width * per_row), dim=1)
    return totals, tokens.gather(1, places), places // per_row


def _hypothesis(before: _Written | None, token: int, total: float, length: int, beams: Beams, ends: bool) -> Hypothesis:
    ids = [] if ends else [token]
    while before is not None:
        ids.append(before.token)
        before = before.before
    ending: Ending = "eos" if ends else "length"
    return Hypothesis(tuple(reversed(ids)), total, beams.score(total, length), ending)


def _is_over(sequence: _Search, best_alive: float, beams: Beams) -> bool:
    """Whether going on is not worth it."""
    if beams.early_stopping:
        return len(sequence.finished) >= beams.num_beams
    if len(sequence.finished) < beams.n_best:
        return False
    # A log probability only falls, and no divisor is larger than that of the longest.
    return sequence.n_best(beams)[-1].score >= beams.score(best_alive, sequence.max_length)
