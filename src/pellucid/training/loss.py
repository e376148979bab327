"""Cross-entropy with label smoothing (Szegedy et al. 2016; Vaswani et al. 2017, §5.4).

Only real tokens are projected to the vocabulary. For large vocabularies projection and loss are one operation that
works on some hundred tokens at a time and takes its gradient at once: the logits, which would be the largest array of
a training by far, stay in the processor's cache.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the field knows)
from torch import Tensor

from pellucid.nn.tensors import Float, Int

_CHUNK = 1 << 21  # logits at a time
_SMALL = 1024  # vocabularies up to this gain nothing


def cross_entropy(
    hidden: Float[Tensor, "tokens d_model"],
    weight: Float[Tensor, "vocabulary d_model"],
    bias: Float[Tensor, " vocabulary"] | None,
    targets: Int[Tensor, " tokens"],
    label_smoothing: float = 0.0,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Sums over tokens: the loss to minimise, and the negative log-likelihood, without smoothing or gradient.

    With smoothing ε the target distribution gives 1 − ε + ε/V to the right token and ε/V to every other.

    Args:
        hidden: what the model's projection takes.
        weight: of the projection.
        bias: of the projection.
        targets: the right tokens; none is padding.
        label_smoothing: ε.
    """
    if len(targets) == 0:  # a process whose share of a batch is empty still takes part in the backward pass
        nothing = hidden.sum() * 0.0 + weight.sum() * 0.0
        return nothing, nothing.detach()
    if len(weight) <= _SMALL:
        logits = F.linear(hidden, weight, bias).float()
        loss = F.cross_entropy(logits, targets, reduction="sum", label_smoothing=label_smoothing)
        if label_smoothing == 0:
            return loss, loss.detach()
        return loss, F.cross_entropy(logits.detach(), targets, reduction="sum")
    loss, likelihood = _ProjectedCrossEntropy.apply(hidden, weight, bias, targets, label_smoothing)  # type: ignore[no-untyped-call]
    return loss, likelihood


class _ProjectedCrossEntropy(torch.autograd.Function):
    """hidden @ weightᵀ + bias, softmax, loss: forward and gradient in one pass over chunks of tokens."""

    @staticmethod
    def forward(
        context: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        device = hidden.device.type
        kind = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
        with torch.autocast(device, enabled=False):
            return _forward(context, hidden, weight, bias, targets, smoothing, kind)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        scale = gradients[0]
        return (*(None if saved is None else saved * scale for saved in context.gradients), None, None)


def _forward(
    context: Any,
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    targets: Tensor,
    smoothing: float,
    kind: torch.dtype,
) -> tuple[Tensor, Tensor]:
    needed = context.needs_input_grad
    factor = weight.to(kind)
    inputs = hidden.to(kind)
    size = len(weight)
    rows = max(1, _CHUNK // size)
    grad_hidden = torch.empty_like(inputs) if needed[0] else None
    grad_weight = torch.zeros_like(weight) if needed[1] else None
    grad_bias = torch.zeros_like(bias) if bias is not None and needed[2] else None
    total = hidden.new_zeros((), dtype=torch.float32)
    likelihood = hidden.new_zeros((), dtype=torch.float32)
    for start in range(0, len(targets), rows):
        chunk, wanted = inputs[start : start + rows], targets[start : start + rows, None]
        logits = (chunk @ factor.T).float()
        if bias is not None:
            logits += bias
        right = logits.gather(1, wanted)
        mean = logits.mean(dim=1) if smoothing else None
        highest = logits.amax(dim=1, keepdim=True)
        exponentials = logits.sub_(highest).exp_()
        sums = exponentials.sum(dim=1, keepdim=True)
        normaliser = sums.log() + highest
        surprise = (normaliser - right).sum()
        likelihood += surprise
        if mean is None:
            total += surprise
        else:
            total += (1 - smoothing) * surprise + smoothing * (normaliser[:, 0] - mean).sum()
        if not (needed[0] or needed[1]):
            continue
        # The gradient by the logits: softmax minus the target distribution.
        difference = exponentials.div_(sums)
        if smoothing:
            difference.sub_(smoothing / size)
        difference.scatter_add_(1, wanted, difference.new_full((), smoothing - 1).expand(wanted.shape))
        if grad_bias is not None:
            grad_bias += difference.sum(dim=0)
        difference = difference.to(kind)
        if grad_hidden is not None:
            torch.mm(difference, factor, out=grad_hidden[start : start + rows])
        if grad_weight is not None:
            if kind == grad_weight.dtype:
                grad_weight.addmm_(difference.T, chunk)
            else:
                grad_weight += difference.T @ chunk
    context.gradients = (None if grad_hidden is None else grad_hidden.to(hidden.dtype), grad_weight, grad_bias)
    context.mark_non_differentiable(likelihood)
    return total, likelihood
