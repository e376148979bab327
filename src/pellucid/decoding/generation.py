"""Greedy decoding, sampling and streaming with models in PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pellucid.decoding.opening import open_state
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.search import GREEDY, Hypothesis, Piece, Sampling, gathered, one_by_one
from pellucid.search.one_by_one import Choices, Decode
from pellucid.search.state import beginnings, limits


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
        seeds: see `Choices`.
        stop: strings that end a text; they need `decode`.
        decode: the tokenizer's, from ids to text.
        fused: see `open_state`.

    Returns:
        one hypothesis a sequence; see `gathered`.

    Raises:
        InputError: a number is out of its range, or the model and what it is given do not belong together.
        LengthError: something is longer than the model's longest sequence.
    """
    return gathered(
        stream(
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
    )


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
    """Like `sample`, piece by piece as they come; see `one_by_one`.

    Raises:
        InputError: a number is out of its range, or the model and what it is given do not belong together.
        LengthError: something is longer than the model's longest sequence.
    """
    if prompts is None:
        prompts = [[] for _ in sources or ()]
    longest = limits(max_length, len(prompts))
    choices = Choices(longest, model.config.eos_id, min_length, settings, seeds, stop, decode)
    state = open_state(model, sources, prompts, max(longest, default=1), fused=fused)
    return one_by_one(state, beginnings(model.config, sources, prompts), choices)
