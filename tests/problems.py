"""Random attention problems: shapes with all sizes different, heads, masks and scales."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from pellucid import Example


@dataclass(frozen=True)
class Problem:
    """Queries (heads, n_q, d_k), keys and values (key_value_heads, n_k, …), a mask (n_q, n_k), a scale."""

    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    mask: np.ndarray | None
    scale: float | None

    def example(self) -> Example:
        if len(self.query) == 1:
            arrays = {"query": self.query[0], "key": self.key[0], "value": self.value[0]}
        else:
            arrays = {"query": self.query, "key": self.key, "value": self.value}
        return Example(
            **arrays,
            num_heads=len(self.query),
            num_key_value_heads=len(self.key),
            mask="none" if self.mask is None else self.mask,
            scale="1/sqrt(d_k)" if self.scale is None else self.scale,
        )


@st.composite
def problems(draw, dtype=np.float64, masked=True, largest=3.0):
    """Every query may attend to at least one key."""
    n_q, n_k, d_k, d_v = draw(st.lists(st.integers(1, 7), min_size=4, max_size=4, unique=True))
    key_value_heads, group = draw(st.sampled_from([(1, 1), (2, 1), (3, 1), (1, 3), (2, 3), (3, 2)]))
    random = generator(draw)
    query, key, value = (
        random.uniform(-largest, largest, shape).astype(dtype)
        for shape in ((key_value_heads * group, n_q, d_k), (key_value_heads, n_k, d_k), (key_value_heads, n_k, d_v))
    )
    mask = None
    if masked and draw(st.booleans()):
        mask = random.random((n_q, n_k)) < 0.6
        mask[np.arange(n_q), random.integers(n_k, size=n_q)] = True
    return Problem(query, key, value, mask, draw(st.sampled_from([None, 0.3, -1.25])))


def generator(draw) -> np.random.Generator:
    """A generator of numbers that Hypothesis can repeat."""
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
