"""A recording in a file is the same recording; a file that is none is told in a sentence."""

import hashlib
import json
import math

import msgspec
import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import nn

import pellucid
from capturing.attentions import EVERY, SomeAttention, fused, matrices, side_by_side
from capturing.induction import InductionModel, Letters, repeated
from pellucid.capturing import Recording
from pellucid.errors import OutputError, PellucidError, WeightsError


def record(function, *given):
    model = SomeAttention(function)
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(*given)
    return recording


def assert_same(one, other):
    assert len(one.layers) == len(other.layers)
    assert one.tokens == other.tokens
    for left, right in zip(one.layers, other.layers, strict=True):
        assert (left.name, left.kind, left.shape, left.tokens) == (right.name, right.kind, right.shape, right.tokens)
        assert list(left.marks) == list(right.marks)
        assert left.verification == right.verification
        batch, heads, n_q, _ = left.shape
        sequence, head, query = batch - 1, heads - 1, n_q // 2
        rows = [layer.head(head, sequence=sequence).row(query) for layer in (left, right)]
        assert list(rows[0].steps) == list(rows[1].steps)
        for step in rows[0]:
            np.testing.assert_array_equal(step.value, rows[1][step.name].value)
        assert rows[0].to_text() == rows[1].to_text()


@pytest.mark.parametrize("name", EVERY)
def test_every_way_of_writing_attention_is_read_back_and_verified_again(name, tmp_path):
    recording = record(EVERY[name], *matrices())
    recording.save(tmp_path / "it.safetensors")
    loaded = Recording.load(tmp_path / "it.safetensors")
    assert loaded.layers[0].verified_before is None
    assert loaded.layers[0].status == "verified"
    assert_same(recording, loaded)


def test_tokens_and_summaries_are_the_same(tmp_path):
    model = InductionModel()
    with torch.no_grad(), pellucid.capture(model, Letters()) as recording:
        model(repeated())
    recording.save(tmp_path / "it.safetensors")
    loaded = Recording.load(tmp_path / "it.safetensors")
    assert_same(recording, loaded)
    assert list(recording.summary()) == list(loaded.summary())


def test_models_of_transformers_with_groups_and_padding(tmp_path):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=19, hidden_size=24, num_attention_heads=6, num_key_value_heads=2, num_hidden_layers=3,
        intermediate_size=16, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    model = transformers.LlamaModel(config).eval()
    ids = torch.tensor([[5, 9, 13, 7, 11, 3], [8, 6, 10, 4, 0, 0]])
    with torch.no_grad(), pellucid.capture(model, Letters()) as recording:
        model(ids, attention_mask=(ids != 0).long())
    recording.save(tmp_path / "it.safetensors")
    assert_same(recording, Recording.load(tmp_path / "it.safetensors"))
    with safe_open(tmp_path / "it.safetensors", framework="pt") as file:
        names = list(file.keys())
        held = sum(file.get_tensor(name).numel() for name in names)
    # Of every layer queries and outputs of six heads, keys and values of two; and one mask for all layers.
    assert held <= 3 * 2 * 6 * 4 * (6 + 6 + 2 + 2) + 2 * 6 * 6
    assert len(names) == 3 * 4 + 1


def test_fast_paths_keep_the_outcome_of_their_verification(tmp_path):
    torch.manual_seed(1)
    layer = nn.TransformerEncoderLayer(12, 3, 20, batch_first=True).eval()
    with torch.no_grad(), pellucid.capture(layer) as recording:
        layer(torch.randn(2, 5, 12))
    recording.save(tmp_path / "it.safetensors")
    loaded = Recording.load(tmp_path / "it.safetensors")
    assert recording.layers[0].status == loaded.layers[0].status == "verified"
    assert (recording.layers[0].record.finish is None) == (loaded.layers[0].verified_before is None)
    assert_same(recording, loaded)


def test_what_was_not_verified_stays_so(tmp_path):
    q, k, v = matrices()
    recording = record(fused, q, k, v)
    k.mul_(2)
    recording.save(tmp_path / "it.safetensors")
    loaded = Recording.load(tmp_path / "it.safetensors")
    assert loaded.layers[0].status == recording.layers[0].status
    assert loaded.layers[0].status.startswith("unverified: its queries")


def test_what_has_no_record_stays_so(tmp_path):
    def linear(q, k, v):
        return side_by_side((q.relu() @ k.relu().mT) @ v)

    recording = record(linear, *matrices())
    recording.save(tmp_path / "it.safetensors")
    assert Recording.load(tmp_path / "it.safetensors").unrecorded == recording.unrecorded != []


def test_functions_are_not_written(tmp_path):
    from pellucid.capturing.changes import Rules

    recording = record(fused, *matrices())
    recording.layers[0].record.changes = (Rules(None, lambda b, h, q, k: q >= k),)
    with pytest.raises(OutputError, match="functions"):
        recording.save(tmp_path / "it.safetensors")
    assert not (tmp_path / "it.safetensors").exists()


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "it.safetensors"
    record(EVERY["masked"], *matrices()).save(path)
    return path


def test_damaged_files_are_told_in_a_sentence(saved, tmp_path):
    data = saved.read_bytes()
    for cut in (0, 7, 100, len(data) // 2, len(data) - 1):
        saved.write_bytes(data[:cut])
        with pytest.raises(WeightsError):
            Recording.load(saved)
    saved.write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
    with pytest.raises(WeightsError, match="changed after it was written"):
        Recording.load(saved)
    with pytest.raises(WeightsError, match="cannot be read"):
        Recording.load(tmp_path / "missing.safetensors")
    (tmp_path / "pickle.safetensors").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(WeightsError, match="is a pickle"):
        Recording.load(tmp_path / "pickle.safetensors")


def rewritten(path, change):
    """The file with a header that was changed, and a digest that fits."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    held = json.loads(header["__metadata__"]["recording"])
    change(held)
    header["__metadata__"]["recording"] = json.dumps(held)
    written = msgspec.json.encode(header)
    written += b" " * (-len(written) % 8)
    path.write_bytes(len(written).to_bytes(8, "little") + written + data[8 + length :])
    assert hashlib.sha256(data[8 + length :]).hexdigest() == header["__metadata__"]["sha256"]


LAYER = ("passes", 0, "layers", 0)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("passes",), 3),
        (("atoms",), [1]),
        (("atoms", 0), 99),
        ((*LAYER, "query", "tensor"), "tensor.99"),
        ((*LAYER, "query", "dims"), [[0]]),
        ((*LAYER, "keys"), [77]),
        ((*LAYER, "keys"), [-1]),
        ((*LAYER, "rows"), []),
        ((*LAYER, "dtype"), "no_such_type"),
        ((*LAYER, "dtype"), "nn"),
        ((*LAYER, "changes"), [{"change": "unheard of"}]),
        ((*LAYER, "changes"), [{"change": "scaled", "factor": "much"}]),
        ((*LAYER, "tokens"), [[0, 0]]),
        ((*LAYER, "marks"), [[0, 0]]),
        (("given",), [[["a", "loud"]]]),
        ((*LAYER, "verification", "status"), "certainly"),
    ],
)
def test_headers_that_do_not_fit_are_told_in_a_sentence(saved, place, value):
    def change(held):
        for step in place[:-1]:
            held = held[step]
        held[place[-1]] = value

    rewritten(saved, change)
    with pytest.raises(PellucidError, match="header is damaged"):
        Recording.load(saved)


def test_other_files_are_no_recordings(tmp_path):
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, tmp_path / "weights.safetensors")
    with pytest.raises(WeightsError, match="is no recording of pellucid"):
        Recording.load(tmp_path / "weights.safetensors")


def test_infinite_fillings_are_kept(tmp_path):
    recording = record(EVERY["masked"], *matrices())
    recording.save(tmp_path / "it.safetensors")
    loaded = Recording.load(tmp_path / "it.safetensors")
    assert [change.value for change in loaded.layers[0].record.changes if hasattr(change, "value")] == [-math.inf]
