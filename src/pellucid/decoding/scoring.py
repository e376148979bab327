"""How likely a model finds a text that is already there."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pellucid.decoding.context import decoding
from pellucid.decoding.padding import pad_right
from pellucid.errors import InputError
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.nn.tensors import Float, Int, Tensor


def score(
    model: EncoderDecoder | DecoderOnly,
    sources: Sequence[Sequence[int]] | None,
    targets: Sequence[Sequence[int]],
) -> list[list[float]]:
    """The log probability of every token of each target, given its source and the tokens before it.

    Args:
        model: an encoder–decoder or a language model.
        sources: for an encoder–decoder: the ids of each, with eos; `None` for a language model.
        targets: ids; with eos where its probability is to count. For an encoder–decoder without bos, which is what
            the first token follows. Of a language model's text the first token is given, not scored.

    Returns:
        for each target as many logarithms as it has tokens; for a language model one fewer.

    Raises:
        InputError: a target is empty, or the model and what it is given do not belong together.
        LengthError: something is longer than the model's longest sequence.
    """
    if not targets:
        return []
    config, device = model.config, model.target_embedding.device
    if isinstance(model, EncoderDecoder):
        if sources is None or len(sources) != len(targets):
            raise InputError("an encoder–decoder scores pairs: give one source for each target.")
        sequences = [[config.bos_id, *target] for target in targets]
    elif sources is not None:
        raise InputError("a language model has no encoder to read a source; give the text as a target.")
    else:
        sequences = [list(target) for target in targets]
    if any(len(sequence) < 2 for sequence in sequences):
        raise InputError("there is no token to score; a target needs at least one, a language model's text two.")
    ids, _ = pad_right(sequences, config.pad_id, device)
    with decoding(model):
        read, predicted = ids[:, :-1], ids[:, 1:]
        if isinstance(model, EncoderDecoder):
            assert sources is not None
            source, mask = pad_right(sources, config.pad_id, device)
            hidden = model.hidden(source, read, None if bool(mask.all()) else mask)
        else:
            hidden = model.hidden(read)
        result = _log_probabilities(model, hidden, predicted).tolist()
    return [row[: len(sequence) - 1] for row, sequence in zip(result, sequences, strict=True)]


def _log_probabilities(
    model: EncoderDecoder | DecoderOnly, hidden: Float[Tensor, "batch n d_model"], tokens: Int[Tensor, "batch n"]
) -> Float[Tensor, "batch n"]:
    """Row by row, because the logits of a whole batch may be larger than memory."""
    rows = []
    for vectors, wanted in zip(hidden, tokens, strict=True):
        logits = model.project(vectors).float()
        rows.append(logits.gather(1, wanted[:, None])[:, 0] - logits.logsumexp(dim=1))
    return torch.stack(rows)
