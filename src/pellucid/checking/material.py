"""What a document gives for one worked example, in the form that problems are built from: matrices, tokens, masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.arrays import Array
from pellucid.attention import causal_mask
from pellucid.checking.declarations import Declarations
from pellucid.checking.scopes import Scope, as_floats
from pellucid.derivation import Axis

FLAT = ("query", "key", "value")
"""The inputs of attention itself, as against what they may be computed from."""


class Material:
    """What is given and what is declared, whichever way it is read.

    Args:
        scope: the mentions of the worked example.
        declared: what the document declares.
    """

    def __init__(self, scope: Scope, declared: Declarations) -> None:
        self.scope = scope
        self.declared = declared
        self.given = {role: given for role, given in scope.given.items() if not given.is_empty}
        self.labels = self._side_labels()
        self.base = 0 if self._counts_from_zero() else 1

    def _side_labels(self) -> dict[str, list[str]]:
        """The labels of query rows and of key rows, as the document names them; empty where it does not."""
        sides: dict[str, list[str]] = {"query": [], "key": []}
        for side, roles in (("key", ("key", "value", "embeddings")), ("query", ("query", "embeddings"))):
            for role in roles:
                given = self.given.get(role)
                if given is None:
                    continue
                names = list(given.rows) if given.rows else list(given.labels or ())
                if names and names != [""]:
                    sides[side] += [name for name in names if name not in sides[side]]
        for side, names in sides.items():
            known = [f"{token}" for token in self.declared_tokens(side)]
            if names and known:
                labels = numbered(known)
                if all(name in labels for name in names):
                    sides[side] = [name for name in labels if name in names]
        return sides

    def declared_tokens(self, side: str) -> list[str]:
        """The tokens that the document declares for one side, or else for both."""
        return (self.declared.query_tokens if side == "query" else self.declared.key_tokens) or self.declared.tokens

    def _counts_from_zero(self) -> bool:
        indices = [index for mention in self.scope.claims for index in mention.quantity.indices]
        indices += [label for given in self.given.values() for label in given.rows]
        return "0" in indices

    def matrix(self, role: str, columns: bool) -> Array | None:
        """An input as trees, rows are tokens.

        Args:
            role: of the input.
            columns: whether tokens are columns of what is printed.
        """
        given = self.given.get(role)
        if given is None:
            return None
        if given.matrix is not None:
            is_token_matrix = not role.startswith(("weights.", "biases."))
            return given.matrix.T if columns and is_token_matrix and given.matrix.ndim == 2 else given.matrix
        names = self.labels["query" if role == "query" else "key"]
        rows = [given.rows[name] for name in names if name in given.rows]
        if not rows:
            rows = list(given.rows.values())
        if len({row.shape for row in rows}) != 1:
            return None
        return np.array([list(row) for row in rows], dtype=object).reshape(len(rows), -1)

    def num_heads(self, trees: dict[str, Array]) -> int:
        """How many heads there are: as many as are printed, or as declared where results speak of them."""
        query = trees.get("query")
        if query is not None and query.ndim == 3:
            return int(query.shape[0])
        if self.scope.head is not None:
            return 1
        told = any(mention.quantity.head is not None or mention.values.ndim == 3 for mention in self.scope.claims)
        return self.declared.num_heads if told and self.declared.num_heads > 1 else 1

    def tokens_for(self, side: str, rows: int) -> list[str] | None:
        """Tokens of a side, where the document names as many as there are rows."""
        names = self.labels[side]
        declared = self.declared_tokens(side)
        if len(names) == rows and not all(name.isdigit() for name in names) and all(names):
            return [name.partition("#")[0] if name.partition("#")[2].isdigit() else name for name in names]
        for candidate in (declared, [token for token in declared if any(map(str.isalnum, token))]):
            if len(candidate) == rows:
                return list(candidate)
        for mention in self.scope.claims:
            labels = mention.rows if side == "query" else mention.columns
            other = mention.columns if side == "query" else mention.rows
            for found in (labels, other):
                if (
                    found
                    and len(found) == rows
                    and mention.quantity.step in ("scores", "scaled_scores", "weights")
                    and not all(label.isdigit() for label in found)
                ):
                    return list(found)
        return None

    def mask(self, trees: dict[str, Array], n_q: int, n_k: int, *, causal: bool) -> object:
        """The mask: the printed one, else a causal one where that is how the document is read."""
        printed = trees.get("mask")
        if printed is not None and printed.shape == (n_q, n_k):
            values = as_floats(printed)
            if np.isin(values, (0.0, 1.0)).all():
                return values.astype(bool)
            if ((values == 0) | (values < -1e3)).all():
                return np.asarray(values == 0)
        if causal and n_q == n_k:
            return causal_mask(n_q)
        return "none"

    def known_d_k(self, d_k: int | None) -> int | None:
        """The columns of a key: as given, as stated, or what stands under the root."""
        return d_k if d_k is not None else int(self.declared.names.get("d_k", 0)) or self.declared.root or None


def numbered(tokens: Sequence[str]) -> list[str]:
    """Tokens with `#2` for the second of its kind."""
    axis = Axis("key", len(tokens), tuple(tokens))
    return [axis.label(position) for position in range(len(tokens))]
