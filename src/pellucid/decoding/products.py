"""x Wᵀ + b for few rows at a time, the way this processor does it fastest.

A decoding step multiplies few rows by large matrices and is bound by how the matrices are read. Measured on a
processor with AVX2: for one row a matrix stored transposed is read up to three times as fast as (out, in); for 2 to 64
rows oneDNN with weights packed beforehand beats MKL, which packs them anew for every product, by up to two times; for
more rows MKL's plain product is as good. On processors with AVX-512 oneDNN is faster for any number of rows.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from pellucid.nn.tensors import Float, Tensor

_FEW_ROWS = 64


class Product:
    """One linear layer, its weight kept in the layouts that were needed so far.

    Args:
        weight: (out, in).
        bias: of the outputs, or `None`.
    """

    def __init__(self, weight: Float[Tensor, "n_out n_in"], bias: Float[Tensor, " n_out"] | None = None) -> None:
        self.weight, self.bias = weight.detach(), None if bias is None else bias.detach()
        self._transposed: Tensor | None = None
        self._packed: Tensor | None = None
        self._plain = weight.device.type != "cpu" or weight.dtype != torch.float32

    def __call__(self, x: Float[Tensor, "rows n_in"]) -> Float[Tensor, "rows n_out"]:
        """The product, with the bias."""
        rows = len(x)
        if self._plain:
            return F.linear(x, self.weight, self.bias)
        if rows == 1 and self.weight.shape[0] >= self.weight.shape[1]:
            if self._transposed is None:
                self._transposed = self.weight.t().contiguous()
            if self.bias is None:
                return torch.mm(x, self._transposed)
            return torch.addmm(self.bias, x, self._transposed)
        if rows > 1 and _ONEDNN is not None and (rows <= _FEW_ROWS or _AVX512):
            if self._packed is None:
                self._packed = _ONEDNN.reorder(self.weight, rows)
            packed: Tensor = _ONEDNN.multiply(x, self._packed, self.bias, "none", [], "")
            return packed
        return F.linear(x, self.weight, self.bias)


class _OneDNN:
    """The operators by which compiled PyTorch reaches oneDNN's packed products."""

    def __init__(self) -> None:
        operators: Any = torch.ops.mkldnn
        self.reorder = operators._reorder_linear_weight
        self.multiply = operators._linear_pointwise


def _find_onednn() -> _OneDNN | None:
    """They are not PyTorch's public interface: used only if they are there and right."""
    try:
        found = _OneDNN()
        with torch.no_grad():
            weight, x, bias = torch.arange(15.0).view(5, 3), torch.arange(6.0).view(2, 3), torch.arange(5.0)
            result = found.multiply(x, found.reorder(weight, 2), bias, "none", [], "")
            return found if torch.equal(result, F.linear(x, weight, bias)) else None
    except (AttributeError, RuntimeError, TypeError):
        return None


_ONEDNN = _find_onednn()
_AVX512 = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
