"""Attention as people write it is found, verified and derived; the model does not notice."""

import math
import threading

import numpy as np
import pytest
import torch
from torch import nn

import pellucid
from capturing.attentions import (
    BATCH,
    D_K,
    D_V,
    EVERY,
    HEADS,
    KEYS,
    MASK,
    QUERIES,
    SINK,
    Function,
    SomeAttention,
    capped,
    fused,
    fused_groups,
    masked,
    matrices,
    plain,
    side_by_side,
    with_sink,
)
from pellucid.errors import InputError, PositionError

CONTEXTS = [torch.no_grad, torch.inference_mode, torch.enable_grad]


def record(function, *given, context=torch.no_grad, module=SomeAttention):
    model = module(function)
    with context():
        expected = model(*given)
        with pellucid.capture(model) as recording:
            seen = model(*given)
    assert torch.equal(expected, seen)
    return recording


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("name", EVERY)
def test_every_way_of_writing_attention_is_verified(name, context):
    recording = record(EVERY[name], *matrices(), context=context)
    (layer,) = recording.layers
    assert layer.status == "verified", layer.status
    heads = 2 * HEADS if "groups" in name else HEADS
    assert layer.shape == (BATCH, heads, QUERIES, KEYS)
    assert recording.unrecorded == []


@pytest.mark.parametrize("name", EVERY)
def test_rows_are_what_the_model_computed(name):
    given = matrices(1)
    expected = EVERY[name](*given)
    (layer,) = record(EVERY[name], *given).layers
    width = expected.shape[-1] // layer.num_heads
    for sequence, head, query in ((0, 0, 0), (1, 2, 3), (1, 1, 4)):
        derivation = layer.head(head, sequence=sequence).row(query)
        wanted = expected[sequence, query, head * width : (head + 1) * width]
        np.testing.assert_allclose(derivation["output"].value[0], wanted, atol=1e-5)


def test_a_row_is_the_arithmetic_of_the_paper():
    q, k, v = matrices(dtype=torch.float64)
    (layer,) = record(masked, q, k, v).layers
    derivation = layer.head(2, sequence=1).row(4)
    scores = q[1, 2, 4] @ k[1, 2].T
    assert [step.name for step in derivation] == [
        "query", "key", "value", "scores", "scaled_scores", "mask", "masked_scores", "weights", "output",
    ]  # fmt: skip
    np.testing.assert_allclose(derivation["scores"].value[0], scores)
    np.testing.assert_array_equal(derivation["mask"].value[0], MASK[4])
    weights = (scores / 2).masked_fill(~MASK[4], -math.inf).softmax(-1)
    np.testing.assert_allclose(derivation["weights"].value[0], weights)
    np.testing.assert_allclose(derivation["output"].value[0], weights @ v[1, 2])
    assert "1/√4" in derivation.to_text()


def unjoined(scores, weighted, change):
    """Attention whose heads are left where they are."""
    return lambda q, k, v: torch.einsum(weighted, change(torch.einsum(scores, q, k)).softmax(-1), v)


UNJOINED = {
    "multi-query": ("bhqd,bkd->bhqk", "bhqk,bkv->bhqv", (HEADS,)),
    "groups": ("bghqd,bgkd->bghqk", "bghqk,bgkv->bghqv", (3, 2)),
    "heads last": ("bqhd,bkhd->bhqk", "bhqk,bkhv->bhqv", (HEADS,)),
}
LENGTHS = {
    "a mask": (QUERIES, KEYS, lambda scores: scores.masked_fill(~MASK, -math.inf)),
    "a mask of every head": (QUERIES, QUERIES, lambda s: s.masked_fill(torch.eye(QUERIES).bool().expand_as(s), -9.0)),
    "as many keys": (KEYS, KEYS, lambda scores: scores),
    "nothing": (QUERIES, KEYS, lambda scores: scores),
}


@pytest.mark.parametrize("batch", [1, BATCH])
@pytest.mark.parametrize("told_by", LENGTHS)
@pytest.mark.parametrize("name", UNJOINED)
def test_heads_that_are_never_put_side_by_side_are_heads(name, told_by, batch):
    first, second, heads = UNJOINED[name]
    n_q, n_k, change = LENGTHS[told_by]
    sizes = {"b": batch, "q": n_q, "k": n_k, "d": D_K, "v": D_V, "h": heads[-1], "g": heads[0]}
    generator = torch.Generator().manual_seed(4)
    q, k, v = (
        torch.randn([sizes[axis] for axis in axes], generator=generator)
        for axes in (*first.partition("->")[0].split(","), second.partition("->")[0].split(",")[1])
    )
    function = unjoined(first, second, change)
    (layer,) = record(function, q, k, v).layers
    assert layer.status == "verified"
    assert layer.shape == (batch, math.prod(heads), n_q, n_k)
    expected = function(q, k, v).reshape(batch, math.prod(heads), n_q, D_V)
    row = layer.head(1, sequence=batch - 1).row(3)
    np.testing.assert_allclose(row["output"].value[0], expected[-1, 1, 3], atol=1e-5)


@pytest.mark.parametrize("n_k", [QUERIES, KEYS])
def test_queries_before_heads_are_told_by_their_number_or_their_mask(n_k):
    mask = MASK[:, :1, None] | MASK[:, None, :n_k]

    def function(q, k, v):
        scores = torch.einsum("bqhd,bkd->bqhk", q, k)
        scores = scores if n_k == QUERIES else scores.masked_fill(~mask, -math.inf)
        return torch.einsum("bqhk,bkv->bqhv", scores.softmax(-1), v)

    q, k, v = (matrix.transpose(1, 2)[:, :n_k] for matrix in matrices())
    (layer,) = record(function, q, k[:, :, 0], v[:, :, 0]).layers
    assert layer.shape == (BATCH, HEADS, QUERIES, n_k)
    expected = function(q, k[:, :, 0], v[:, :, 0])[1, 4, 2]
    np.testing.assert_allclose(layer.head(2, sequence=1).row(4)["output"].value[0], expected, atol=1e-5)


def test_soft_caps_and_sinks_have_their_steps():
    q, k, v = matrices()
    derivation = record(capped, q, k, v).layers[0].head(0).row(0)
    scores = (q[0, 0, 0] @ k[0, 0].T).double().numpy() / 2
    np.testing.assert_allclose(derivation["capped_scores"].value[0], 1.5 * np.tanh(scores / 1.5), atol=1e-6)
    derivation = record(with_sink, q, k, v).layers[0].head(2).row(1)
    assert derivation["sink"].value.item() == SINK[0, 2].item()
    assert 0 < derivation["weights"].value.sum() < 1
    for page in (derivation.to_text(), derivation.to_html()):
        assert "sink" in page


def test_several_rows_and_all_weights():
    head = record(masked, *matrices()).layers[0].head(1)
    weights = head.weights()
    np.testing.assert_allclose(head.derivation()["weights"].value, weights)
    np.testing.assert_allclose(head.rows([3, 1])["weights"].value, weights[[3, 1]])


def test_a_row_of_numbers_that_all_mask_is_as_the_model_has_it():
    def all_masked(q, k, v):
        return side_by_side((q @ k.mT + -1e10).softmax(-1) @ v)  # float32 loses the score beside it

    (layer,) = record(all_masked, *matrices()).layers
    assert layer.status == "verified"
    np.testing.assert_allclose(layer.head(0).row(0)["weights"].value, 1 / KEYS)


def test_a_row_with_nothing_to_attend_to_is_zero():
    def nothing(q, k, v):
        allowed = MASK.clone()
        allowed[2] = False
        return side_by_side((q @ k.mT).masked_fill(~allowed, -math.inf).softmax(-1).nan_to_num() @ v)

    (layer,) = record(nothing, *matrices()).layers
    assert layer.status == "verified"
    assert layer.verification.empty == BATCH * HEADS
    assert not layer.head(0).row(2)["output"].value.any()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("function", [plain, fused])
def test_other_number_types(function, dtype):
    (layer,) = record(function, *matrices(dtype=dtype)).layers
    assert layer.status == "verified"
    assert layer.record.dtype == dtype


def test_keys_and_values_are_kept_by_reference():
    q, k, v = matrices()
    v = v[..., :D_K].contiguous()
    recording = record(fused, q, k, v)
    kept = recording.layers[0].record
    assert [o.tensor.data_ptr() for o in (kept.query, kept.key, kept.value)] == [t.data_ptr() for t in (q, k, v)]
    assert record(fused_groups, q, k, v).layers[0].record.key.tensor.shape == k.shape


def test_rows_of_a_head_share_its_keys_and_values():
    head = record(fused, *matrices()).layers[0].head(1)
    one, other = head.row(0), head.row(2)
    assert all(np.shares_memory(one[name].value, other[name].value) for name in ("key", "value"))


def test_what_is_overwritten_while_recording_was_copied_before():
    q, k, v = matrices()

    def twice(q, k, v):
        first = plain(q, k, v)
        k[:, :, 2:].copy_(torch.ones(()))  # as a static cache does
        return first + plain(q, k, v)

    model = SomeAttention(twice)
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(q, k, v)
    assert [layer.status for layer in recording.layers] == ["verified", "verified"]


def test_what_is_overwritten_later_is_not_trusted():
    q, k, v = matrices()
    recording = record(fused, q, k, v)
    k.mul_(2)
    assert recording.layers[0].status.startswith("unverified: its queries, keys, values or mask were overwritten")


def test_other_computations_are_told_from_attention():
    def linear_attention(q, k, v):
        return side_by_side((q.relu() @ k.relu().mT) @ v)

    recording = record(linear_attention, *matrices())
    assert recording.layers == []
    (missing,) = recording.unrecorded
    assert (missing.name, missing.class_name, missing.reason) == ("", "SomeAttention", "not softmax")


def test_a_softmax_that_cannot_be_followed_is_said():
    def sorted_scores(q, k, v):
        return side_by_side((q @ k.mT).sort(-1).values.softmax(-1) @ v)

    (missing,) = record(sorted_scores, *matrices()).unrecorded
    assert "softmax was seen" in missing.reason


def test_an_exception_puts_everything_back():
    call = nn.Module.__call__
    model = SomeAttention(lambda q, k, v: 1 / 0)
    with pytest.raises(ZeroDivisionError), pellucid.capture(model):
        model(*matrices())
    assert nn.Module.__call__ is call
    assert torch.utils._python_dispatch._get_current_dispatch_mode() is None
    assert [layer.status for layer in record(plain, *matrices()).layers] == ["verified"]


def test_captures_within_captures_record_the_same():
    model = SomeAttention(plain)
    with torch.no_grad(), pellucid.capture(model) as outer, pellucid.capture(model) as inner:
        model(*matrices())
    assert [len(recording.layers) for recording in (outer, inner)] == [1, 1]


def test_threads_record_their_own():
    found = {}
    together = threading.Barrier(2)

    def work(number):
        model = SomeAttention(plain)
        with torch.no_grad(), pellucid.capture(model) as recording:
            together.wait()
            for _ in range(number + 1):
                model(*matrices(number))
            together.wait()
        found[number] = [layer.status for layer in recording.layers]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {0: ["verified"], 1: ["verified", "verified"]}


def test_gradients_are_the_same_and_not_kept_alive():
    q, k, v = (matrix.requires_grad_() for matrix in matrices())
    plain(q, k, v).sum().backward()
    expected = k.grad.clone()
    k.grad = None
    model = SomeAttention(plain)
    with pellucid.capture(model) as recording:
        model(q, k, v).sum().backward()
    assert torch.equal(k.grad, expected)
    assert not any(operand.tensor.requires_grad for operand in recording.layers[0].record.held())
    assert recording.layers[0].status == "verified"


def test_a_compiled_model_is_recorded_and_it_is_said():
    model = torch.compile(SomeAttention(plain), backend="eager")
    given = matrices()
    with torch.no_grad():
        model(*given)
        with pellucid.capture(model) as recording:
            model(*given)
    assert [layer.status for layer in recording.layers] == ["verified"]
    assert "ran uncompiled" in recording.notes[0]


def test_unknown_heads_sequences_and_queries():
    (layer,) = record(plain, *matrices()).layers
    with pytest.raises(PositionError, match="head 3 does not exist; there are 3"):
        layer.head(HEADS)
    with pytest.raises(PositionError, match="sequence 2 does not exist"):
        layer.head(0, sequence=BATCH)
    with pytest.raises(PositionError, match="query 5 does not exist"):
        layer.head(0).row(QUERIES)


def test_what_is_no_module_is_refused():
    with pytest.raises(InputError, match=r"a torch.nn.Module is needed .* not list"), pellucid.capture([]):
        pass


def test_functions_that_are_no_attention_modules_are_recorded_too():
    (layer,) = record(plain, *matrices(), module=Function).layers
    assert layer.status == "verified"
