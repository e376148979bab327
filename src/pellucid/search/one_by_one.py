"""One token after the other, for a batch: greedy decoding and sampling are one loop with different choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pellucid.errors import InputError
from pellucid.search.chance import Chance
from pellucid.search.hypothesis import Ending, Hypothesis
from pellucid.search.rows import RowMath, Rows
from pellucid.search.settings import GREEDY, Sampling
from pellucid.search.state import State
from pellucid.search.stop_strings import StopStrings
from pellucid.search.text_stream import TextStream

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


@dataclass(frozen=True)
class Choices:
    """What `one_by_one` chooses by and where it ends; checked when it is said.

    Args:
        max_lengths: new tokens at most, eos included, of each sequence.
        eos_id: ends a sequence.
        min_length: new tokens at least, eos not counted.
        settings: temperature and filters.
        seeds: one for each sequence, which then has the same tokens in any batch; one number stands for itself, the
            next one, and so on; `None` for what cannot be foreseen.
        stop: strings that end a text; they need `decode`.
        decode: the tokenizer's, from ids to text.

    Raises:
        InputError: there is not one seed for each sequence, a stop string is empty, or there is no `decode` for them.
    """

    max_lengths: Sequence[int]
    eos_id: int
    min_length: int = 0
    settings: Sampling = GREEDY
    seeds: Sequence[int | None] | int | None = None
    stop: Sequence[str] = ()
    decode: Decode | None = None

    def __post_init__(self) -> None:
        if self.stop and self.decode is None:
            raise InputError("stop strings are found in text: give `decode`, the tokenizer's way from ids to text.")
        StopStrings(self.stop)
        if isinstance(self.seeds, Sequence) and len(self.seeds) != len(self.max_lengths):
            raise InputError(
                f"{len(self.seeds)} seeds are given for {len(self.max_lengths)} sequences; give one for each."
            )

    def chance(self) -> Chance | None:
        """Random numbers for every sequence, from the beginning; `None` where nothing is left to chance."""
        if self.settings.greedy:
            return None
        if isinstance(self.seeds, int):
            return Chance(range(self.seeds, self.seeds + len(self.max_lengths)))
        return Chance([None] * len(self.max_lengths) if self.seeds is None else self.seeds)


def one_by_one(state: State, beginnings: Sequence[Sequence[int]], choices: Choices) -> Iterator[Piece]:
    """Piece by piece as they come; sequences that have ended leave the batch.

    With `decode` every piece has its text; joined, the texts of a sequence are how the text of its beginning goes on,
    without eos and without the stop string that ended it.

    Args:
        state: with one row for each sequence.
        beginnings: what each sequence began with.
        choices: what is chosen by.
    """
    settings, chance, maths, eos_id = choices.settings, choices.chance(), state.maths, choices.eos_id
    texts = [_Text(choices, beginning) for beginning in beginnings]
    remembers = settings.repetition_penalty != 1
    seen = [list(beginning) for beginning in beginnings]
    sequences = list(range(len(seen)))
    for length in range(1, max(choices.max_lengths) + 1):
        with state.computing():
            logits = state.logits
            own = maths.log_softmax(logits)
            if length <= choices.min_length:
                logits = maths.without(logits, eos_id)
            logits = settings.adjust(maths, logits, _rectangle(maths, seen, sequences) if remembers else None)
            chosen = maths.likeliest(logits) if chance is None else chance.draw(maths, logits, sequences)
            log_probabilities = maths.taken(own, chosen[:, None])[:, 0].tolist()
            tokens = chosen.tolist()
        going = []
        for row, (token, log_probability) in enumerate(zip(tokens, log_probabilities, strict=True)):
            index = sequences[row]
            seen[index].append(token)
            text, ending = texts[index].push(token, last=length == choices.max_lengths[index])
            yield Piece(index, token, log_probability, text, ending)
            if ending is None:
                going.append(row)
        if not going:
            return
        with state.computing():
            if len(going) < len(sequences):
                sequences = [sequences[row] for row in going]
                tokens = [tokens[row] for row in going]
                state.select(going, going)
            state.advance(tokens)


def gathered(pieces: Iterable[Piece]) -> list[Hypothesis]:
    """One hypothesis for each sequence; its log probability is the model's own.

    A stop string's tokens are part of `ids`: cut the text with `StopStrings`, or take the pieces' own.
    """
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


class _Text:
    """One sequence's text and its end."""

    def __init__(self, choices: Choices, beginning: Sequence[int]) -> None:
        self._eos_id = choices.eos_id
        self._stream = None if choices.decode is None else TextStream(choices.decode, beginning)
        self._stops = StopStrings(choices.stop)

    def push(self, token: int, last: bool) -> tuple[str, Ending | None]:
        """What may be shown after this token, and whether it is the end."""
        ends = token == self._eos_id
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


def _rectangle(maths: RowMath, seen: list[list[int]], sequences: list[int]) -> Rows:
    """The tokens so far of each row; shorter ones repeat their first, which changes nothing."""
    longest = max(len(seen[index]) for index in sequences)
    return maths.integers([seen[index] + seen[index][:1] * (longest - len(seen[index])) for index in sequences])
