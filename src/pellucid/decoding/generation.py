"""One token after the other, for a batch: greedy decoding and sampling are one loop with different choices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from pellucid.decoding.best import likeliest
from pellucid.decoding.chance import Chance
from pellucid.decoding.hypothesis import Ending, Hypothesis
from pellucid.decoding.opening import decoding, open_state
from pellucid.decoding.settings import GREEDY, Sampling
from pellucid.decoding.state import beginnings, limits
from pellucid.decoding.stop_strings import StopStrings
from pellucid.decoding.text_stream import TextStream
from pellucid.errors import InputError
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.nn.tensors import Tensor

Decode = Callable[[Sequence[int]], str]


@dataclass(frozen=True)
class Piece:
    """What one step adds to one sequence.

    Args:
        sequence: which, counted from 0.
        token: the token.
        log_probability: the token's, under the model itself, before temperature and filters.
        text: what may be shown now: whole characters, no part of a stop string; "" without a tokenizer.
        ending: how the sequence ended, if this is its last piece.
    """

    sequence: int
    token: int
    log_probability: float
    text: str
    ending: Ending | None


def greedy(
    model: EncoderDecoder | DecoderOnly,
    sources: Sequence[Sequence[int]] | None = None,
    *,
    prompts: Sequence[Sequence[int]] | None = None,
    max_length: int | Sequence[int],
    min_length: int = 0,
    repetition_penalty: float = 1.0,
    stop: Sequence[str] = (),
    decode: Decode | None = None,
    fused: bool = True,
) -> list[Hypothesis]:
    """The likeliest next token, again and again.

    Args:
        model: an encoder–decoder or a language model.
        sources: for an encoder–decoder: the ids of each, with eos.
        prompts: what each output begins with; it is not part of the result.
        max_length: new tokens at most, eos included; one number, or one for each sequence.
        min_length: new tokens at least, eos not counted.
        repetition_penalty: see `Sampling`.
        stop: strings that end a text; they need `decode`.
        decode: the tokenizer's, from ids to text.
        fused: see `open_state`.

    Raises:
        InputError: a number is out of its range, or the model and what it is given do not belong together.
        LengthError: something is longer than the model's longest sequence.
    """
    return sample(
        model,
        sources,
        prompts=prompts,
        max_length=max_length,
        min_length=min_length,
        settings=Sampling(temperature=0.0, repetition_penalty=repetition_penalty),
        stop=stop,
        decode=decode,
        fused=fused,
    )


def sample(
    model: EncoderDecoder | DecoderOnly,
    sources: Sequence[Sequence[int]] | None = None,
    *,
    prompts: Sequence[Sequence[int]] | None = None,
    max_length: int | Sequence[int],
    min_length: int = 0,
    settings: Sampling = Sampling(),  # noqa: B008  (it is frozen: sharing one harms nobody)
    seeds: Sequence[int | None] | int | None = None,
    stop: Sequence[str] = (),
    decode: Decode | None = None,
    fused: bool = True,
) -> list[Hypothesis]:
    """Draws every token with the probability that the model gives it, as `settings` change it.

    Args:
        model: an encoder–decoder or a language model.
        sources: for an encoder–decoder: the ids of each, with eos.
        prompts: what each output begins with; it is not part of the result.
        max_length: new tokens at most, eos included; one number, or one for each sequence.
        min_length: new tokens at least, eos not counted.
        settings: temperature and filters.
        seeds: one for each sequence, which then has the same tokens in any batch; one number stands for itself, the
            next one, and so on; `None` for what cannot be foreseen.
        stop: strings that end a text; they need `decode`.
        decode: the tokenizer's, from ids to text.
        fused: see `open_state`.

    Returns:
        one hypothesis a sequence; its log probability is the model's own. A stop string's tokens are part of `ids`:
        cut the text with `StopStrings` or use `stream`.

    Raises:
        InputError: a number is out of its range, or the model and what it is given do not belong together.
        LengthError: something is longer than the model's longest sequence.
    """
    pieces = stream(
        model,
        sources,
        prompts=prompts,
        max_length=max_length,
        min_length=min_length,
        settings=settings,
        seeds=seeds,
        stop=stop,
        decode=decode if stop else None,
        fused=fused,
    )
    ids: dict[int, list[int]] = {}
    totals: dict[int, float] = {}
    endings: dict[int, Ending] = {}
    for piece in pieces:
        ids.setdefault(piece.sequence, []).append(piece.token)
        totals[piece.sequence] = totals.get(piece.sequence, 0.0) + piece.log_probability
        if piece.ending is not None:
            endings[piece.sequence] = piece.ending
            if piece.ending == "eos":
                ids[piece.sequence].pop()
    return [
        Hypothesis(tuple(ids[index]), totals[index], totals[index], endings[index]) for index in range(len(endings))
    ]


def stream(
    model: EncoderDecoder | DecoderOnly,
    sources: Sequence[Sequence[int]] | None = None,
    *,
    prompts: Sequence[Sequence[int]] | None = None,
    max_length: int | Sequence[int],
    min_length: int = 0,
    settings: Sampling = GREEDY,
    seeds: Sequence[int | None] | int | None = None,
    stop: Sequence[str] = (),
    decode: Decode | None = None,
    fused: bool = True,
) -> Iterator[Piece]:
    """Like `sample`, piece by piece as they come; sequences that have ended leave the batch.

    With `decode` every piece has its text; joined, the texts of a sequence are the text of its tokens, without eos
    and without the stop string that ended it.

    Raises:
        InputError: a number is out of its range, or the model and what it is given do not belong together.
        LengthError: something is longer than the model's longest sequence.
    """
    if prompts is None:
        prompts = [[] for _ in sources or ()]
    if stop and decode is None:
        raise InputError("stop strings are found in text: give `decode`, the tokenizer's way from ids to text.")
    texts = [_Text(decode, stop) for _ in prompts]
    chance = Chance(_seeds(seeds, len(prompts)))
    remembers = settings.repetition_penalty != 1
    seen = beginnings(model, sources, prompts)
    eos_id = model.config.eos_id
    longest = limits(max_length, len(prompts))
    with decoding(model):
        state = open_state(model, sources, prompts, max(longest, default=1), fused=fused)
    sequences = list(range(len(prompts)))
    for length in range(1, max(longest) + 1):
        with decoding(model):
            logits = state.logits
            own = logits.log_softmax(dim=1)
            if length <= min_length:
                logits[:, eos_id] = -torch.inf
            logits = settings.adjust(logits, _rectangle(seen, sequences, logits.device) if remembers else None)
            tokens = likeliest(logits) if settings.greedy else chance.draw(logits, sequences)
            log_probabilities = own.gather(1, tokens[:, None])[:, 0]
        going = []
        for row, (token, log_probability) in enumerate(zip(tokens.tolist(), log_probabilities.tolist(), strict=True)):
            index = sequences[row]
            seen[index].append(token)
            text, ending = texts[index].push(token, eos_id, last=length == longest[index])
            yield Piece(index, token, log_probability, text, ending)
            if ending is None:
                going.append(row)
        if not going:
            return
        with decoding(model):
            if len(going) < len(sequences):
                rows = torch.tensor(going, device=tokens.device)
                sequences = [sequences[row] for row in going]
                tokens = tokens[rows]
                state.select(rows, rows)
            state.advance(tokens)


class _Text:
    """One sequence's text and its end."""

    def __init__(self, decode: Decode | None, stop: Sequence[str]) -> None:
        self._stream = None if decode is None else TextStream(decode)
        self._stops = StopStrings(stop)

    def push(self, token: int, eos_id: int, last: bool) -> tuple[str, Ending | None]:
        """What may be shown after this token, and whether it is the end."""
        ends = token == eos_id
        if self._stream is None:
            return "", "eos" if ends else "length" if last else None
        text = "" if ends else self._stops.push(self._stream.push(token))
        if self._stops.found:
            return text, "stop"
        if ends or last:
            text += self._stops.push(self._stream.finish())
            if self._stops.found and not ends:
                return text, "stop"
            text += self._stops.finish()
        return text, "eos" if ends else "length" if last else None


def _seeds(seeds: Sequence[int | None] | int | None, count: int) -> Sequence[int | None]:
    if seeds is None:
        return [None] * count
    if isinstance(seeds, int):
        return range(seeds, seeds + count)
    if len(seeds) != count:
        raise InputError(f"{len(seeds)} seeds are given for {count} sequences; give one for each.")
    return seeds


def _rectangle(seen: list[list[int]], sequences: list[int], device: torch.device) -> Tensor:
    """The tokens so far of each row; shorter ones repeat their first, which changes nothing."""
    longest = max(len(seen[index]) for index in sequences)
    rows = [seen[index] + seen[index][:1] * (longest - len(seen[index])) for index in sequences]
    return torch.tensor(rows, device=device)
