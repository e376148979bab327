import pytest

from pellucid.attention import causal_mask, window_mask


def drawn(mask):
    return ["".join("x" if allowed else "." for allowed in row) for row in mask]


def test_a_causal_mask_shows_each_token_itself_and_the_ones_before():
    assert drawn(causal_mask(3)) == ["x..", "xx.", "xxx"]


@pytest.mark.parametrize(
    ("window", "causal", "rows"),
    [
        (1, True, ["x...", ".x..", "..x.", "...x"]),
        (2, True, ["x...", "xx..", ".xx.", "..xx"]),
        (9, True, ["x...", "xx..", "xxx.", "xxxx"]),
        (2, False, ["xx..", "xxx.", ".xxx", "..xx"]),
    ],
)
def test_a_window_counts_the_token_itself(window, causal, rows):
    assert drawn(window_mask(4, window, causal=causal)) == rows
