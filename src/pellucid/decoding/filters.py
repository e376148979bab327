"""What is left to sample from: logits reshaped, unlikely tokens excluded.

The order is that of transformers: repetition penalty, temperature, top-k, top-p, min-p. Each takes and gives logits;
an excluded token's is −∞. The likeliest token is never excluded.
"""

from __future__ import annotations

import torch

from pellucid.nn.tensors import Float, Int, Tensor


def repetition_penalty(
    logits: Float[Tensor, "rows vocabulary"], seen: Int[Tensor, "rows n"], penalty: float
) -> Float[Tensor, "rows vocabulary"]:
    """Positive logits of seen tokens are divided by the penalty, negative ones multiplied (Keskar et al. 2019, §4.1).

    Args:
        logits: of the next tokens.
        seen: the tokens so far; a row that has fewer is filled with any of its own.
        penalty: 1 changes nothing.
    """
    known = logits.gather(1, seen)
    return logits.scatter(1, seen, torch.where(known < 0, known * penalty, known / penalty))


def top_k(logits: Float[Tensor, "rows vocabulary"], k: int) -> Float[Tensor, "rows vocabulary"]:
    """The k likeliest tokens stay, and any as likely as the last of them (Fan et al. 2018, §5)."""
    least = logits.topk(min(k, logits.shape[1]), dim=1).values[:, -1:]
    return logits.masked_fill(logits < least, -torch.inf)


def top_p(logits: Float[Tensor, "rows vocabulary"], p: float) -> Float[Tensor, "rows vocabulary"]:
    """The likeliest tokens stay until together they reach probability p (Holtzman et al. 2020, §3.1)."""
    descending, order = logits.sort(dim=1, descending=True)
    probabilities = descending.softmax(dim=1)
    before = probabilities.cumsum(dim=1) - probabilities
    excluded = before >= p
    excluded[:, 0] = False
    return logits.masked_fill(excluded.scatter(1, order, excluded), -torch.inf)


def min_p(logits: Float[Tensor, "rows vocabulary"], p: float) -> Float[Tensor, "rows vocabulary"]:
    """Tokens at least p times as likely as the likeliest stay (Nguyen et al. 2024, §3)."""
    probabilities = logits.softmax(dim=1)
    return logits.masked_fill(probabilities < p * probabilities.amax(dim=1, keepdim=True), -torch.inf)
