"""The entries of other libraries' configurations, read with care."""

import pytest

from pellucid.nn.converters.converter import Values


@pytest.mark.parametrize(
    ("given", "otherwise", "expected"), [(3, 2, 3), (0, 2, 0), (-1, 2, 2), (10, 2, 2), (None, 2, 2), (10, 50256, 0)]
)
def test_what_fills_batches_is_of_the_vocabulary(given, otherwise, expected):
    values = Values({"vocab_size": 10, "pad_token_id": given}, "GPT-2")
    assert values.pad(otherwise=otherwise) == expected
