import pytest
import torch

import pellucid.nn.precision as module
from pellucid.nn import Precision, choose_precision

CPU = torch.device("cpu")


@pytest.fixture
def machine(monkeypatch):
    """Pretends that the processor has these abilities."""

    def pretend(*, avx512, bfloat16, error):
        monkeypatch.setattr(module, "has_avx512", lambda: avx512)
        monkeypatch.setattr(module, "has_bfloat16", lambda device: bfloat16)
        monkeypatch.setattr(module, "onednn_error", lambda: error)

    return pretend


@pytest.mark.parametrize(
    ("avx512", "error", "matmul"), [(True, 3e-7, "medium"), (True, 2e-3, "highest"), (False, 3e-7, "highest")]
)
def test_onednn_is_taken_where_it_is_fast_and_exact(machine, avx512, error, matmul):
    machine(avx512=avx512, bfloat16=True, error=error)
    assert choose_precision("float32", CPU) == Precision(None, matmul)
    assert choose_precision("bfloat16", CPU) == choose_precision("auto", CPU) == Precision(torch.bfloat16, matmul)


def test_bfloat16_without_instructions_for_it_warns_and_is_not_taken_unasked(machine):
    machine(avx512=False, bfloat16=False, error=3e-7)
    assert choose_precision("auto", CPU) == Precision(None, "highest")
    asked = choose_precision("bfloat16", CPU)
    assert asked.autocast == torch.bfloat16
    assert "no instructions for bfloat16" in asked.warning


def test_the_error_is_that_of_products_on_this_machine():
    module.onednn_error.cache_clear()
    before = torch.get_float32_matmul_precision()
    assert 0 < module.onednn_error() < 0.02
    assert torch.get_float32_matmul_precision() == before
    a = torch.randn(64, 512)
    lower = (a.bfloat16() @ a.T.bfloat16()).double()
    exact = a.double() @ a.double().T
    assert (lower - exact).norm() / exact.norm() > module.FULL_PRECISION


def test_settings_are_restored_also_after_an_error():
    before = torch.get_float32_matmul_precision()
    inside = []

    def fail():
        with Precision(torch.bfloat16, "medium").on(CPU):
            inside.append((torch.get_float32_matmul_precision(), torch.is_autocast_enabled("cpu")))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert inside == [("medium", True)]
    assert torch.get_float32_matmul_precision() == before
    assert not torch.is_autocast_enabled("cpu")


def test_attention_is_explicit_where_the_fused_kernel_is_slow():
    query = torch.zeros(1, 1, 1, 4)
    assert module.attention_path(query, 40, 0.0) == "fused"
    assert module.attention_path(query, 40, 0.1) == "explicit"
    with Precision(None, "medium").on(CPU):
        assert module.attention_path(query, 40, 0.0) == "explicit"
        assert module.attention_path(query.bfloat16(), 40, 0.0) == "fused"
    with module.attention_by("explicit"):
        assert module.attention_path(query, 40, 0.0) == "explicit"
        with module.attention_by("fused"):
            assert module.attention_path(query, 40, 0.1) == "fused"
    assert module.attention_path(query, 40, 0.0) == "fused"
    assert module.attention_path(query.to("meta"), 40, 0.1) == "fused"


@pytest.mark.parametrize(
    ("kind", "tokens", "path"),
    [
        (torch.float32, 32, "explicit"),
        (torch.float32, 33, "fused"),
        (torch.bfloat16, 512, "explicit"),
        (torch.bfloat16, 513, "fused"),
        (torch.float16, 1, "fused"),
    ],
)
def test_attention_is_explicit_for_short_sequences_of_a_model_that_learns(monkeypatch, kind, tokens, path):
    monkeypatch.setitem(module.SHORT, torch.float32, 32)
    few, many = (torch.zeros(1, 1, n, 4, dtype=kind, requires_grad=True) for n in (1, tokens))
    assert module.attention_path(few, tokens, 0.0) == path
    assert module.attention_path(many, 1, 0.0) == path
    assert module.attention_path(many.detach(), 1, 0.0) == "fused"
