"""How numbers are multiplied and which path attention takes: every choice of speed against precision, in one place.

- On CPUs, PyTorch multiplies float32 matrices by MKL. On AVX-512 machines oneDNN was measured twice as fast; it is
  reached by `torch.set_float32_matmul_precision("medium")`. On an AVX2 machine it gained nothing. That setting permits
  lower precision, so the error is measured on the machine before it is taken.
- The setting makes PyTorch's fused attention on CPUs several times slower; attention is then explicit.
- While a model learns, fused attention on CPUs is the slower one for short sequences as well: in float32 without
  AVX-512 with up to 32 tokens (forward and backward were measured 1.1 to 1.3 times faster explicitly), in bfloat16 with
  AMX up to 256 (1.5 to 11.8 times; at 1,024 tokens it was 0.78 times as fast).
- bfloat16 is autocast: weights and residual stream stay float32, products are bfloat16. CPUs without instructions for
  it were measured 45 times slower with it.

Choices rest on what the processor can do and on results, never on a stopwatch: a training that is resumed must take
the same ones to reach the same bits.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch

from pellucid.nn.tensors import Tensor

Path = Literal["fused", "explicit"]

FULL_PRECISION = 2e-6
"""The relative error, in the norm, up to which a product counts as float32: products by MKL stay under 1e-6, those
that pass through bfloat16 or TF32 are above 1e-4."""

_forced: list[Path] = []
_settings: list[str] = ["highest"]


def _matmul_setting() -> str:
    # Code that is being compiled cannot ask PyTorch, but can read what this module has set.
    return _settings[-1] if torch.compiler.is_compiling() else torch.get_float32_matmul_precision()


def attention_path(query: Tensor, num_keys: int, dropout: float) -> Path:
    """Which path of `pellucid.nn.attend` is faster for these queries.

    Args:
        query: (batch, heads, n_q, d_k).
        num_keys: n_k.
        dropout: of the weights; with it there is no fused kernel on CPUs.
    """
    if _forced:
        return _forced[-1]
    if query.device.type != "cpu":
        return "fused"
    if dropout > 0:
        return "explicit"
    short = query.requires_grad and max(query.shape[2], num_keys) <= SHORT.get(query.dtype, 0)
    if query.dtype != torch.float32:
        return "explicit" if short else "fused"
    return "explicit" if short or _matmul_setting() != "highest" else "fused"


@contextlib.contextmanager
def attention_by(path: Path) -> Iterator[None]:
    """All attention takes that path, whatever is faster."""
    _forced.append(path)
    try:
        yield
    finally:
        _forced.pop()


@functools.cache
def onednn_error() -> float:
    """The relative error of float32 products under PyTorch's "medium" setting on this machine, against float64."""
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(96, 512, generator=generator), torch.randn(512, 160, generator=generator)
    exact = a.double() @ b.double()
    with _matmul_precision("medium"):
        product = a @ b
    return float((product.double() - exact).norm() / exact.norm())


@contextlib.contextmanager
def _matmul_precision(setting: str) -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(setting)
    _settings.append(setting)
    try:
        yield
    finally:
        _settings.pop()
        torch.set_float32_matmul_precision(before)


@functools.cache
def has_avx512() -> bool:
    """Whether PyTorch's kernels for CPUs use AVX-512 here."""
    return "AVX512" in torch.backends.cpu.get_cpu_capability()


SHORT = {torch.float32: 0 if has_avx512() else 32, torch.bfloat16: 512}
"""Tokens up to which explicit attention is the faster one forward and backward on CPUs."""


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device has instructions for products of bfloat16 numbers; without them they are very slow."""
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return True


@dataclass(frozen=True)
class Precision:
    """How a model computes.

    Args:
        autocast: the number type of products; `None` for that of the weights.
        matmul: PyTorch's setting for products of float32 matrices.
        warning: what the user should know about the choice; empty for nothing.
    """

    autocast: torch.dtype | None = None
    matmul: Literal["highest", "high", "medium"] = "highest"
    warning: str = ""

    @contextlib.contextmanager
    def on(self, device: torch.device) -> Iterator[None]:
        """Computes this way inside the `with`, and as before after it. The backward pass belongs inside too."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(_matmul_precision(self.matmul))
            if self.autocast is not None:
                stack.enter_context(torch.autocast(device.type, dtype=self.autocast))
            yield


def choose_precision(name: Literal["float32", "bfloat16", "auto"], device: torch.device) -> Precision:
    """The fastest way on that device that keeps the precision of that name.

    Args:
        name: "float32", in full: no TF32, no bfloat16; "bfloat16" for products; "auto" for bfloat16 where the device
            has instructions for it, else float32.
        device: where the model is.
    """
    matmul: Literal["highest", "medium"] = "highest"
    if device.type == "cpu" and has_avx512() and onednn_error() <= FULL_PRECISION:
        matmul = "medium"
    able = has_bfloat16(device)
    if name == "float32" or (name == "auto" and not able):
        return Precision(None, matmul)
    warning = (
        ""
        if able
        else (
            "This processor has no instructions for bfloat16, which is then many times slower than float32; "
            "choose float32 or auto."
        )
    )
    return Precision(torch.bfloat16, matmul, warning)
