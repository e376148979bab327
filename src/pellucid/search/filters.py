"""What is left to sample from: logits reshaped, unlikely tokens excluded.

The order is that of transformers: repetition penalty, temperature, top-k, top-p, min-p. Each takes and gives logits
of (rows, vocabulary); an excluded token's is −∞. The likeliest token is never excluded.
"""

from __future__ import annotations

import math

from pellucid.search.rows import RowMath, Rows


def repetition_penalty(maths: RowMath, logits: Rows, seen: Rows, penalty: float) -> Rows:
    """Positive logits of seen tokens are divided by the penalty, negative ones multiplied (Keskar et al. 2019, §4.1).

    Args:
        maths: of the logits' library.
        logits: of the next tokens.
        seen: the tokens so far, (rows, n); a row that has fewer is filled with any of its own.
        penalty: 1 changes nothing.
    """
    known = maths.taken(logits, seen)
    return maths.put(logits, seen, maths.where(known < 0, known * penalty, known / penalty))


def top_k(maths: RowMath, logits: Rows, k: int) -> Rows:
    """The k likeliest tokens stay, and any as likely as the last of them (Fan et al. 2018, §5)."""
    values, _ = maths.best(logits, min(k, logits.shape[1]))
    return maths.where(logits < values[:, -1:], -math.inf, logits)


def top_p(maths: RowMath, logits: Rows, p: float) -> Rows:
    """The likeliest tokens stay until together they reach probability p (Holtzman et al. 2020, §3.1), and any as likely
    as the last of them.
    """
    falling = maths.falling(logits)
    short = (maths.cumulative(falling) < p).sum(-1)  # so many do not reach it; the one after them does
    last = short.clip(max=logits.shape[1] - 1)[:, None]
    return maths.where(logits < maths.taken(falling, last), -math.inf, logits)


def min_p(maths: RowMath, logits: Rows, p: float) -> Rows:
    """Tokens at least p times as likely as the likeliest stay, for p > 0 (Nguyen et al. 2024, §3)."""
    return maths.where(logits < maths.largest(logits) + math.log(p), -math.inf, logits)
