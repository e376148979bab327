"""Dropout (Srivastava et al. 2014) that costs little on a CPU.

PyTorch's own draws one number of 53 bits for each element, one after the other; that took a quarter of the time of
training. Here 64 random bits decide for four elements. Every element is still decided by bits of its own, and anew
every time; the price is that the probability is a multiple of 1/65536: 0.1 becomes 0.100006. What is kept is divided
by the true probability of being kept, so the mean is exact. On other devices, and in compiled code, which generate
randomness in parallel, PyTorch's is used.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the field knows)

from pellucid.nn.tensors import Shaped, Tensor

_STEPS = 65536
_PER_DRAW = 4


def keeps(shape: torch.Size, dropped: int) -> Shaped[Tensor, "..."]:
    """Booleans, each false with probability dropped / 65536, drawn from PyTorch's generator for the CPU.

    Args:
        shape: of the result.
        dropped: of the 65536 values of 16 bits, how many mean "dropped".
    """
    draws = torch.empty(-(-shape.numel() // _PER_DRAW), dtype=torch.int64).random_(-(2**63), None)
    bits = draws.view(torch.int16)[: shape.numel()].view(shape)
    return bits >= dropped - _STEPS // 2


def _cheap(x: Tensor) -> bool:
    return x.device.type == "cpu" and not torch.compiler.is_compiling()


def _factors(x: Tensor, p: float) -> Tensor:
    """0 where an element is dropped, else what makes up for the dropped ones."""
    dropped = min(round(p * _STEPS), _STEPS - 1)
    return keeps(x.shape, dropped).to(x.dtype).mul_(_STEPS / (_STEPS - dropped))


def dropout(x: Shaped[Tensor, "*shape"], p: float, training: bool = True) -> Shaped[Tensor, "*shape"]:
    """`x` with elements dropped with probability `p`, the others multiplied by 1 / (1 − p)."""
    if p == 0 or not training:
        return x
    return x * _factors(x, p) if _cheap(x) else F.dropout(x, p)


def add_dropped(
    residual: Shaped[Tensor, "*shape"], x: Shaped[Tensor, "*shape"], p: float, training: bool
) -> Shaped[Tensor, "*shape"]:
    """`residual` + dropout(`x`) (Vaswani et al. 2017, §5.4)."""
    if p == 0 or not training:
        return residual + x
    if _cheap(x):
        return torch.addcmul(residual, x, _factors(x, p))
    return residual + F.dropout(x, p)
