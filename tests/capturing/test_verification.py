"""Negative controls: what is almost the model's attention is not verified."""

import math
from dataclasses import replace

import pytest
import torch

import pellucid
from capturing.attentions import (
    KEYS,
    MASK,
    SomeAttention,
    biased,
    capped,
    fused,
    fused_mask,
    masked,
    matrices,
    with_sink,
)
from pellucid.capturing.changes import Filled, Operand, Plus, Scaled, Tanh
from pellucid.capturing.verification import verify

FAR = 30.0
"""Queries are made longer, so that a soft cap does something."""


def recorded(function, dtype=torch.float32, times=1.0):
    q, k, v = matrices(dtype=dtype)
    model = SomeAttention(function)
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(q * times, k, v)
    (layer,) = recording.layers
    assert verify(layer.record)
    return layer.record


def with_tensor(operand, tensor):
    return Operand(tensor, operand.dims)


DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])


@DTYPES
@pytest.mark.parametrize("function", [masked, fused])
def test_another_scale(function, dtype):
    record = recorded(function, dtype, times=3.0)
    assert not verify(record.altered(changes=(*record.changes, Scaled(1.1))))


@DTYPES
@pytest.mark.parametrize("function", [masked, fused_mask])
def test_no_mask(function, dtype):
    record = recorded(function, dtype)
    assert not verify(record.altered(changes=tuple(c for c in record.changes if not isinstance(c, Filled))))


@DTYPES
@pytest.mark.parametrize("function", [masked, fused_mask])
def test_one_entry_of_the_mask_flipped(function, dtype):
    record = recorded(function, dtype)
    for row in range(len(MASK)):
        changes = []
        for change in record.changes:
            if isinstance(change, Filled):
                flipped = change.operand.tensor.clone()
                flipped.reshape(-1, *MASK.shape)[0, row, 3].logical_not_()
                change = replace(change, operand=with_tensor(change.operand, flipped))
            changes.append(change)
        assert not verify(record.altered(changes=tuple(changes))), row


def test_no_bias():
    record = recorded(biased)
    assert not verify(record.altered(changes=tuple(c for c in record.changes if not isinstance(c, Plus))))


@DTYPES
@pytest.mark.parametrize("function", [masked, fused])
@pytest.mark.parametrize("name", ["query", "key", "value"])
@pytest.mark.parametrize("axis", [0, -2])
def test_shifted_by_a_head_or_a_position(function, name, axis, dtype):
    record = recorded(function, dtype)
    operand = getattr(record, name)
    assert not verify(record.altered(**{name: with_tensor(operand, operand.tensor.roll(1, axis))}))


def test_no_soft_cap():
    record = recorded(capped, times=FAR)
    assert not verify(record.altered(changes=tuple(c for c in record.changes if not isinstance(c, Tanh))))


def test_no_sinks():
    record = recorded(with_sink)
    assert not verify(record.altered(sinks=None))


def test_an_output_that_is_no_number():
    record = recorded(masked)
    output = record.output.tensor.clone()
    output[0, 0] = math.nan
    found = verify(record.altered(output=with_tensor(record.output, output)))
    assert found.status == "unverified"
    assert math.isnan(found.difference)


def test_a_type_without_a_tolerance():
    record = recorded(masked).altered(dtype=torch.float8_e5m2)
    assert "no tolerance" in str(verify(record))


def test_only_some_rows_of_long_sequences_are_kept():
    generator = torch.Generator().manual_seed(2)
    q, k, v = (torch.randn(1, 2, n, 4, generator=generator) for n in (300, 90, 90))
    model = SomeAttention(lambda q, k, v: ((q @ k.mT).softmax(-1) @ v).transpose(1, 2).flatten(2))
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(q, k, v)
    found = verify(recording.layers[0].record)
    assert (found.status, found.rows) == ("verified", 2 * 128)
    assert recording.kept_bytes < 4 * (q.numel() + 2 * k.numel() + 2 * 128 * 4) + 1
    assert KEYS != 90
