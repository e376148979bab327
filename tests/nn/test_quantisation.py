import torch
from hypothesis import given
from hypothesis import strategies as st

from pellucid.nn.quantisation import dequantise_rows, quantise_rows


def test_by_hand():
    integers, scale = quantise_rows(torch.tensor([[12.7, -6.35, 0.04], [0.0, 0.0, 0.0], [-254.0, 127.0, 2.0]]))
    assert integers.tolist() == [[127, -64, 0], [0, 0, 0], [-127, 64, 1]]  # 63.5 and 0.4 rounded, halves to even
    torch.testing.assert_close(scale, torch.tensor([0.1, 0.0, 2.0]))
    assert dequantise_rows(integers, scale)[2].tolist() == [-254.0, 128.0, 2.0]


@given(
    rows=st.integers(1, 4),
    columns=st.integers(1, 6),
    exponent=st.integers(-34, 35),
    seed=st.integers(0, 99),
)
def test_no_number_is_off_by_more_than_half_a_scale(rows, columns, exponent, seed):
    weight = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) * 10.0**exponent
    integers, scale = quantise_rows(weight)
    assert integers.dtype == torch.int8
    assert integers.abs().max() <= 127
    error = (dequantise_rows(integers, scale) - weight).abs()
    assert (error <= scale[:, None] * 0.5001 + 1e-44).all()
