"""The keys with the largest weights as a table, for pandas, Arrow or a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.arrays import Array
from pellucid.capturing.overview import overview
from pellucid.errors import MissingExtraError, OutputError
from pellucid.files import check_writable, write_atomically

if TYPE_CHECKING:
    from pellucid.capturing.layer import Layer

SUFFIXES = (".csv", ".parquet", ".arrow", ".feather")
_CELLS = 1
"""Of the map that an overview makes besides, and that is not needed here."""


@dataclass(frozen=True, eq=False)
class TopKeys:
    """A table: a row for each of the keys with the largest weights, of each query of each head.

    Args:
        columns: "layer", "name", "kind", "head", "query", "rank" (from 0), "key", "weight", and with tokens
            "query_token" and "key_token" ("" where one is not known); all of the same length.
    """

    columns: dict[str, Array]

    def __len__(self) -> int:
        return len(self.columns["weight"])

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        return _library("pandas", "make a DataFrame").DataFrame(self.columns)

    def to_arrow(self) -> Any:
        """A `pyarrow.Table`.

        Raises:
            MissingExtraError: pyarrow is not installed.
        """
        arrow = _library("pyarrow", "make an Arrow table")
        return arrow.table({name: arrow.array(column) for name, column in self.columns.items()})

    def write(self, path: str | Path) -> None:
        """Writes the table as its suffix says: .csv, which needs nothing further; .parquet, .arrow or .feather.

        Raises:
            OutputError: it cannot be written, or has another suffix.
            MissingExtraError: pyarrow is not installed, which writes Parquet and Arrow.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES:
            raise OutputError(
                f"{path} must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}, which says the format."
            )
        check_writable(path)
        if suffix == ".csv":
            write_atomically(path, self._csv())
            return
        table, buffer = self.to_arrow(), io.BytesIO()
        if suffix == ".parquet":
            _library("pyarrow.parquet", "write Parquet").write_table(table, buffer)
        else:
            _library("pyarrow.feather", "write Arrow files").write_feather(table, buffer)
        write_atomically(path, buffer.getvalue())

    def _csv(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*(column.tolist() for column in self.columns.values()), strict=True))
        return text.getvalue()


def top_keys(layers: Sequence[Layer], most: int, sequence: int) -> TopKeys:
    """See `Recording.top_keys`."""
    parts: dict[str, list[Array]] = {}
    with_tokens = any(axis.labels for layer in layers for axis in layer.head(0, sequence=sequence).axes)
    for place, layer in enumerate(layers):
        query_axis, key_axis = layer.head(0, sequence=sequence).axes
        for head in range(layer.num_heads):
            seen = overview(layer.record, sequence, head, cells=_CELLS, top=most)
            keys, weights = seen.top_keys.cpu().numpy(), seen.top_weights.cpu().numpy().astype(np.float64)
            n_q, width = keys.shape
            rows = n_q * width
            queries = np.repeat(np.arange(n_q), width)
            part = {
                "layer": np.full(rows, place),
                "name": np.full(rows, layer.name),
                "kind": np.full(rows, layer.kind),
                "head": np.full(rows, head),
                "query": queries,
                "rank": np.tile(np.arange(width), n_q),
                "key": keys.reshape(-1),
                "weight": weights.reshape(-1),
            }
            if with_tokens:
                part["query_token"] = _tokens(query_axis.labels, queries)
                part["key_token"] = _tokens(key_axis.labels, part["key"])
            looked_at = part["weight"] > 0  # a masked key is not
            for name, column in part.items():
                parts.setdefault(name, []).append(column[looked_at])
    return TopKeys({name: np.concatenate(columns) for name, columns in parts.items()})


def _tokens(labels: tuple[str, ...] | None, places: Array) -> Array:
    return np.full(len(places), "") if labels is None else np.array(labels)[places]


def _library(name: str, purpose: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise MissingExtraError(name.partition(".")[0], "tables", purpose) from None
