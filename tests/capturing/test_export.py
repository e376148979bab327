"""Exports are the numbers of the derivations, in files that other programs read."""

import csv
import sys

import msgspec
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file

import pellucid
from capturing.induction import InductionModel, Letters, repeated
from pellucid.errors import InputError, MissingExtraError, OutputError, PositionError


@pytest.fixture(scope="module")
def recording():
    model = InductionModel()
    with torch.no_grad(), pellucid.capture(model, Letters()) as recording:
        model(repeated())
    return recording


def test_safetensors_and_npz_hold_the_same_numbers(recording, tmp_path):
    recording.export(tmp_path / "heads.safetensors", layer=1, head=[0, 2])
    recording.export(tmp_path / "heads.npz", layer=1, head=[0, 2])
    arrays = load_file(tmp_path / "heads.safetensors")
    names = ("query", "key", "value", "weights", "output")
    assert set(arrays) == {f"layers.1.heads.{head}.{name}" for head in (0, 2) for name in names}
    packed = np.load(tmp_path / "heads.npz")  # which reads no pickles
    derivation = recording.layers[1].head(2).derivation()
    for name in names:
        np.testing.assert_array_equal(arrays[f"layers.1.heads.2.{name}"], packed[f"layers.1.heads.2.{name}"])
        np.testing.assert_allclose(arrays[f"layers.1.heads.2.{name}"], derivation[name].value, rtol=1e-12)
    tokens = recording.layers[1].tokens[0][1]
    assert tuple(packed["layers.1.keys"]) == tokens
    with safe_open(tmp_path / "heads.safetensors", framework="np") as file:
        assert tuple(msgspec.json.decode(file.metadata()["layers.1.queries"])) == tokens


def test_all_heads_of_all_layers(recording, tmp_path):
    recording.export(tmp_path / "all.npz")
    weights = [name for name in np.load(tmp_path / "all.npz") if name.endswith("weights")]
    assert weights == [f"layers.{layer}.heads.{head}.weights" for layer in range(2) for head in range(3)]


def test_exports_that_cannot_be(recording, tmp_path):
    with pytest.raises(OutputError, match=r"must end in .safetensors or .npz"):
        recording.export(tmp_path / "heads.pt")
    with pytest.raises(PositionError, match="layer 2 does not exist; there are 2"):
        recording.export(tmp_path / "heads.npz", layer=2)
    with pytest.raises(PositionError, match="head 3 does not exist"):
        recording.export(tmp_path / "heads.npz", head=3)
    with pytest.raises(OutputError, match="there is no folder"):
        recording.export(tmp_path / "nowhere" / "heads.npz")
    assert list(tmp_path.iterdir()) == []


def test_top_keys_are_the_largest_weights(recording):
    table = recording.top_keys(3)
    columns = table.columns
    assert {len(column) for column in columns.values()} == {len(table)}
    weights = recording.layers[1].head(1).weights()
    tokens = recording.layers[1].tokens[0][0]
    for query in (0, 5, 17):
        rows = np.flatnonzero((columns["layer"] == 1) & (columns["head"] == 1) & (columns["query"] == query))
        # One that is masked, with weight 0, is no key that is looked at.
        assert len(rows) == min(3, query + 1)
        np.testing.assert_allclose(columns["weight"][rows], np.sort(weights[query])[::-1][: len(rows)], atol=1e-6)
        np.testing.assert_allclose(weights[query, columns["key"][rows]], columns["weight"][rows], atol=1e-6)
        assert columns["rank"][rows].tolist() == list(range(len(rows)))
        assert [tokens[key] for key in columns["key"][rows]] == columns["key_token"][rows].tolist()
        assert set(columns["query_token"][rows]) == {tokens[query]}


def test_the_table_as_csv(recording, tmp_path):
    table = recording.top_keys(2, layers=recording.layers[1:])
    table.write(tmp_path / "top.csv")
    with (tmp_path / "top.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(table.columns)
    assert [float(row["weight"]) for row in rows] == table.columns["weight"].tolist()
    assert {row["kind"] for row in rows} == {"self"}


def test_the_table_in_pandas(recording):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = recording.top_keys(2).to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert frame[(frame["layer"] == 1) & (frame["head"] == 1)]["weight"].max() > 0.9


def test_the_table_in_arrow(recording, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import feather, parquet

    table = recording.top_keys(2)
    table.write(tmp_path / "top.parquet")
    table.write(tmp_path / "top.arrow")
    for read in (parquet.read_table(tmp_path / "top.parquet"), feather.read_table(tmp_path / "top.arrow")):
        assert read.equals(table.to_arrow())
        assert read.column("weight").to_pylist() == table.columns["weight"].tolist()


def test_without_tokens_there_are_no_columns_of_them():
    model = InductionModel()
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(repeated())
    assert "key_token" not in recording.top_keys(1).columns


def test_tables_that_cannot_be(recording, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="0 keys were asked for"):
        recording.top_keys(0)
    with pytest.raises(OutputError, match=r"must end in .csv, .parquet, .arrow or .feather"):
        recording.top_keys(1).write(tmp_path / "top.xls")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"pandas is needed .* `pip install 'pellucid\[tables\]'`"):
        recording.top_keys(1).to_pandas()
